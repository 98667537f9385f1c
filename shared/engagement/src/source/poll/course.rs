//! How far a source was read, and what became of its polls: one item, changed as a whole.

use super::watermark::{Order, WatermarkDocument};
use crate::source::library::Problem;
use ceap_kernel::{Fault, PollId, SourceId, TenantId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Polls that are remembered.
const REMEMBERED: usize = 10;

/// Rows at the watermark that are remembered: they come again with the next poll, which asks for what is as new or newer.
const EDGE: usize = 500;

/// Where a poll stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PollState")]
pub enum State {
    /// It reads.
    Running,
    /// All was read that there was.
    Done,
    /// It read as many pages as a poll may; the next one goes on there.
    Paused,
    /// It could not read on; `error` says why. What was accepted before is in.
    Failed,
}

/// What a poll read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PollCounts")]
pub struct Counts {
    /// Pages read.
    pub pages: u64,
    /// Rows on them.
    pub rows: u64,
    /// Rows that became events.
    pub accepted: u64,
    /// Rows that are in quarantine.
    pub quarantined: u64,
    /// Rows that the mapping leaves out.
    pub left_out: u64,
    /// Rows at the watermark that were read before.
    pub repeated: u64,
}

impl Counts {
    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        self.pages = self.pages.saturating_add(other.pages);
        self.rows = self.rows.saturating_add(other.rows);
        self.accepted = self.accepted.saturating_add(other.accepted);
        self.quarantined = self.quarantined.saturating_add(other.quarantined);
        self.left_out = self.left_out.saturating_add(other.left_out);
        self.repeated = self.repeated.saturating_add(other.repeated);
    }
}

/// One time that a source was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SourcePoll")]
pub struct Poll {
    /// Which.
    pub id: PollId,
    /// Where it stands.
    pub state: State,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// The watermark that it began at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The newest watermark that it saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What it read.
    #[serde(flatten)]
    pub counts: Counts,
    /// Why it could not read on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
}

/// Where reading goes on, of a poll that stopped between two pages.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rest {
    /// The version of the source that it is of.
    pub version: u64,
    /// The next page, as the source's kind writes it; none for the first.
    #[serde(default)]
    pub place: Option<Value>,
    /// The watermark that it began at, and the newest that it saw.
    #[serde(default)]
    pub from: Option<String>,
    /// See `from`.
    #[serde(default)]
    pub to: Option<String>,
    /// Rows at `from` that were read before this poll.
    #[serde(default)]
    pub known: BTreeSet<String>,
    /// Rows at `to` that were read.
    #[serde(default)]
    pub edge: BTreeSet<String>,
}

/// A poll that is under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// What is shown of it.
    pub poll: Poll,
    /// The execution that works on it.
    pub execution: String,
    /// Where it goes on.
    pub at: Rest,
    /// When it was worked on last.
    pub touched: Timestamp,
    /// Times that an answer was looked for that was not there yet, since the last page.
    #[serde(default)]
    pub looks: u32,
    /// Times that the source was to be left alone, since the last page.
    #[serde(default)]
    pub waits: u32,
    /// Steps of the workflow so far.
    #[serde(default)]
    pub steps: u32,
}

/// How far a source was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Whose.
    pub tenant: TenantId,
    /// Of which source.
    pub source: SourceId,
    /// All that is not newer was read.
    #[serde(default)]
    pub watermark: Option<String>,
    /// What the watermark is of, and how it is compared: of another field, it says nothing.
    #[serde(default)]
    pub of: Option<(String, Order)>,
    /// Rows at the watermark.
    #[serde(default)]
    pub edge: BTreeSet<String>,
    /// The poll that is under way.
    #[serde(default)]
    pub open: Option<Open>,
    /// Where the last one stopped that did not read all.
    #[serde(default)]
    pub rest: Option<Rest>,
    /// Polls that ended, the newest first.
    #[serde(default)]
    pub ended: Vec<Poll>,
}

impl Course {
    /// Of a source that was never asked.
    #[must_use]
    pub fn new(tenant: &TenantId, source: &SourceId) -> Self {
        Self {
            tenant: tenant.clone(),
            source: source.clone(),
            watermark: None,
            of: None,
            edge: BTreeSet::new(),
            open: None,
            rest: None,
            ended: Vec::new(),
        }
    }

