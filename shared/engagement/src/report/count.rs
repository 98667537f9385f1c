//! Counting: from records of messages and what they led to, to what is compared. No I/O.

use super::interval::Share;
use crate::message::{Record, State};
use crate::pipeline::convert::{Conversion, Exposure};
use crate::policy::Refusal;
use ceap_kernel::{SignedDuration, SubjectId, Timestamp};
use std::collections::BTreeMap;

/// A record of a message, and what it led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The record; of `gates` nothing is needed.
    pub record: Record,
    /// The goal that it led to.
    pub conversion: Option<Conversion>,
}

/// What was done with a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arm {
    /// It was meant to be sent, whatever other gates said.
    Treated,
    /// It was held out.
    Holdout,
    /// It was in shadow mode.
    Shadow,
}

impl Arm {
    /// The arm of a message; none when the use case was off.
    fn of(record: &Record) -> Option<Self> {
        match record.reason.as_deref().and_then(Refusal::of) {
            Some(Refusal::Shadow) => Some(Self::Shadow),
            Some(Refusal::Holdout) => Some(Self::Holdout),
            Some(Refusal::Off) => None,
            _ => Some(Self::Treated),
        }
    }
}

/// Candidates of one subject in one arm.
#[derive(Debug, Default)]
struct Side {
    /// Whose time is over, and those of them that led to a goal.
    ended: Candidates,
    /// Whose time is not over.
    pending: Candidates,
    /// The goals that those whose time is over led to, by event: one may be put down to several.
    values: BTreeMap<String, f64>,
}

/// How many candidates, and how many of them led to a goal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Candidates {
    /// All.
    pub count: u64,
    /// Those that led to a goal.
    pub conversions: u64,
}

impl Candidates {
    fn add(&mut self, converted: bool) {
        self.count = self.count.saturating_add(1);
        self.conversions = self.conversions.saturating_add(u64::from(converted));
    }

    fn merge(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.conversions = self.conversions.saturating_add(other.conversions);
    }
}

/// What an arm came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ArmCount {
    /// Subjects with any candidate.
    pub subjects: u64,
    /// Candidates whose time is over.
    pub ended: Candidates,
    /// Candidates whose time is not over.
    pub pending: Candidates,
    /// Subjects without a candidate whose time is over.
    pub waiting: u64,
    /// Subjects with a candidate whose time is over, and those of them that reached the goal by one.
    pub share: Share,
    /// The same without the subjects that were both treated and held out.
    pub pure: Share,
    /// What the goals reached are worth, each event of a subject once.
    pub value: f64,
    /// Messages by each state that they entered.
    pub messages: BTreeMap<&'static str, u64>,
    /// Messages that were not sent, by reason.
    pub refused: BTreeMap<&'static str, u64>,
}

/// What a use case's messages came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Count {
    /// By arm.
    pub arms: BTreeMap<Arm, ArmCount>,
    /// Subjects that were both treated and held out: the share changed meanwhile.
    pub mixed: u64,
    /// Records looked at.
    pub records: u64,
}

/// States that a report counts, in their order.
const STATES: [State; 13] = [
    State::Queued,
    State::Suppressed,
    State::Expired,
    State::Sending,
    State::Unknown,
    State::Sent,
    State::Failed,
    State::Delivered,
    State::Opened,
    State::Clicked,
    State::Replied,
    State::Bounced,
    State::Complained,
];

impl Count {
    /// Counts all messages of some subjects, as of `now`; a goal counts `within` the decision. Without
    /// `within` there is no goal, and nothing is pending.
    #[must_use]
    pub fn of(outcomes: &[Outcome], within: Option<SignedDuration>, now: Timestamp) -> Self {
        let mut count = Self::default();
        let mut subjects: BTreeMap<&SubjectId, BTreeMap<Arm, Side>> = BTreeMap::new();
        for Outcome { record, conversion } in outcomes {
            count.records = count.records.saturating_add(1);
            let Some(arm) = Arm::of(record) else { continue };
            count.arms.entry(arm).or_default().message(record);
            if let Some(exposure) = Exposure::of(record) {
                let sides = subjects.entry(&record.subject).or_default();
                sides.entry(arm).or_default().add(&exposure, conversion.as_ref(), within, now);
            }
        }
        for sides in subjects.values() {
            let mixed = sides.contains_key(&Arm::Treated) && sides.contains_key(&Arm::Holdout);
            count.mixed = count.mixed.saturating_add(u64::from(mixed));
            for (arm, side) in sides {
                count.arms.entry(*arm).or_default().subject(side, mixed && *arm != Arm::Shadow);
            }
        }
        count
    }

    /// Adds what was counted of other subjects.
    pub fn merge(&mut self, other: Self) {
        for (arm, count) in other.arms {
            self.arms.entry(arm).or_default().merge(count);
        }
        self.mixed = self.mixed.saturating_add(other.mixed);
        self.records = self.records.saturating_add(other.records);
    }

    /// What an arm came to.
    #[must_use]
    pub fn arm(&self, arm: Arm) -> ArmCount {
        self.arms.get(&arm).cloned().unwrap_or_default()
    }
}

impl Side {
    fn add(
        &mut self,
        exposure: &Exposure,
        conversion: Option<&Conversion>,
        within: Option<SignedDuration>,
        now: Timestamp,
    ) {
        let end = within.and_then(|within| exposure.at.checked_add(within).ok());
        let over = within.is_none() || end.is_some_and(|end| end <= now);
        if !over {
            return self.pending.add(conversion.is_some());
        }
        self.ended.add(conversion.is_some());
        if let Some(Conversion { event, value, .. }) = conversion {
            self.values.insert(event.clone(), value.unwrap_or_default());
        }
    }
}

impl ArmCount {
    fn message(&mut self, record: &Record) {
        for state in STATES {
            if record.history.contains_key(state.as_str()) {
                let count = self.messages.entry(state.as_str()).or_default();
                *count = count.saturating_add(1);
            }
        }
        let refusal = record.reason.as_deref().and_then(Refusal::of);
        if let Some(refusal) =
            refusal.filter(|_| matches!(record.state, State::Suppressed | State::Expired))
        {
            let count = self.refused.entry(refusal.as_str()).or_default();
            *count = count.saturating_add(1);
        }
    }

    fn subject(&mut self, side: &Side, mixed: bool) {
        self.subjects = self.subjects.saturating_add(1);
        self.ended.merge(side.ended);
        self.pending.merge(side.pending);
        if side.ended.count == 0 {
            self.waiting = self.waiting.saturating_add(1);
            return;
        }
        let own = Share { subjects: 1, conversions: u64::from(side.ended.conversions > 0) };
        self.share = both(self.share, own);
        if !mixed {
            self.pure = both(self.pure, own);
        }
        self.value += side.values.values().sum::<f64>();
    }

    fn merge(&mut self, other: Self) {
        self.subjects = self.subjects.saturating_add(other.subjects);
        self.ended.merge(other.ended);
        self.pending.merge(other.pending);
        self.waiting = self.waiting.saturating_add(other.waiting);
        self.share = both(self.share, other.share);
        self.pure = both(self.pure, other.pure);
        self.value += other.value;
        for (mine, theirs) in
            [(&mut self.messages, other.messages), (&mut self.refused, other.refused)]
        {
            for (name, more) in theirs {
                let count = mine.entry(name).or_default();
                *count = count.saturating_add(more);
            }
        }
    }
}

fn both(one: Share, other: Share) -> Share {
    Share {
        subjects: one.subjects.saturating_add(other.subjects),
        conversions: one.conversions.saturating_add(other.conversions),
    }
}
