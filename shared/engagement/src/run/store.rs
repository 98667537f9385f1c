//! Where runs and the outcomes of their parts are kept.

use super::state::{Counts, Run};
use ceap_kernel::{Fault, RunId, TenantId, UseCaseId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A run as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The run.
    pub run: Run,
    /// Counts up with each change, 1 at first.
    pub revision: u64,
}

/// What became of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is done; what was counted.
    Done(Counts),
    /// It could not be done last time; why.
    Failed(String),
}

impl Outcome {
    /// What was counted, of a part that is done.
    #[must_use]
    pub fn counts(&self) -> Option<&Counts> {
        match self {
            Self::Done(counts) => Some(counts),
            Self::Failed(_) => None,
        }
    }
}

/// Keeps runs and the outcomes of their parts.
#[allow(async_fn_in_trait)]
pub trait RunStore {
    /// Keeps a new run, unless there is one of its id; the one that is kept.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn create(&self, run: &Run) -> Result<Kept, Fault>;

    /// The run, if there is one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn get(&self, tenant: &TenantId, id: &RunId) -> Result<Option<Kept>, Fault>;

    /// Replaces a run that still has `revision`.
    ///
    /// # Errors
    /// `Conflict` when it has not; `Unavailable` or `Throttled`.
    async fn save(&self, run: &Run, revision: u64) -> Result<(), Fault>;

    /// At most `limit` runs of a use case, newest first, from after `cursor` on; and where the next
    /// page begins, if there is one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn list(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Run>, Option<String>), Fault>;

    /// Keeps what became of a part. One that is done stays as it is.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn record(&self, run: &Run, part: u32, outcome: &Outcome) -> Result<(), Fault>;

    /// What became of a part, if anything did.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn outcome(
        &self,
        tenant: &TenantId,
        id: &RunId,
        part: u32,
    ) -> Result<Option<Outcome>, Fault>;

    /// What became of the parts that were tried.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn outcomes(
        &self,
        tenant: &TenantId,
        id: &RunId,
    ) -> Result<BTreeMap<u32, Outcome>, Fault>;
}

/// Times a change is made anew when another was made meanwhile.
const ATTEMPTS: usize = 5;

/// Changes a run as it is kept now; the run after it. `None` changes nothing.
///
/// # Errors
/// `NotFound` when there is none; what `step` says; `Conflict`, `Unavailable` or `Throttled`.
pub async fn change(
    store: &impl RunStore,
    tenant: &TenantId,
    id: &RunId,
    step: impl Fn(Run) -> Result<Option<Run>, Fault>,
) -> Result<Run, Fault> {
    let mut last = Fault::Conflict("the run kept changing".to_owned());
    for _ in 0..ATTEMPTS {
        let Kept { run, revision } = store.get(tenant, id).await?.ok_or_else(unknown)?;
        let Some(after) = step(run.clone())? else { return Ok(run) };
        if after == run {
            return Ok(run);
        }
        match store.save(&after, revision).await {
            Ok(()) => return Ok(after),
            Err(fault @ Fault::Conflict(_)) => last = fault,
            Err(fault) => return Err(fault),
        }
    }
    Err(last)
}

pub(super) fn unknown() -> Fault {
    Fault::NotFound("there is no such run".to_owned())
}
