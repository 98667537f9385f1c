//! What each report tells of figures.

use super::{Figure, Figures, Kind};
use crate::satisfaction::Reason;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a report tells.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "HelpdeskFigures")]
pub enum Told {
    /// Of tickets.
    Tickets(Box<Tickets>),
    /// Of agents.
    Agents(Box<Agents>),
    /// Of promises.
    Sla(Sla),
    /// Of what requesters think.
    Satisfaction(Satisfaction),
    /// Of channels.
    Channels(Channels),
}

/// How long something took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "HelpdeskTime")]
pub struct Average {
    /// How many there were.
    pub count: i64,
    /// How many minutes one took on average, by the calendar; null if there were none.
    pub calendar_minutes: Option<f64>,
    /// Within business hours.
    pub business_minutes: Option<f64>,
}

/// What came in, what was solved, and how long it took.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "HelpdeskTicketFigures")]
pub struct Tickets {
    /// Opened on these days.
    created: i64,
    /// Those of them that are not solved now.
    unsolved: i64,
    /// Solved on these days, and not reopened since.
    solved: i64,
    /// Those of them with one reply at most.
    one_touch: i64,
    /// How often one was reopened.
    reopened: i64,
    /// What agents said that requesters see.
    replies: i64,
    /// Until the first reply.
    first_reply: Average,
    /// First replies within 1, 8 and 24 hours, and later.
    first_reply_within: BTreeMap<&'static str, i64>,
    /// Until it was solved for the first time.
    first_resolution: Average,
    /// Until it was solved.
    full_resolution: Average,
    /// Solved within 5 hours, a day, a week, and later.
    solved_within: BTreeMap<&'static str, i64>,
    /// How long requesters of solved tickets waited.
    requester_wait: Average,
    /// How long agents waited, of solved tickets.
    agent_wait: Average,
    /// How long solved tickets were on hold.
    on_hold: Average,
    /// Minutes for which tickets were an agent's turn, by the calendar.
    handle_calendar_minutes: f64,
    /// Within business hours.
    handle_business_minutes: f64,
}

/// What agents did.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "HelpdeskAgentFigures")]
pub struct Agents {
    /// How often they were assigned a ticket.
    assigned: i64,
    /// Tickets of theirs that are solved.
    solved: i64,
    /// Those of them with one reply at most.
    one_touch: i64,
    /// How often one of theirs was reopened.
    reopened: i64,
    /// What they said that requesters see.
    replies: i64,
    /// What they said among themselves.
    notes: i64,
    /// Minutes for which tickets were their turn, by the calendar.
    handle_calendar_minutes: f64,
    /// Within business hours.
    handle_business_minutes: f64,
    /// Until the first reply, of tickets of theirs.
    first_reply: Average,
    /// Until they were solved.
    full_resolution: Average,
    /// Good ratings of their tickets.
    good: i64,
    /// Bad ones.
    bad: i64,
    /// How many of a hundred ratings are good; null without ratings.
    satisfaction_percent: Option<f64>,
}

/// What was promised.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "HelpdeskSlaFigures")]
pub struct Sla {
    /// Promises that were kept.
    kept: i64,
    /// That were broken.
    broken: i64,
    /// How many of a hundred were kept; null if there were none.
    kept_percent: Option<f64>,
    /// The same by what was promised: `first_reply_time`.
    metrics: BTreeMap<&'static str, Promised>,
}

/// Promises of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "HelpdeskPromises")]
pub struct Promised {
    /// That were kept.
    kept: i64,
    /// That were broken.
    broken: i64,
    /// How many of a hundred were kept.
    kept_percent: Option<f64>,
}

/// What requesters think.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "HelpdeskSatisfactionFigures")]
pub struct Satisfaction {
    /// Who were asked.
    offered: i64,
    /// Who were satisfied.
    good: i64,
    /// Who were not.
    bad: i64,
    /// How many of a hundred who answered were satisfied; null if nobody did.
    satisfaction_percent: Option<f64>,
    /// Those who were satisfied and said more.
    good_commented: i64,
    /// Those who were not, and said more.
    bad_commented: i64,
    /// Why they were not, by the reason's code.
    bad_reasons: BTreeMap<u32, i64>,
}

/// By what way tickets come.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "HelpdeskChannelFigures")]
pub struct Channels {
    /// Opened on these days.
    created: i64,
    /// Those of them that are not solved now.
    unsolved: i64,
    /// Solved on these days.
    solved: i64,
    /// Until the first reply.
    first_reply: Average,
    /// Until they were solved.
    full_resolution: Average,
    /// How many of a hundred who answered were satisfied.
    satisfaction_percent: Option<f64>,
}

/// So many of so many, of a hundred, to two places.
#[allow(clippy::cast_precision_loss)]
fn percent(part: i64, rest: i64) -> Option<f64> {
    let all = part.saturating_add(rest);
    (all > 0).then(|| (part as f64 / all as f64 * 10_000.0).round() / 100.0)
}

