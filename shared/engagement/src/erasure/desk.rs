//! Where erasures are asked for and looked at.

use super::state::{Erasure, State};
use super::store::{ErasureStore, change, unknown};
use ceap_kernel::{Clock, ErasureId, Fault, SubjectId, TenantId, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// Begins executions of the workflow.
#[allow(async_fn_in_trait)]
pub trait Executions {
    /// Begins an execution for an erasure. The same attempt twice is begun once.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn begin(&self, erasure: &Erasure) -> Result<(), Fault>;
}

/// An erasure, as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Erasure")]
pub struct View {
    /// Which.
    pub id: ErasureId,
    /// Whom it is about; left out once it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectId>,
    /// Its other ids, which were merged with it and are erased too, as far as they are known; left out
    /// once it is done.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub also: BTreeSet<SubjectId>,
    /// Where it stands.
    pub state: State,
    /// When it was asked for.
    pub requested: Timestamp,
    /// When the second pass begins, which takes what was on its way during the first; left out until
    /// the first is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settles: Option<Timestamp>,
    /// When it was done or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl From<Erasure> for View {
    fn from(erasure: Erasure) -> Self {
        let Erasure { id, subject, also, state, requested, settles, finished, error, .. } = erasure;
        Self { id, subject, also, state, requested, settles, finished, error }
    }
}

/// All that is needed.
#[derive(Debug)]
pub struct Desk<E, W, C> {
    /// Erasures.
    pub erasures: E,
    /// The workflow.
    pub workflow: W,
    /// The wall clock.
    pub clock: C,
}

impl<E: ErasureStore, W: Executions, C: Clock> Desk<E, W, C> {
    /// Asks for a subject to be erased. While one is under way it is the same erasure, and one that
    /// failed goes on. That nothing is known of the subject is no error: events of it may lie in the
    /// lake alone.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; asked again, it goes on.
    pub async fn erase(&self, tenant: &TenantId, subject: &SubjectId) -> Result<View, Fault> {
        let asked = Erasure::new(tenant, subject, self.clock.now());
        let mut erasure = self.erasures.open(&asked).await?.erasure;
        if erasure.state == State::Failed {
            let again = |it: Erasure| (it.state == State::Failed).then(|| it.resumed());
            erasure = change(&self.erasures, tenant, &erasure.id, again).await?;
        }
        // One that was asked for before may have lost its execution to a crash right here.
        if erasure.state == State::Requested {
            self.workflow.begin(&erasure).await?;
        }
        Ok(erasure.into())
    }

    /// An erasure and where it stands.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` or `Throttled`.
    pub async fn get(&self, tenant: &TenantId, id: &ErasureId) -> Result<View, Fault> {
        let kept = self.erasures.get(tenant, id).await?.ok_or_else(unknown)?;
        Ok(kept.erasure.into())
    }
}
