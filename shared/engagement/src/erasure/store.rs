//! Where erasures are kept, and what takes a subject out of the tables.

use super::Known;
use super::state::Erasure;
use ceap_kernel::{ErasureId, Fault, SubjectId, TenantId};
use std::collections::BTreeSet;

/// Knows who is the same.
#[allow(async_fn_in_trait)]
pub trait Identities {
    /// All ids of the subject: itself, whom it was merged into, and all that were merged into any of them.
    /// What tells of them goes with [`Forget`].
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn identities(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
    ) -> Result<BTreeSet<SubjectId>, Fault>;

    /// What the profile kept under the id `subject` tells of who they are.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn known(&self, tenant: &TenantId, subject: &SubjectId) -> Result<Known, Fault>;
}

/// Takes a subject out of the tables.
#[allow(async_fn_in_trait)]
pub trait Forget {
    /// Takes away all that is kept under the id `subject`, its profile before all else: without it nothing is
    /// sent. What is written meanwhile may stay, and what was written in the last seconds; asking
    /// again takes that away.
    ///
    /// What stays by intent are suppressed addresses: they are how the platform knows whom it must not
    /// write to, and they name no subject.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; some of it may be gone then.
    async fn forget(&self, tenant: &TenantId, subject: &SubjectId) -> Result<(), Fault>;
}

/// An erasure as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The erasure.
    pub erasure: Erasure,
    /// Counts up with each change, 1 at first.
    pub revision: u64,
}

/// Keeps erasures.
#[allow(async_fn_in_trait)]
pub trait ErasureStore {
    /// Keeps a new erasure, unless there is one of the same subject that is not done; the one that is
    /// kept.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn open(&self, erasure: &Erasure) -> Result<Kept, Fault>;

    /// The erasure, if there is one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn get(&self, tenant: &TenantId, id: &ErasureId) -> Result<Option<Kept>, Fault>;

    /// Replaces an erasure that still has `revision`. With one that is done, the next of its subject
    /// can be opened.
    ///
    /// # Errors
    /// `Conflict` when it has not; `Unavailable` or `Throttled`.
    async fn save(&self, erasure: &Erasure, revision: u64) -> Result<(), Fault>;
}

/// Times a change is made anew when another was made meanwhile.
const ATTEMPTS: usize = 5;

/// Changes an erasure as it is kept now; the erasure after it. `None` changes nothing.
///
/// # Errors
/// `NotFound` when there is none; `Unavailable` or `Throttled`.
pub async fn change(
    store: &impl ErasureStore,
    tenant: &TenantId,
    id: &ErasureId,
    step: impl Fn(Erasure) -> Option<Erasure>,
) -> Result<Erasure, Fault> {
    for _ in 0..ATTEMPTS {
        let Kept { erasure, revision } = store.get(tenant, id).await?.ok_or_else(unknown)?;
        let Some(after) = step(erasure.clone()) else { return Ok(erasure) };
        match store.save(&after, revision).await {
            Ok(()) => return Ok(after),
            Err(Fault::Conflict(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    Err(Fault::Unavailable("the erasure kept changing".to_owned()))
}

pub(super) fn unknown() -> Fault {
    Fault::NotFound("there is no such erasure".to_owned())
}
