//! When the clocks of a ticket run: what is told of them as metric events
//! ([ticket metric events](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metric_events/),
//! [their types](https://developer.zendesk.com/documentation/ticketing/reference-guides/ticket-metric-event-types-reference/)).
//!
//! Each clock measures what SLA policies have targets for
//! ([metrics](https://support.zendesk.com/hc/en-us/articles/4408821871642)), whether there is a policy or not. It may
//! run several times: each is an instance, counted from 1.

use super::metrics::Happened;
use super::{Status, Ticket};
use crate::ids::TicketId;
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// How long it is an agent's turn.
    AgentWorkTime,
    /// How long one group has it.
    GroupOwnershipTime,
    /// How long it is between what agents say publicly, while the requester is not asked.
    PausableUpdateTime,
    /// How long it is between what agents say publicly.
    PeriodicUpdateTime,
    /// How long it is until an agent replies to what was said.
    ReplyTime,
    /// How long the requester waits.
    RequesterWaitTime,
    /// How long it is until it is solved.
    ResolutionTime,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::AgentWorkTime,
        Self::GroupOwnershipTime,
        Self::PausableUpdateTime,
        Self::PeriodicUpdateTime,
        Self::ReplyTime,
        Self::RequesterWaitTime,
        Self::ResolutionTime,
    ];
}

/// Where a clock stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Hand {
    /// It does not run: not yet, or no longer.
    #[default]
    Idle,
    /// It runs.
    Runs,
    /// It stands still, and may go on.
    Pauses,
}

/// A clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Clock {
    /// How often it was begun.
    instance: u32,
    /// Where it stands.
    hand: Hand,
    /// Since when.
    since: Option<Timestamp>,
    /// Seconds that it ran in this instance before that.
    #[serde(default)]
    ran: i64,
}

/// The clocks of a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Clocks(BTreeMap<Metric, Clock>);

/// What a clock did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricEvent {
    /// Its id.
    pub id: u64,
    /// What it measures.
    pub metric: Metric,
    /// Which time it ran; 0 before the first.
    pub instance_id: u32,
    /// What it did.
    #[serde(flatten)]
    pub turn: Turn,
    /// When.
    pub time: Timestamp,
}

/// What a clock may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Turn {
    /// The ticket is one that it measures.
    Measure,
    /// It runs.
    Activate,
    /// It stands still for now.
    Pause,
    /// What it measures is done.
    Fulfill,
    /// How long it ran.
    UpdateStatus {
        /// In minutes.
        status: Minutes,
    },
}

/// A time in minutes. Until an account has a schedule, business time is calendar time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minutes {
    /// By the calendar.
    pub calendar: i64,
    /// Within business hours.
    pub business: i64,
}

impl MetricEvent {
    /// As the API tells it.
    #[must_use]
    pub fn shown(&self, ticket: TicketId) -> Value {
        let mut shown = serde_json::to_value(self).unwrap_or_default();
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("ticket_id".to_owned(), json!(ticket));
            shown.insert("deleted".to_owned(), Value::Bool(false));
        }
        shown
    }
}

/// Where a clock is to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Run,
    Pause,
    Done,
}

/// Sets the clocks of a ticket by what happened to it, and tells what they did. `before` is none of a new ticket; what
/// they did has ids from `id`.
pub fn follow(
    before: Option<&Ticket>,
    after: &mut Ticket,
    happened: Happened,
    id: impl FnMut() -> u64,
) -> Vec<MetricEvent> {
    let clocks = before.map(|it| it.clocks.clone()).unwrap_or_default();
    let mut set = Set { clocks, at: happened.at, told: Vec::new(), id };
    for metric in Metric::ALL {
        if before.is_none() {
            set.tell(metric, 0, Turn::Measure);
        }
        set.turned(metric, before, after, happened);
    }
    after.clocks = set.clocks;
    set.told
}

struct Set<F> {
    clocks: Clocks,
    at: Timestamp,
    told: Vec<MetricEvent>,
    id: F,
}

impl<F: FnMut() -> u64> Set<F> {
    fn tell(&mut self, metric: Metric, instance_id: u32, turn: Turn) {
        let event = MetricEvent { id: (self.id)(), metric, instance_id, turn, time: self.at };
        self.told.push(event);
    }

