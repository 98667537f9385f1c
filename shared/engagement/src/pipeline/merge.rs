//! Merging: a subject turns out to be one that is known under another id, as when a visitor signs in.
//!
//! The first id becomes a pointer to the second, which takes in the profile, the features and the counters
//! of both; no history is rewritten. Events that still come under the first id are the second's. Triggers
//! of the last 24 hours are judged again on what both did: what holds now and held for neither before is a
//! signal. An id points to one other and never to another: who signs in first on a shared device keeps what
//! was done there before.

use super::fold::{Fresh, lateness};
use super::follow;
use super::ingest::{ATTEMPTS, Group, Ingest, Signals, Subjects, Versioned};
use super::judge::Judge;
use crate::audience::{Seeks, Ties};
use crate::event::{Arrived, Event};
use crate::goal::Goals;
use crate::pipeline::ingest::Later;
use crate::profile::PROFILE_MERGED;
use crate::quarantine::{Quarantine, Rejected};
use crate::series::Arrival;
use crate::use_case::{Plan, UseCases};
use ceap_kernel::{Clock, Fault, SubjectId, Tally, TenantId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const RULE: &str = "must be another id of the subject, as {\"from\": \"anonymous-17\"}";

/// Two subjects that become one.
#[derive(Debug, Clone, Copy)]
pub struct Merge<'a> {
    /// Who is another.
    pub from: &'a SubjectId,
    /// What it held, at the versions at which it was read.
    pub was: &'a Versioned,
    /// Who it is.
    pub into: &'a SubjectId,
    /// What both hold, at the versions at which `into` was read.
    pub next: &'a Versioned,
}

/// Whom a `profile_merged` event is about besides its subject.
///
/// # Errors
/// `Invalid` when `data.from` names nobody else.
pub fn source(event: &Event) -> Result<SubjectId, Fault> {
    let from = named(event)?;
    if from == event.subject { Err(Fault::invalid("data.from", RULE)) } else { Ok(from) }
}

/// The id that a `profile_merged` event names; its subject's own, too, where that was merged meanwhile.
pub(super) fn named(event: &Event) -> Result<SubjectId, Fault> {
    let from = event.data.get("from").and_then(serde_json::Value::as_str).map(SubjectId::new);
    from.and_then(Result::ok).ok_or_else(|| Fault::invalid("data.from", RULE))
}

/// What both hold, under `into`, and the triggers that could not be judged on it.
fn joined(
    tenant: &TenantId,
    into: &SubjectId,
    plan: &Plan,
    read: &Versioned,
    other: &Versioned,
    (cause, now): (Arrival, Timestamp),
) -> (Versioned, Vec<Rejected>) {
    let mut next = read.clone();
    let (mine, theirs) = (&read.state.series, &other.state.series);
    next.state.profile.absorb(&other.state.profile);
    next.state.series.absorb(theirs, plan);
    let from = next.state.series.newest().saturating_sub(lateness());
    let kinds: BTreeSet<&str> = mine.anchored().chain(theirs.anchored()).collect();
    let fresh: Vec<Fresh<'_>> = kinds.into_iter().map(|kind| Fresh { kind, from }).collect();
    let judge = Judge { subject: into, plan, profile: &next.state.profile.facts() };
    let judged = judge.triggered(&[mine, theirs], &next.state.series, &fresh, cause);
    for owed in judged.owed {
        next.state.series.owe(owed);
    }
    let rejected = judged
        .failed
        .into_iter()
        .map(|(_, fault, payload)| Rejected::new(Some(tenant), "trigger", &fault, payload, now));
    (next, rejected.collect())
}

impl<S, U, A, B, Q, C> Ingest<S, U, A, B, Q, C>
where
    S: Subjects,
    U: UseCases,
    A: Ties,
    B: Signals + Later + Seeks + Goals,
    Q: Quarantine,
    C: Clock,
{
    /// Merges whom the batch says to merge, before any of its events is folded: so each is folded where it
    /// belongs from then on.
    pub(super) async fn merges(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        groups: &BTreeMap<&SubjectId, Group<'_>>,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let mut merges: Vec<(usize, SubjectId, &Arrived)> = groups
            .values()
            .flatten()
            .filter(|(_, arrived)| arrived.event.kind == PROFILE_MERGED)
            // One that names nobody is kept in quarantine when it is folded.
            .filter_map(|(place, arrived)| Some((*place, source(&arrived.event).ok()?, *arrived)))
            .collect();
        merges.sort_by_key(|(place, ..)| *place);
        let named: BTreeSet<&SubjectId> = merges.iter().map(|(_, from, _)| from).collect();
        let named: Vec<SubjectId> = named.into_iter().cloned().collect();
        if named.is_empty() {
            return Ok(());
        }
        // Clients say it each time that somebody signs in: mostly it is done.
        let known = self.subjects.load(tenant, &named).await?;
        let done = named.iter().zip(&known).filter(|(_, it)| it.moved_to.is_some());
        let done: BTreeSet<&SubjectId> = done.map(|(from, _)| from).collect();
        for (_, from, arrived) in merges.iter().filter(|(_, from, _)| !done.contains(from)) {
            self.merge(tenant, plan, from, arrived, tally).await?;
        }
        Ok(())
    }

    async fn merge(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        from: &SubjectId,
        arrived: &Arrived,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        for _ in 0..ATTEMPTS {
            let read = self.subjects.load(tenant, std::slice::from_ref(from)).await?;
            let was = read.into_iter().next().unwrap_or_default();
            let (into, known) = follow::one(&self.subjects, tenant, &arrived.event.subject).await?;
            if was.moved_to.is_some() || into == *from {
                return Ok(());
            }
            if was.owes() {
                // Under the id that they were detected for, so each has its effect once: a batch that comes again finds
                // another subject.
                self.emit(tenant, plan, &[(from, &Group::new(), was.clone())], tally).await?;
            }
            let cause = (arrived.arrival(), self.clock.now());
            let (next, rejected) = joined(tenant, &into, plan, &known, &was, cause);
            if !rejected.is_empty() {
                self.quarantine.keep(&rejected).await?;
            }
            let merge = Merge { from, was: &was, into: &into, next: &next };
            match self.subjects.merge(tenant, &merge).await {
                Err(Fault::Conflict(_)) => {}
                done => return done,
            }
        }
        Err(Fault::Conflict("the subject kept changing".to_owned()))
    }
}