/// Seconds in minutes, to two places.
#[allow(clippy::cast_precision_loss)]
fn minutes(seconds: i64) -> f64 {
    (seconds as f64 / 60.0 * 100.0).round() / 100.0
}

#[allow(clippy::cast_precision_loss)]
fn average(figures: &Figures, count: i64, (all, business): (Figure, Figure)) -> Average {
    let of = |figure| {
        let seconds = figures.get(figure) as f64;
        (count > 0).then(|| (seconds / count as f64 / 60.0 * 100.0).round() / 100.0)
    };
    Average { count, calendar_minutes: of(all), business_minutes: of(business) }
}

impl Told {
    pub(super) fn of(kind: Kind, figures: &Figures) -> Self {
        let get = |figure| figures.get(figure);
        let satisfied = percent(get(Figure::Good), get(Figure::Bad));
        let first_reply = average(
            figures,
            get(Figure::FirstReplies),
            (Figure::FirstReply, Figure::FirstReplyBusiness),
        );
        // Of tickets that were imported it is not known how long they took.
        let known = [Figure::Solved5h, Figure::Solved24h, Figure::Solved7d, Figure::SolvedLater];
        let known = known.into_iter().map(get).fold(0, i64::saturating_add);
        let solved = |times| average(figures, known, times);
        let full_resolution = solved((Figure::FullResolution, Figure::FullResolutionBusiness));
        let handle_calendar_minutes = minutes(get(Figure::Handle));
        let handle_business_minutes = minutes(get(Figure::HandleBusiness));
        match kind {
            Kind::Tickets => Self::Tickets(Box::new(Tickets {
                created: get(Figure::Created),
                unsolved: get(Figure::Unsolved),
                solved: get(Figure::Solved),
                one_touch: get(Figure::OneTouch),
                reopened: get(Figure::Reopened),
                replies: get(Figure::Replies),
                first_reply,
                first_reply_within: BTreeMap::from([
                    ("1h", get(Figure::FirstReply1h)),
                    ("8h", get(Figure::FirstReply8h)),
                    ("24h", get(Figure::FirstReply24h)),
                    ("later", get(Figure::FirstReplyLater)),
                ]),
                first_resolution: average(
                    figures,
                    get(Figure::FirstResolutions),
                    (Figure::FirstResolution, Figure::FirstResolutionBusiness),
                ),
                full_resolution,
                solved_within: BTreeMap::from([
                    ("5h", get(Figure::Solved5h)),
                    ("24h", get(Figure::Solved24h)),
                    ("7d", get(Figure::Solved7d)),
                    ("later", get(Figure::SolvedLater)),
                ]),
                requester_wait: solved((Figure::RequesterWait, Figure::RequesterWaitBusiness)),
                agent_wait: solved((Figure::AgentWait, Figure::AgentWaitBusiness)),
                on_hold: solved((Figure::OnHold, Figure::OnHoldBusiness)),
                handle_calendar_minutes,
                handle_business_minutes,
            })),
            Kind::Agents => Self::Agents(Box::new(Agents {
                assigned: get(Figure::Assigned),
                solved: get(Figure::Solved),
                one_touch: get(Figure::OneTouch),
                reopened: get(Figure::Reopened),
                replies: get(Figure::Replies),
                notes: get(Figure::Notes),
                handle_calendar_minutes,
                handle_business_minutes,
                first_reply,
                full_resolution,
                good: get(Figure::Good),
                bad: get(Figure::Bad),
                satisfaction_percent: satisfied,
            })),
            Kind::Sla => Self::Sla(Sla::of(figures)),
            Kind::Satisfaction => Self::Satisfaction(Satisfaction {
                offered: get(Figure::Offered),
                good: get(Figure::Good),
                bad: get(Figure::Bad),
                satisfaction_percent: satisfied,
                good_commented: get(Figure::GoodCommented),
                bad_commented: get(Figure::BadCommented),
                bad_reasons: Reason::ALL
                    .iter()
                    .map(|it| (it.code, get(Figure::bad_because(Some(it.code)))))
                    .collect(),
            }),
            Kind::Channels => Self::Channels(Channels {
                created: get(Figure::Created),
                unsolved: get(Figure::Unsolved),
                solved: get(Figure::Solved),
                first_reply,
                full_resolution,
                satisfaction_percent: satisfied,
            }),
        }
    }
}

impl Sla {
    fn of(figures: &Figures) -> Self {
        let metrics = Figure::PROMISES.map(|(name, kept, broken)| {
            let (kept, broken) = (figures.get(kept), figures.get(broken));
            (name, Promised { kept, broken, kept_percent: percent(kept, broken) })
        });
        let sum = |of: fn(&Promised) -> i64| {
            metrics.iter().fold(0_i64, |sum, (_, it)| sum.saturating_add(of(it)))
        };
        let (kept, broken) = (sum(|it| it.kept), sum(|it| it.broken));
        let kept_percent = percent(kept, broken);
        Self { kept, broken, kept_percent, metrics: metrics.into() }
    }
}