    /// Whether `execution` works on its poll.
    #[must_use]
    pub fn is_of(&self, execution: &str) -> bool {
        self.open.as_ref().is_some_and(|open| open.execution == execution)
    }

    /// Whether a poll has ended.
    #[must_use]
    pub fn has_ended(&self, id: &PollId) -> bool {
        self.ended.iter().any(|poll| poll.id == *id)
    }

    /// Begins a poll: at `since` if that is said, else where the last one stopped, else at the watermark.
    pub(super) fn begin(
        &mut self,
        id: &PollId,
        execution: &str,
        version: u64,
        watermark: Option<&WatermarkDocument>,
        since: Option<&str>,
        now: Timestamp,
    ) {
        let of = watermark.map(|it| (it.field.clone(), it.order));
        let same = of == self.of;
        let fresh = || match (watermark, since) {
            (None, _) => Rest { version, ..Rest::default() },
            (Some(_), None) if same && self.watermark.is_some() => {
                let (from, edge) = (self.watermark.clone(), self.edge.clone());
                Rest { version, place: None, to: from.clone(), from, known: edge.clone(), edge }
            }
            (Some(watermark), since) => {
                let from = Some(since.unwrap_or(&watermark.initial).to_owned());
                Rest { version, to: from.clone(), from, ..Rest::default() }
            }
        };
        let rest = self.rest.take().filter(|it| it.version == version && since.is_none());
        let at = rest.unwrap_or_else(fresh);
        let poll = Poll {
            id: id.clone(),
            state: State::Running,
            started: now,
            finished: None,
            from: at.from.clone(),
            to: at.to.clone(),
            counts: Counts::default(),
            error: None,
        };
        let execution = execution.to_owned();
        self.open = Some(Open { poll, execution, at, touched: now, looks: 0, waits: 0, steps: 0 });
    }

    /// Ends the poll: all was read.
    pub(super) fn done(&mut self, watermark: Option<&WatermarkDocument>, now: Timestamp) {
        let Some(open) = self.open.take() else { return };
        self.of = watermark.map(|it| (it.field.clone(), it.order));
        self.watermark = open.at.to.clone();
        self.edge = open.at.edge.clone();
        self.rest = None;
        self.remember(open.poll, State::Done, None, now);
    }

    /// Ends the poll for now: the next one goes on where it stands.
    pub(super) fn paused(&mut self, now: Timestamp) {
        let Some(open) = self.open.take() else { return };
        self.rest = Some(open.at);
        self.remember(open.poll, State::Paused, None, now);
    }

    /// Ends the poll, which could not read on. What passes lets the next one go on where it stands; after anything else
    /// that place may be the reason, so it begins at the watermark.
    pub(super) fn failed(&mut self, error: Problem, passes: bool, now: Timestamp) {
        let Some(open) = self.open.take() else { return };
        self.rest = (passes && open.at.place.is_some()).then_some(open.at);
        self.remember(open.poll, State::Failed, Some(error), now);
    }

    fn remember(&mut self, poll: Poll, state: State, error: Option<Problem>, now: Timestamp) {
        self.ended.insert(0, Poll { state, error, finished: Some(now), ..poll });
        self.ended.truncate(REMEMBERED);
    }
}

impl Open {
    /// Takes note of a row: whether it was read by an earlier poll.
    ///
    /// # Errors
    /// `Invalid` when its watermark can't be compared.
    pub(super) fn saw(
        &mut self,
        row: &Value,
        watermark: Option<&WatermarkDocument>,
    ) -> Result<bool, Fault> {
        let Some(watermark) = watermark else { return Ok(false) };
        let Some(value) = watermark.of(row)? else { return Ok(false) };
        let at = &mut self.at;
        let newer = match &at.to {
            None => Some(Ordering::Greater),
            Some(to) => watermark.order.compare(&value, to),
        };
        let known = !at.known.is_empty() && at.known.contains(&super::row::key(row));
        match newer {
            Some(Ordering::Greater) => {
                at.edge = [super::row::key(row)].into();
                self.poll.to = Some(value.clone());
                at.to = Some(value);
            }
            Some(Ordering::Equal) if at.edge.len() < EDGE => {
                at.edge.insert(super::row::key(row));
            }
            _ => {}
        }
        Ok(known)
    }
}
