//! When the clocks of a ticket run: what is told of them as metric events
//! ([ticket metric events](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metric_events/),
//! [their types](https://developer.zendesk.com/documentation/ticketing/reference-guides/ticket-metric-event-types-reference/)).
//!
//! Each clock measures what SLA policies have targets for
//! ([metrics](https://support.zendesk.com/hc/en-us/articles/4408821871642)), whether there is a policy or not. It may
//! run several times: each is an instance, counted from 1.

use super::metrics::Happened;
use super::sla::Target;
use super::{Status, Ticket};
use crate::ids::TicketId;
use crate::rule::SlaPolicy;
use crate::schedule::{Hours, Took};
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
pub(super) enum Hand {
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
pub(super) struct Clock {
    /// How often it was begun.
    pub instance: u32,
    /// Where it stands.
    pub hand: Hand,
    /// Since when.
    since: Option<Timestamp>,
    /// When it ran in this instance before that: from, until.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spans: Vec<(Timestamp, Timestamp)>,
    /// How long it ran in this instance before the first of these.
    #[serde(default)]
    ran: Took,
}

/// Spans that a clock remembers. Of one that stood still more often, those that it forgets count for as long as they were
/// when they were forgotten, whatever becomes of the schedule.
const SPANS: usize = 100;

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

/// What a clock may do, and what may be promised of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Something is promised of it, or something else.
    ApplySla {
        /// What.
        sla: Target,
    },
    /// It ran for longer than was promised.
    Breach,
    /// How long it ran.
    UpdateStatus {
        /// In minutes.
        status: Minutes,
    },
}

/// A time in minutes.
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

/// Sets the clocks of a ticket by what happened to it, and what is promised of them by the policy that is for it, and
/// tells what they did. `before` is none of a new ticket; what they did has ids from `id`.
pub fn follow(
    before: Option<&Ticket>,
    after: &mut Ticket,
    happened: Happened<'_>,
    policy: Option<&SlaPolicy>,
    id: impl FnMut() -> u64,
) -> Vec<MetricEvent> {
    let clocks = before.map(|it| it.clocks.clone()).unwrap_or_default();
    let Happened { at, hours, .. } = happened;
    let mut set = Set { clocks, at, hours, told: Vec::new(), id };
    for metric in Metric::ALL {
        if before.is_none() {
            set.tell(metric, 0, Turn::Measure);
        }
        set.turned(metric, before, after, happened);
    }
    let promises = std::mem::take(&mut after.promises);
    let (promises, told) =
        promises.settle(&set.clocks, policy, (after.status, after.priority), (at, hours));
    for (metric, instance, turn, time) in told {
        set.tell_at(metric, instance, turn, time);
    }
    (after.clocks, after.promises) = (set.clocks, promises);
    set.told
}

struct Set<'a, F> {
    clocks: Clocks,
    at: Timestamp,
    hours: Option<&'a Hours>,
    told: Vec<MetricEvent>,
    id: F,
}

impl<F: FnMut() -> u64> Set<'_, F> {
    fn tell(&mut self, metric: Metric, instance_id: u32, turn: Turn) {
        self.tell_at(metric, instance_id, turn, self.at);
    }

    fn tell_at(&mut self, metric: Metric, instance_id: u32, turn: Turn, time: Timestamp) {
        self.told.push(MetricEvent { id: (self.id)(), metric, instance_id, turn, time });
    }

    fn hand(&self, metric: Metric) -> Hand {
        self.clocks.0.get(&metric).map(|it| it.hand).unwrap_or_default()
    }

    fn turned(
        &mut self,
        metric: Metric,
        before: Option<&Ticket>,
        after: &Ticket,
        happened: Happened<'_>,
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
        let (at, hours) = (self.at, self.hours);
        let clock = self.clocks.0.entry(metric).or_default();
        let mut turns = Vec::new();
        if clock.hand == Hand::Idle {
            let instance = clock.instance.saturating_add(1);
            *clock = Clock { instance, hand: Hand::Runs, since: Some(at), ..Clock::default() };
            turns.push(Turn::Activate);
        }
        match (clock.hand, wanted) {
            (Hand::Pauses, Wanted::Run) => {
                (clock.hand, clock.since) = (Hand::Runs, Some(at));
                turns.push(Turn::Activate);
            }
            (Hand::Runs, Wanted::Pause) => {
                clock.stop(at, hours, Hand::Pauses);
                turns.push(Turn::Pause);
            }
            (Hand::Runs | Hand::Pauses, Wanted::Done) => {
                clock.stop(at, hours, Hand::Idle);
                let Took { calendar, business } = clock.took(hours);
                let status = Minutes {
                    calendar: calendar.div_euclid(60),
                    business: business.div_euclid(60),
                };
                turns.extend([Turn::Fulfill, Turn::UpdateStatus { status }]);
            }
            (Hand::Runs, Wanted::Run) | (Hand::Pauses, Wanted::Pause) | (Hand::Idle, _) => {}
        }
        let instance = clock.instance;
        turns.into_iter().for_each(|turn| self.tell(metric, instance, turn));
    }
}

impl Clock {
    fn stop(&mut self, at: Timestamp, hours: Option<&Hours>, hand: Hand) {
        if let (Hand::Runs, Some(since)) = (self.hand, self.since) {
            self.spans.push((since, at));
        }
        if self.spans.len() > SPANS {
            let (from, to) = self.spans.remove(0);
            self.ran = self.ran.plus(Took::between(hours, from, to));
        }
        (self.hand, self.since) = (hand, Some(at));
    }

    /// How long it ran in this instance until it stopped last.
    fn took(&self, hours: Option<&Hours>) -> Took {
        let spans = self.spans.iter().map(|(from, to)| Took::between(hours, *from, *to));
        spans.fold(self.ran, Took::plus)
    }

    /// How many seconds it ran in this instance until a moment, of those that count: of `hours`, or all.
    pub(super) fn ran_until(&self, at: Timestamp, hours: Option<&Hours>) -> i64 {
        let now = match (self.hand, self.since) {
            (Hand::Runs, Some(since)) => Took::between(hours, since, at),
            _ => Took::default(),
        };
        let Took { calendar, business } = self.took(hours).plus(now);
        if hours.is_some() { business } else { calendar }
    }

    /// The moment at which it has run for so many seconds in this instance, of those that count; none if it stands still
    /// before, or never gets there.
    pub(super) fn reaches(&self, seconds: i64, hours: Option<&Hours>) -> Option<Timestamp> {
        let dropped = if hours.is_some() { self.ran.business } else { self.ran.calendar };
        let mut left = seconds.saturating_sub(dropped);
        for (from, to) in &self.spans {
            let ran = Took::between(hours, *from, *to).business;
            if ran >= left {
                return later(*from, left, hours);
            }
            left = left.saturating_sub(ran);
        }
        match (self.hand, self.since) {
            (Hand::Runs, Some(since)) => later(since, left, hours),
            _ => None,
        }
    }
}

/// The first moment until which so many seconds count.
fn later(from: Timestamp, seconds: i64, hours: Option<&Hours>) -> Option<Timestamp> {
    match hours {
        Some(hours) => hours.after(from, seconds),
        None => Timestamp::from_second(from.as_second().saturating_add(seconds.max(0))).ok(),
    }
}

impl Clocks {
    /// One of them, if it ever ran.
    pub(super) fn get(&self, metric: Metric) -> Option<&Clock> {
        self.0.get(&metric)
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
