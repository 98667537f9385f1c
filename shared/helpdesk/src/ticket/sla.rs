//! What is promised of a ticket, and whether it is kept
//! ([SLA metrics](https://support.zendesk.com/hc/en-us/articles/4408821871642),
//! [SLA policies](https://developer.zendesk.com/api-reference/ticketing/business-rules/sla_policies/)).
//!
//! A promise is that a clock of the ticket ([`super::Clocks`]) is done before it ran for so long. It is broken when the
//! clock ran for longer: to be done at that very second is to keep it. Policies, priorities and schedules are looked at anew
//! on each update; of a promise that is another one then, the whole time counts that the clock ran.

use super::metric_events::{Hand, Metric, MetricEvent, Turn};
use super::{Clocks, Priority, Status, Ticket};
use crate::ids::RecordId;
use crate::rule::{PolicyMetric, SlaPolicy};
use crate::schedule::Hours;
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is promised of a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Promises {
    /// By the clock that it is about.
    by: BTreeMap<Metric, Promise>,
    /// When one was broken last.
    last_breach_at: Option<Timestamp>,
}

/// What is promised of a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// What is promised, as policies name it.
    pub metric: String,
    /// Which time the clock runs.
    pub instance: u32,
    /// By which policy.
    pub policy_id: RecordId,
    /// Within how many seconds.
    pub seconds: i64,
    /// Whether only business hours count.
    pub business: bool,
    /// Where it stands.
    pub stage: Stage,
    /// Until when, or when it was broken; not known while the clock stands still.
    pub breach_at: Option<Timestamp>,
    /// Whether it is known to be broken.
    #[serde(default)]
    pub broken: bool,
    /// What is to be done before it is broken, or then: which of the policy's escalations, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ahead: Vec<(usize, Timestamp)>,
    /// Which of them were done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    escalated: Vec<usize>,
}

/// An escalation that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// Whose.
    pub policy_id: RecordId,
    /// Which of the policy's.
    pub escalation: usize,
}

/// Where a promise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Its clock runs.
    Active,
    /// Its clock stands still for now.
    Paused,
    /// What was promised is done.
    Achieved,
}

/// What was promised, as metric events tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Within how many minutes.
    pub target: i64,
    /// The same in seconds.
    pub target_in_seconds: i64,
    /// Whether only business hours count.
    pub business_hours: bool,
    /// By what.
    pub policy: PolicyNamed,
}

/// A policy, as metric events tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyNamed {
    /// Its id.
    pub id: RecordId,
    /// What it is called.
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
}

/// The name that policies have for what a clock measures, the time that it runs; none for what nothing can be promised of.
pub const fn named(metric: Metric, instance: u32) -> Option<&'static str> {
    Some(match metric {
        Metric::AgentWorkTime => "agent_work_time",
        Metric::PausableUpdateTime => "pausable_update_time",
        Metric::PeriodicUpdateTime => "periodic_update_time",
        Metric::ReplyTime if instance <= 1 => "first_reply_time",
        Metric::ReplyTime => "next_reply_time",
        Metric::RequesterWaitTime => "requester_wait_time",
        Metric::ResolutionTime => "total_resolution_time",
        Metric::GroupOwnershipTime => return None,
    })
}

/// The names of what was promised of a ticket and is done by a change of it, in time. `told` is what its clocks did.
pub fn kept<'t>(before: &'t Ticket, told: &'t [MetricEvent]) -> impl Iterator<Item = &'t str> {
    let waited = before.promises.by.iter().filter(|(_, it)| it.stage != Stage::Achieved);
    let done = move |of: (&Metric, &Promise)| {
        let (metric, promise) = of;
        let of_it =
            || told.iter().filter(|it| it.metric == *metric && it.instance_id == promise.instance);
        let broken = promise.broken || of_it().any(|it| it.turn == Turn::Breach);
        !broken && of_it().any(|it| it.turn == Turn::Fulfill)
    };
    waited.filter(move |it| done(*it)).map(|(_, it)| &*it.metric)
}

impl SlaPolicy {
    /// What it promises for a priority. Of a ticket without one nothing is promised.
    fn promises(&self, priority: Option<Priority>, metric: &str) -> Option<&PolicyMetric> {
        let priority = priority?;
        self.policy_metrics.iter().find(|it| it.priority == priority && it.metric == metric)
    }
}

impl Promises {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Promise> {
        self.by.values()
    }

    /// When one was broken last, as far as it is known.
    #[must_use]
    pub const fn last_breach_at(&self) -> Option<Timestamp> {
        self.last_breach_at
    }

    /// When the next one is broken that is not yet, if no clock is stopped before.
    #[must_use]
    pub fn next_breach_at(&self) -> Option<Timestamp> {
        let running = self.by.values().filter(|it| it.stage == Stage::Active && !it.broken);
        running.filter_map(|it| it.breach_at).min()
    }

