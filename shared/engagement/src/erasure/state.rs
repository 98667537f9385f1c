//! What is known of an erasure, and how it goes from state to state.

use super::{Course, Known};
use crate::history::Named;
use ceap_kernel::{ErasureId, SubjectId, TenantId, Timestamp, digest, telling};
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
    /// What else they are known by, as far as it is known; nothing any more once it is done.
    #[serde(default, skip_serializing_if = "Known::is_empty")]
    pub known: Known,
    /// How far the helpdesk's part is.
    #[serde(default)]
    pub course: Course,
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
            known: Known::default(),
            course: Course::default(),
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

    /// Nothing is left; not of whom it was about, either. Their digest stays: who is named can be told to have been
    /// erased.
    #[must_use]
    pub fn done(self, now: Timestamp) -> Self {
        let (also, known) = (BTreeSet::new(), Known::default());
        Self { state: State::Done, subject: None, also, known, finished: Some(now), ..self }
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

    /// They are known by this, too.
    #[must_use]
    pub fn knowing(mut self, known: Known) -> Self {
        self.known = self.known.and(known);
        self
    }

    /// What names them: alone and wherever it stands, their addresses and numbers, and such ids as are no mere words; in
    /// tickets that they took part in, other ids and names too.
    #[must_use]
    pub fn named(&self) -> Named {
        let known = &self.known;
        let ids = self.identities().into_iter().map(|it| it.to_string());
        let (ids, words): (Vec<String>, Vec<String>) =
            ids.chain(known.handles.iter().cloned()).partition(|it| telling(it));
        let reached = known.emails.iter().chain(&known.phones).cloned();
        let alone = ids.into_iter().chain(reached);
        Named {
            alone: alone.filter(|it| !known.shared.contains(&it.to_lowercase())).collect(),
            near: words.into_iter().chain(known.names.iter().cloned()).collect(),
            tickets: known.tickets.clone(),
        }
    }

    /// The helpdesk's part is as far as this.
    #[must_use]
    pub fn at(self, course: Course) -> Self {
        Self { course, ..self }
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
            course: Course::default(),
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
