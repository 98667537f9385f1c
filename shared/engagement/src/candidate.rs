//! A candidate: a signal that passed filter and score, stored until it expires.

use crate::reentry::{Bar, EntryRules, History};
use crate::score::Scored;
use crate::signal::Signal;
use ceap_kernel::{CandidateId, Fault, SubjectId, TenantId, Timestamp, UseCaseId};
use serde::{Deserialize, Serialize};

/// A signal that passed filter and score. There is one live candidate per tenant, use case, subject
/// and key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Made from the signal that opened it.
    pub id: CandidateId,
    /// The best signal so far.
    pub signal: Signal,
    /// Its score and the reasons for it.
    #[serde(flatten)]
    pub scored: Scored,
    /// From then on it does not exist.
    pub expires_at: Timestamp,
}

/// A signal with its score, between the stages `score` and `store`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredSignal {
    /// The signal.
    #[serde(flatten)]
    pub signal: Signal,
    /// Its score.
    #[serde(flatten)]
    pub scored: Scored,
    /// Until when a candidate of it lives.
    pub expires_at: Timestamp,
    /// What its use case says of another candidate, after one that has expired.
    #[serde(default)]
    pub entry: EntryRules,
}

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upserted {
    /// There was no live one.
    Opened,
    /// There was one; it kept its id and expiry, and the better score.
    Merged,
    /// There was one that has expired, and the rules allow no other yet.
    Barred(Bar),
}

/// Keeps candidates.
#[allow(async_fn_in_trait)]
pub trait CandidateStore {
    /// Opens the candidate, unless one of the same tenant, use case, subject and key is live at
    /// `now`: that one then takes over signal and score if they are better. Returns the live one, or the
    /// one that would have opened if the `rules` allowed it.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` from the store; nothing happened then.
    async fn upsert(
        &self,
        tenant: &TenantId,
        candidate: Candidate,
        rules: &EntryRules,
        now: Timestamp,
    ) -> Result<(Candidate, Upserted), Fault>;

    /// The candidate that is live at `now`, if there is one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` from the store.
    async fn live(
        &self,
        tenant: &TenantId,
        place: &Place,
        now: Timestamp,
    ) -> Result<Option<Candidate>, Fault>;
}

/// Reads what candidates there were.
#[allow(async_fn_in_trait)]
pub trait Histories {
    /// Those of each place, in their order. They are remembered only where a use case's rules say so.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` from the store.
    async fn histories(&self, tenant: &TenantId, places: &[Place]) -> Result<Vec<History>, Fault>;
}

/// What there is one live candidate of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Of which use case.
    pub use_case: UseCaseId,
    /// Of whom.
    pub subject: SubjectId,
    /// What tells apart candidates of one subject.
    pub key: String,
}

impl Signal {
    /// Where its candidate is.
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            use_case: self.use_case.clone(),
            subject: self.subject.clone(),
            key: self.key.clone(),
        }
    }
}