    /// When something is to be done or told of them next, if no clock is stopped before.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let running = self.by.values().filter(|it| it.stage == Stage::Active);
        let each = running.flat_map(|it| {
            let breach = it.breach_at.filter(|_| !it.broken);
            it.ahead.iter().map(|(_, at)| *at).chain(breach)
        });
        each.min()
    }

    /// The escalations that are due at a time; they are done from then on. What several promises have due at once is due once.
    pub fn take_due(&mut self, now: Timestamp) -> BTreeSet<Due> {
        let mut due = BTreeSet::new();
        for promise in self.by.values_mut().filter(|it| it.stage == Stage::Active) {
            let Promise { policy_id, ahead, escalated, .. } = promise;
            ahead.retain(|(escalation, at)| {
                let waits = *at > now;
                if !waits {
                    escalated.push(*escalation);
                    due.insert(Due { policy_id: *policy_id, escalation: *escalation });
                }
                waits
            });
        }
        due
    }

    /// What is promised once a ticket's clocks stand as they do, and what there is to tell of it: of each, the clock, the
    /// time that it runs, what happened, and when.
    #[must_use]
    pub fn settle(
        self,
        clocks: &Clocks,
        policy: Option<&SlaPolicy>,
        (status, priority): (Status, Option<Priority>),
        (at, hours): (Timestamp, Option<&Hours>),
    ) -> (Self, Vec<(Metric, u32, Turn, Timestamp)>) {
        let (mut by, mut told) = (BTreeMap::new(), Vec::new());
        let mut last_breach_at = self.last_breach_at;
        for metric in Metric::ALL {
            let Some(clock) = clocks.get(metric) else { continue };
            let instance = clock.instance;
            let before = self.by.get(&metric);
            // A clock that is done and begins anew at once leaves no promise of its own behind.
            if let Some(late) = before.filter(|it| it.instance != instance && it.late(at)) {
                let time = late.breach_at.unwrap_or(at);
                told.push((metric, late.instance, Turn::Breach, time));
                last_breach_at = last_breach_at.max(Some(time));
            }
            let before = before.filter(|it| it.instance == instance);
            let done = clock.hand == Hand::Idle;
            let wanted = named(metric, instance)
                .and_then(|name| Some((policy?, policy?.promises(priority, name)?)))
                .filter(|_| !done);
            let promise = match (wanted, before) {
                (Some((policy, wanted)), before) => {
                    let new = Promise::new(policy, wanted, instance);
                    match before.filter(|it| it.same(&new)) {
                        Some(before) => Promise {
                            broken: before.broken,
                            escalated: before.escalated.clone(),
                            ..new
                        },
                        None => {
                            let turn = Turn::ApplySla { sla: target(policy, &new) };
                            told.push((metric, instance, turn, at));
                            new
                        }
                    }
                }
                // What is done by this update was promised until then.
                (None, Some(before)) if done => before.clone(),
                (None, _) => continue,
            };
            let (mut promise, newly) = promise.stands(clock, (at, hours));
            promise.look_ahead(policy);
            // A clock that waits for a reply runs on when the ticket is solved, but nobody is waiting any more.
            if status >= Status::Solved && promise.stage == Stage::Active {
                (promise.stage, promise.breach_at) =
                    (Stage::Paused, promise.breach_at.filter(|_| promise.broken));
            }
            if newly {
                let time = promise.breach_at.unwrap_or(at);
                told.push((metric, instance, Turn::Breach, time));
                promise.broken = true;
                last_breach_at = last_breach_at.max(Some(time));
            }
            by.insert(metric, promise);
        }
        (Self { by, last_breach_at }, told)
    }
}

fn target(policy: &SlaPolicy, promise: &Promise) -> Target {
    Target {
        target: promise.seconds.div_euclid(60),
        target_in_seconds: promise.seconds,
        business_hours: promise.business,
        policy: PolicyNamed {
            id: policy.head.id,
            title: policy.head.title.clone(),
            description: policy.head.description.clone(),
        },
    }
}

impl Promise {
    fn new(policy: &SlaPolicy, wanted: &PolicyMetric, instance: u32) -> Self {
        Self {
            metric: wanted.metric.clone(),
            instance,
            policy_id: policy.head.id,
            seconds: i64::try_from(wanted.target_in_seconds).unwrap_or(i64::MAX),
            business: wanted.business_hours,
            stage: Stage::Active,
            breach_at: None,
            broken: false,
            ahead: Vec::new(),
            escalated: Vec::new(),
        }
    }

    /// Notes what is to be done before it is broken, or then.
    fn look_ahead(&mut self, policy: Option<&SlaPolicy>) {
        let all =
            policy.filter(|it| it.head.id == self.policy_id).map(|it| it.escalations.as_slice());
        let breach_at = self.breach_at.filter(|_| self.stage == Stage::Active);
        let ahead = all.unwrap_or_default().iter().enumerate().filter_map(|(index, it)| {
            let of_it = it.metric.as_ref().is_none_or(|metric| *metric == self.metric);
            let before = i64::from(it.minutes_before).saturating_mul(60);
            let at = breach_at.filter(|_| of_it && !self.escalated.contains(&index))?;
            let at = Timestamp::from_second(at.as_second().saturating_sub(before)).ok()?;
            Some((index, at))
        });
        self.ahead = ahead.collect();
    }

    /// Whether it is broken at a time until which its clock ran on, without it being known yet.
    fn late(&self, at: Timestamp) -> bool {
        self.stage == Stage::Active && !self.broken && self.breach_at.is_some_and(|it| it < at)
    }

    /// Whether it is promised as it was.
    fn same(&self, other: &Self) -> bool {
        (self.policy_id, self.seconds, self.business)
            == (other.policy_id, other.seconds, other.business)
    }

    /// It, as its clock stands, and whether it is broken without it being known yet.
    fn stands(
        mut self,
        clock: &super::metric_events::Clock,
        (at, hours): (Timestamp, Option<&Hours>),
    ) -> (Self, bool) {
        self.stage = match clock.hand {
            Hand::Runs => Stage::Active,
            Hand::Pauses => Stage::Paused,
            Hand::Idle => Stage::Achieved,
        };
        let hours = hours.filter(|_| self.business);
        self.breach_at = clock.reaches(self.seconds, hours);
        let broken = clock.ran_until(at, hours) > self.seconds;
        let newly = broken && !self.broken;
        (self, newly)
    }
}

#[cfg(test)]
mod tests;
