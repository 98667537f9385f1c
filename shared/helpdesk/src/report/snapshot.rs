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
            cells.add(&place, Figure::bad_because(*reason), 1);
        }
    }
}

fn time(cells: &mut Cells, place: &Place, took: Took, (all, business): (Figure, Figure)) {
    cells.add(place, all, took.calendar);
    cells.add(place, business, took.business);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn snapshot(zone: &str, more: Value) -> Snapshot {
        let mut all = json!({
            "ticket": 35, "version": 4, "at": "2026-11-23T00:00:00Z", "deleted": false,
            "created_at": "2026-11-21T12:59:59Z", "status": "solved", "group_id": 10, "assignee_id": 2,
            "brand_id": null, "channel": "web", "satisfaction": null, "journal": {"zone": zone},
            "metrics": {
                "replies": 1, "solved_at": "2026-11-22T14:00:00Z",
                "reply_time": {"calendar": 3600, "business": 1800},
                "first_resolution": {"calendar": 90001, "business": 3600},
                "full_resolution": {"calendar": 90001, "business": 3600},
            },
        });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    fn of(snapshot: &Snapshot, day: &str, figure: Figure) -> i64 {
        let cells = snapshot.cells();
        let of_day = cells.iter().filter(|(place, _)| place.day.to_string() == day);
        of_day.map(|(_, it)| it.get(figure)).sum()
    }

    #[rstest]
    #[case("UTC", "2026-11-21", "2026-11-21", "2026-11-22")]
    // Eleven hours ahead in its summer: a second before midnight.
    #[case("Australia/Lord_Howe", "2026-11-21", "2026-11-22", "2026-11-23")]
    #[case("America/New_York", "2026-11-21", "2026-11-21", "2026-11-22")]
    #[case("Nowhere/Atall", "2026-11-21", "2026-11-21", "2026-11-22")]
    fn days_are_those_of_the_account(
        #[case] zone: &str,
        #[case] created: &str,
        #[case] replied: &str,
        #[case] solved: &str,
    ) {
        let it = snapshot(zone, json!({}));
        assert_eq!(of(&it, created, Figure::Created), 1);
        assert_eq!(of(&it, replied, Figure::FirstReplies), 1);
        assert_eq!(of(&it, replied, Figure::FirstReply8h), 1, "an hour is not within the hour");
        assert_eq!(of(&it, solved, Figure::Solved), 1);
        assert_eq!(of(&it, solved, Figure::Solved7d), 1);
        assert_eq!(of(&it, solved, Figure::OneTouch), 1);
    }

    #[test]
    fn what_is_not_solved_or_not_there_is_not_counted_so() {
        let open = snapshot("UTC", json!({"status": "open"}));
        assert_eq!(of(&open, "2026-11-22", Figure::Solved), 0);
        assert_eq!(of(&open, "2026-11-21", Figure::Unsolved), 1);
        let gone = snapshot("UTC", json!({"deleted": true}));
        assert!(gone.cells().is_empty());
    }

    #[rstest]
    #[case("offered", None, &[(Figure::Offered, 1), (Figure::Good, 0), (Figure::Bad, 0)])]
    #[case("good", None, &[(Figure::Offered, 1), (Figure::Good, 1), (Figure::GoodCommented, 1)])]
    #[case("bad", Some(7), &[(Figure::Bad, 1), (Figure::BadKnowledge, 1), (Figure::BadOther, 0)])]
    #[case("bad", None, &[(Figure::Bad, 1), (Figure::BadOther, 1)])]
    fn what_requesters_think_counts_when_they_say_it(
        #[case] score: &str,
        #[case] reason: Option<u32>,
        #[case] expected: &[(Figure, i64)],
    ) {
        let rated_at = (score != "offered").then_some("2026-11-23T08:00:00Z");
        let said = json!({"offered_at": "2026-11-22T15:00:00Z", "rated_at": rated_at, "score": score,
            "commented": true, "reason": reason});
        let it = snapshot("UTC", json!({"satisfaction": said}));
        for (figure, count) in expected {
            let day = if *figure == Figure::Offered { "2026-11-22" } else { "2026-11-23" };
            assert_eq!(of(&it, day, *figure), *count, "{}", figure.as_str());
        }
    }
}
