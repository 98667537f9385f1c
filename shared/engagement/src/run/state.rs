//! What is known of a run, and how it goes from state to state.

use ceap_kernel::{Fault, RunId, TenantId, Timestamp, UseCaseId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "RunKind")]
pub enum Kind {
    /// A scheduled use case evaluates its population.
    Batch,
    /// A document is tried on history; nothing is sent.
    Replay,
    /// Features are computed from history.
    Backfill,
    /// An affinity model is learnt from history.
    Affinity,
}

impl Kind {
    /// As runs say it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Replay => "replay",
            Self::Backfill => "backfill",
            Self::Affinity => "affinity",
        }
    }
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "RunState")]
pub enum State {
    /// Asked for; nobody works on it yet.
    Planned,
    /// Divided into parts, which are worked on.
    Running,
    /// Every part is done.
    Done,
    /// A part could not be done; the run can be resumed.
    Failed,
    /// Called off; the run can be resumed.
    Cancelled,
}

/// What was counted, by name: `subjects`, `signals`.
pub type Counts = BTreeMap<String, u64>;

/// One use case over a whole population, once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Which.
    pub id: RunId,
    /// Whose.
    pub tenant: TenantId,
    /// Of which use case.
    pub use_case: UseCaseId,
    /// The version of its document when the run was asked for.
    pub version: u32,
    /// What is done.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// A batch: the instant that it judges as of. A model learnt: where its history ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// History from this instant on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// History before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// A replay: decisions that it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<u32>,
    /// Into how many parts it is divided; unknown until it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<u32>,
    /// When it was asked for.
    pub requested: Timestamp,
    /// It does not begin before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins: Option<Timestamp>,
    /// When it first ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it was done, failed or was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// What was counted over all parts, once it is done.
    #[serde(default, skip_serializing_if = "Counts::is_empty")]
    pub counts: Counts,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How often it was begun, 1 at first.
    pub attempt: u32,
    /// The workflow's execution that works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
}

impl Run {
    /// A run that is asked for at `now`.
    #[must_use]
    pub fn new(
        tenant: &TenantId,
        use_case: &UseCaseId,
        version: u32,
        kind: Kind,
        key: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            id: RunId::derive(tenant, use_case, kind.as_str(), key),
            tenant: tenant.clone(),
            use_case: use_case.clone(),
            version,
            kind,
            state: State::Planned,
            as_of: None,
            from: None,
            to: None,
            sample: None,
            parts: None,
            requested: now,
            begins: None,
            started: None,
            finished: None,
            counts: Counts::new(),
            error: None,
            attempt: 1,
            execution: None,
        }
    }

    /// Whether a part of it is still worth doing.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.state == State::Running
    }

    /// Whether `execution` is the one that works on it. Another's news come too late.
    #[must_use]
    pub fn is_of(&self, execution: &str) -> bool {
        self.execution.as_deref() == Some(execution)
    }

    /// Divided into `parts`, and worked on by `execution`.
    #[must_use]
    pub fn running(self, parts: u32, execution: &str, now: Timestamp) -> Self {
        Self {
            state: State::Running,
            parts: Some(parts),
            started: self.started.or(Some(now)),
            execution: Some(execution.to_owned()),
            ..self
        }
    }

    /// Every part is done.
    #[must_use]
    pub fn done(self, counts: Counts, now: Timestamp) -> Self {
        Self { state: State::Done, counts, finished: Some(now), ..self }
    }

    /// It could not be done.
    #[must_use]
    pub fn failed(self, error: &str, now: Timestamp) -> Self {
        Self { state: State::Failed, error: Some(error.to_owned()), finished: Some(now), ..self }
    }

    /// Called off.
    ///
    /// # Errors
    /// `Conflict` when it has ended.
    pub fn cancelled(self, now: Timestamp) -> Result<Self, Fault> {
        match self.state {
            State::Planned | State::Running => {
                Ok(Self { state: State::Cancelled, finished: Some(now), ..self })
            }
            State::Cancelled => Ok(self),
            State::Done | State::Failed => Err(Fault::Conflict("the run has ended".to_owned())),
        }
    }

    /// Begun once more.
    ///
    /// # Errors
    /// `Conflict` unless it failed or was cancelled.
    pub fn resumed(self) -> Result<Self, Fault> {
        match self.state {
            State::Failed | State::Cancelled => Ok(Self {
                state: State::Planned,
                attempt: self.attempt.saturating_add(1),
                finished: None,
                error: None,
                execution: None,
                ..self
            }),
            State::Planned | State::Running | State::Done => {
                let message = "a run can be resumed that failed or was cancelled";
                Err(Fault::Conflict(message.to_owned()))
            }
        }
    }

    /// The name of the execution that is begun for it: the same twice is begun once.
    #[must_use]
    pub fn execution_name(&self) -> String {
        format!("{}-{}", self.id, self.attempt)
    }
}

/// Adds all of `other`.
pub(super) fn add(counts: &mut Counts, other: &Counts) {
    for (name, count) in other {
        let sum = counts.entry(name.clone()).or_default();
        *sum = sum.saturating_add(*count);
    }
}
