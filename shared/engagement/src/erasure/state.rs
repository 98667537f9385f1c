//! What is known of an erasure, and how it goes from state to state.

use ceap_kernel::{ErasureId, SubjectId, TenantId, Timestamp, digest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where an erasure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ErasureState")]
pub enum State {
    /// Asked for; the first pass is not over.
    Requested,
    /// All that was kept is gone; what was on its way settles, for the second pass to take.
    Waiting,
    /// Nothing is left.
    Done,
    /// It could not be done; asking again goes on with it.
    Failed,
}

/// One subject taken out of the platform, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Which.
    pub id: ErasureId,
    /// Whose.
    pub tenant: TenantId,
    /// Whom it is about; none any more once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectId>,
    /// Its other ids, as far as they are known; none any more once it is done.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub also: BTreeSet<SubjectId>,
    /// A digest of the subject: shows of one who is named that this was about them.
    pub digest: String,
    /// Where it stands.
    pub state: State,
    /// When it was asked for.
    pub requested: Timestamp,
    /// When the second pass begins; unknown until the first is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settles: Option<Timestamp>,
    /// When it was done or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How often it was begun, 1 at first.
    pub attempt: u32,
}

impl Erasure {
    /// One that is asked for at `now`.
    #[must_use]
    pub fn new(tenant: &TenantId, subject: &SubjectId, now: Timestamp) -> Self {
        Self {
            id: ErasureId::derive(tenant, subject, now),
            tenant: tenant.clone(),
            subject: Some(subject.clone()),
            also: BTreeSet::new(),
            digest: digest(&["erased", tenant.as_str(), subject.as_str()]),
            state: State::Requested,
            requested: now,
            settles: None,
            finished: None,
            error: None,
            attempt: 1,
        }
    }

    /// The first pass is over, and the second begins at `settles`.
    #[must_use]
    pub fn waiting(self, settles: Timestamp) -> Self {
        Self { state: State::Waiting, settles: Some(settles), ..self }
    }

    /// Nothing is left; not of whom it was about, either.
    #[must_use]
    pub fn done(self, now: Timestamp) -> Self {
        let also = BTreeSet::new();
        Self { state: State::Done, subject: None, also, finished: Some(now), ..self }
    }

    /// All ids of whom it is about, as far as they are known.
    #[must_use]
    pub fn identities(&self) -> BTreeSet<SubjectId> {
        self.also.iter().chain(&self.subject).cloned().collect()
    }

    /// About these ids, too.
    #[must_use]
    pub fn about(mut self, identities: &BTreeSet<SubjectId>) -> Self {
        self.also
            .extend(identities.iter().filter(|id| Some(*id) != self.subject.as_ref()).cloned());
        self
    }

    /// It could not be done.
    #[must_use]
    pub fn failed(self, error: &str, now: Timestamp) -> Self {
        Self { state: State::Failed, error: Some(error.to_owned()), finished: Some(now), ..self }
    }

    /// Begun once more, from the start: who knows what came in meanwhile.
    #[must_use]
    pub fn resumed(self) -> Self {
        Self {
            state: State::Requested,
            settles: None,
            finished: None,
            error: None,
            attempt: self.attempt.saturating_add(1),
            ..self
        }
    }

    /// The name of the execution that is begun for it: the same twice is begun once.
    #[must_use]
    pub fn execution_name(&self) -> String {
        format!("{}-{}", self.id, self.attempt)
    }
}
