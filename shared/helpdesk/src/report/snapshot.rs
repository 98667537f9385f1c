//! A ticket as far as it is counted: what the lake keeps of each of its states, and what it adds to the figures.

use super::{Cells, Figure, Journal, Place};
use crate::ids::{BrandId, GroupId, TicketId, UserId};
use crate::schedule::Took;
use crate::ticket::{DeletedTicket, Metrics, Score, Status, Ticket};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// The type of the event that tells of it.
pub const MEASURED: &str = "TicketMeasured.v1";

/// A state of a ticket. Nothing in it tells who asked, or what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Which ticket.
    pub ticket: TicketId,
    /// Which of its states: a later one has a greater number.
    pub version: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Whether it was deleted then. What is deleted adds nothing.
    pub deleted: bool,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Where it stands.
    pub status: Status,
    /// Which group has it.
    pub group_id: Option<GroupId>,
    /// Which agent has it.
    pub assignee_id: Option<UserId>,
    /// The brand that was asked.
    pub brand_id: Option<BrandId>,
    /// By what way it came.
    pub channel: String,
    /// What is measured of it.
    pub metrics: Metrics,
    /// What its requester thinks.
    pub satisfaction: Option<Satisfaction>,
    /// What happened to it.
    pub journal: Journal,
}

/// What a requester was asked, and thinks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Satisfaction {
    /// When they were asked last.
    pub offered_at: Option<Timestamp>,
    /// When they answered last.
    pub rated_at: Option<Timestamp>,
    /// What.
    pub score: Score,
    /// Whether they said more.
    pub commented: bool,
    /// Why it was bad.
    pub reason: Option<u32>,
}

impl Snapshot {
    /// That of a ticket as it is written.
    #[must_use]
    pub fn of(ticket: &Ticket) -> Self {
        Self::at_time(ticket, ticket.generated_at, false)
    }

    /// That of a ticket as it was deleted.
    #[must_use]
    pub fn deleted(gone: &DeletedTicket) -> Self {
        Self::at_time(&gone.ticket, gone.deleted_at, true)
    }

    fn at_time(ticket: &Ticket, at: Timestamp, deleted: bool) -> Self {
        let satisfaction = ticket.satisfaction_score.map(|score| Satisfaction {
            offered_at: ticket.satisfaction_offered_at,
            rated_at: ticket.satisfaction_rated_at,
            score,
            commented: ticket.satisfaction_comment.is_some(),
            reason: ticket.satisfaction_reason_code,
        });
        Self {
            ticket: ticket.id,
            version: ticket.version,
            at,
            deleted,
            created_at: ticket.created_at,
            status: ticket.status,
            group_id: ticket.group_id,
            assignee_id: ticket.assignee_id,
            brand_id: ticket.brand_id,
            channel: ticket.via.channel.clone(),
            metrics: ticket.metrics.clone(),
            satisfaction,
            journal: ticket.journal.clone(),
        }
    }

    /// The id of the event that tells of it.
    #[must_use]
    pub fn event_id(&self) -> String {
        format!("{MEASURED}:{}:{}", self.ticket, self.version)
    }

    /// The subject of that event: the ticket, which is nobody.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("ticket-{}", self.ticket)
    }

    /// What it adds to the figures.
    #[must_use]
    pub fn cells(&self) -> Cells {
        if self.deleted {
            return Cells::default();
        }
        let mut cells = self.journal.cells.clone();
        self.opened(&mut cells);
        self.solved(&mut cells);
        self.rated(&mut cells);
        cells
    }

    /// On the day of a moment, as the ticket stands now.
    fn place(&self, at: Timestamp) -> Place {
        Place {
            day: Journal::day(&self.journal.zone, at),
            group: self.group_id,
            agent: self.assignee_id,
            brand: self.brand_id,
            channel: Place::channel(&self.channel),
        }
    }

    /// When something was that took so long.
    fn after(&self, took: Took) -> Place {
        let at = self.created_at.as_second().saturating_add(took.calendar);
        self.place(Timestamp::from_second(at).unwrap_or(self.created_at))
    }

    fn opened(&self, cells: &mut Cells) {
        let created = self.place(self.created_at);
        cells.add(&created, Figure::Created, 1);
        if self.status < Status::Solved {
            cells.add(&created, Figure::Unsolved, 1);
        }
        if let Some(took) = self.metrics.reply_time {
            let place = self.after(took);
            cells.add(&place, Figure::FirstReplies, 1);
            time(cells, &place, took, (Figure::FirstReply, Figure::FirstReplyBusiness));
            let within = match took.calendar.div_euclid(3_600) {
                ..1 => Figure::FirstReply1h,
                1..8 => Figure::FirstReply8h,
                8..24 => Figure::FirstReply24h,
                24.. => Figure::FirstReplyLater,
            };
            cells.add(&place, within, 1);
        }
        if let Some(took) = self.metrics.first_resolution {
            let place = self.after(took);
            cells.add(&place, Figure::FirstResolutions, 1);
            time(cells, &place, took, (Figure::FirstResolution, Figure::FirstResolutionBusiness));
        }
    }

    fn solved(&self, cells: &mut Cells) {
        let metrics = &self.metrics;
        let Some(at) = metrics.solved_at.filter(|_| self.status >= Status::Solved) else { return };
        let place = self.place(at);
        cells.add(&place, Figure::Solved, 1);
        if metrics.replies <= 1 {
            cells.add(&place, Figure::OneTouch, 1);
        }
        // Of what was imported it is not known.
        let Some(took) = metrics.full_resolution else { return };
        time(cells, &place, took, (Figure::FullResolution, Figure::FullResolutionBusiness));
        let within = match took.calendar.div_euclid(3_600) {
            ..5 => Figure::Solved5h,
            5..24 => Figure::Solved24h,
            24..168 => Figure::Solved7d,
            168.. => Figure::SolvedLater,
        };
        cells.add(&place, within, 1);
        let waits = [
            (metrics.requester_wait, (Figure::RequesterWait, Figure::RequesterWaitBusiness)),
            (metrics.agent_wait, (Figure::AgentWait, Figure::AgentWaitBusiness)),
            (metrics.on_hold, (Figure::OnHold, Figure::OnHoldBusiness)),
        ];
        waits.into_iter().for_each(|(took, figures)| time(cells, &place, took, figures));
    }

    fn rated(&self, cells: &mut Cells) {
        let Some(Satisfaction { offered_at, rated_at, score, commented, reason }) =
            &self.satisfaction
        else {
            return;
        };
        if let Some(at) = offered_at {
            cells.add(&self.place(*at), Figure::Offered, 1);
        }
        let Some(place) = rated_at.map(|at| self.place(at)) else { return };
        let (figure, more) = match score {
            Score::Good => (Figure::Good, Figure::GoodCommented),
            Score::Bad => (Figure::Bad, Figure::BadCommented),
            Score::Offered => return,
        };
        cells.add(&place, figure, 1);
        if *commented {
            cells.add(&place, more, 1);
        }
        if *score == Score::Bad {
            let named = reason.and_then(|code| Figure::of(&format!("bad_reason_{code}")));
            cells.add(&place, named.unwrap_or(Figure::BadOther), 1);
        }
    }
}

fn time(cells: &mut Cells, place: &Place, took: Took, (all, business): (Figure, Figure)) {
    cells.add(place, all, took.calendar);
    cells.add(place, business, took.business);
}