    fn hand(&self, metric: Metric) -> Hand {
        self.clocks.0.get(&metric).map(|it| it.hand).unwrap_or_default()
    }

    fn turned(
        &mut self,
        metric: Metric,
        before: Option<&Ticket>,
        after: &Ticket,
        happened: Happened,
    ) {
        let by_status = wanted(metric, after.status);
        let idle = self.hand(metric) == Hand::Idle;
        match metric {
            Metric::AgentWorkTime | Metric::RequesterWaitTime | Metric::ResolutionTime => {
                // What is solved already when its clock would begin has begun and ended at once only if it is new.
                if !idle || by_status != Wanted::Done || before.is_none() {
                    self.set(metric, by_status);
                }
            }
            Metric::GroupOwnershipTime => {
                let other = before.and_then(|it| it.group_id) != after.group_id;
                if other && !idle {
                    self.set(metric, Wanted::Done);
                }
                let idle = self.hand(metric) == Hand::Idle;
                if after.group_id.is_some() && !(idle && by_status == Wanted::Done) {
                    self.set(metric, by_status);
                }
            }
            Metric::ReplyTime => {
                if happened.replied && !idle {
                    self.set(metric, Wanted::Done);
                } else if happened.asked && idle {
                    self.set(metric, Wanted::Run);
                }
            }
            Metric::PausableUpdateTime | Metric::PeriodicUpdateTime => {
                if happened.replied && !idle {
                    self.set(metric, Wanted::Done);
                }
                let idle = self.hand(metric) == Hand::Idle;
                if !idle || (happened.replied && by_status != Wanted::Done) {
                    self.set(metric, by_status);
                }
            }
        }
    }

    /// Sets a clock. One that does not run is begun first.
    fn set(&mut self, metric: Metric, wanted: Wanted) {
        let at = self.at;
        let clock = self.clocks.0.entry(metric).or_default();
        let mut turns = Vec::new();
        if clock.hand == Hand::Idle {
            let instance = clock.instance.saturating_add(1);
            *clock = Clock { instance, hand: Hand::Runs, since: Some(at), ran: 0 };
            turns.push(Turn::Activate);
        }
        match (clock.hand, wanted) {
            (Hand::Pauses, Wanted::Run) => {
                (clock.hand, clock.since) = (Hand::Runs, Some(at));
                turns.push(Turn::Activate);
            }
            (Hand::Runs, Wanted::Pause) => {
                clock.stop(at, Hand::Pauses);
                turns.push(Turn::Pause);
            }
            (Hand::Runs | Hand::Pauses, Wanted::Done) => {
                clock.stop(at, Hand::Idle);
                let minutes = clock.ran.div_euclid(60);
                let status = Minutes { calendar: minutes, business: minutes };
                turns.extend([Turn::Fulfill, Turn::UpdateStatus { status }]);
            }
            (Hand::Runs, Wanted::Run) | (Hand::Pauses, Wanted::Pause) | (Hand::Idle, _) => {}
        }
        let instance = clock.instance;
        turns.into_iter().for_each(|turn| self.tell(metric, instance, turn));
    }
}

impl Clock {
    fn stop(&mut self, at: Timestamp, hand: Hand) {
        if let (Hand::Runs, Some(since)) = (self.hand, self.since) {
            self.ran = self.ran.saturating_add(at.as_second().saturating_sub(since.as_second()));
        }
        (self.hand, self.since) = (hand, Some(at));
    }
}

/// Where a clock is to stand while its ticket is in a status.
const fn wanted(metric: Metric, status: Status) -> Wanted {
    match (status, metric) {
        (Status::Solved | Status::Closed, _) => Wanted::Done,
        (
            Status::Pending,
            Metric::AgentWorkTime
            | Metric::RequesterWaitTime
            | Metric::PausableUpdateTime
            | Metric::GroupOwnershipTime,
        )
        | (Status::Hold, Metric::AgentWorkTime) => Wanted::Pause,
        (Status::New | Status::Open | Status::Pending | Status::Hold, _) => Wanted::Run,
    }
}

#[cfg(test)]
mod tests;
