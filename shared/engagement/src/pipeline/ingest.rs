//! The second stage: a batch of events into features, profiles and signals.
//!
//! Per batch: one read of its subjects' feature items, then per subject at most one conditional write of the
//! profile and one of the feature item, one read of the profiles of those that have signals, one emission for all signals,
//! and one for all goals reached. In this order a crash at any point loses nothing: what was not written is folded again,
//! and what was written but not emitted is owed to the batch, which comes again. Nothing is written of an emission: what
//! is owed stays for a day, in case that the batch comes again, and is emitted with that batch alone.

use super::delay::Delays;
use super::fold::{Folded, fold};
use super::follow::MAX_MERGES;
use super::merge::Merge;
use super::round;
use crate::audience::{Seeks, Tie, Ties};
use crate::event::Arrived;
use crate::goal::Goals;
use crate::profile::{PROFILE_UPDATED, Profile};
use crate::quarantine::{Quarantine, Rejected};
use crate::signal::Detected;
use crate::use_case::{Plan, UseCases};
use ceap_kernel::{Clock, Fault, Metric, SubjectId, Tally, TenantId, Timestamp};
use futures::stream::{self, StreamExt};
use std::collections::BTreeMap;

pub use super::fold::State;

/// Subjects written at once.
const CONCURRENCY: usize = 16;

/// Times a subject is folded anew when another batch wrote it meanwhile.
pub(super) const ATTEMPTS: usize = 5;

/// A subject's state with the versions it was read at; 0 is "no item".
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Versioned {
    /// The state.
    pub state: State,
    /// Of the profile item.
    pub profile_version: u64,
    /// Of the feature item.
    pub series_version: u64,
    /// Who it is by now, if it was merged into another; it holds nothing then.
    pub moved_to: Option<SubjectId>,
}

impl Versioned {
    /// Whether it owes signals or goals.
    #[must_use]
    pub fn owes(&self) -> bool {
        !(self.state.series.owed().is_empty() && self.state.goals.is_empty())
    }

    /// Whether nothing is known under this id.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.profile_version == 0 && self.series_version == 0
    }
}

/// Keeps subjects' profiles and feature items.
#[allow(async_fn_in_trait)]
pub trait Subjects {
    /// Reads the state of each, in their order; consistently, because it is written back.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn load(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
    ) -> Result<Vec<Versioned>, Fault>;

    /// The same without the profiles, which are as if there were none.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn load_features(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
    ) -> Result<Vec<Versioned>, Fault> {
        let mut found = self.load(tenant, subjects).await?;
        for read in &mut found {
            (read.state.profile, read.profile_version) = (Profile::default(), 0);
        }
        Ok(found)
    }

    /// The profile of each, in their order; none of those that have none, or that were merged into another.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn load_profiles(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
    ) -> Result<Vec<Option<Profile>>, Fault> {
        let found = self.load(tenant, subjects).await?;
        let known = |it: Versioned| (it.profile_version > 0).then_some(it.state.profile);
        Ok(found.into_iter().map(known).collect())
    }

    /// Writes the profile if its version is still that of `read`.
    ///
    /// # Errors
    /// `Conflict` when it is not; `Unavailable` or `Throttled`.
    async fn save_profile(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        read: &Versioned,
    ) -> Result<(), Fault>;

    /// Writes the feature item if its version is still that of `read`.
    ///
    /// # Errors
    /// `Conflict` when it is not; `Unavailable` or `Throttled`.
    async fn save_series(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        read: &Versioned,
    ) -> Result<(), Fault>;

    /// Makes two subjects one: what `next` holds is written under `into`, `from` points there and is listed
    /// no more, and `into` knows of it. All of it or nothing, and only if every version is still that of
    /// what was read.
    ///
    /// # Errors
    /// `Conflict` when one is not; `Unavailable` or `Throttled`.
    async fn merge(&self, tenant: &TenantId, merge: &Merge<'_>) -> Result<(), Fault>;
}

/// Takes signals on their way to the workflow.
#[allow(async_fn_in_trait)]
pub trait Signals {
    /// Emits all now.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` when any was not taken; all are emitted again then.
    async fn emit(&self, detected: &[Detected]) -> Result<(), Fault>;
}

/// Keeps signals for later.
#[allow(async_fn_in_trait)]
pub trait Later {
    /// Emits at `wake` (to the second). The same signals twice are scheduled once.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn emit_at(&self, wake: Timestamp, detected: &Detected) -> Result<(), Fault>;
}

/// All that the stage needs.
#[derive(Debug)]
pub struct Ingest<S, U, A, B, Q, C> {
    /// Profiles and feature items.
    pub subjects: S,
    /// Who had to do with what.
    pub audiences: A,
    /// What tenants run.
    pub use_cases: U,
    /// The bus.
    pub signals: B,
    /// For what cannot proceed.
    pub quarantine: Q,
    /// The wall clock.
    pub clock: C,
    /// How long delayed judgements wait.
    pub delays: Delays,
}

/// What a batch did.
#[derive(Debug, Default)]
pub struct Ingested {
    /// The counters.
    pub tally: Tally,
    /// The places in the batch of the events that must come again.
    pub failed: Vec<usize>,
}

pub(super) type Group<'a> = Vec<(usize, &'a Arrived)>;

impl<S, U, A, B, Q, C> Ingest<S, U, A, B, Q, C>
where
    S: Subjects,
    U: UseCases,
    A: Ties,
    B: Signals + Later + Seeks + Goals,
    Q: Quarantine,
    C: Clock,
{
    /// Takes a batch in its order of arrival. It never fails as a whole: what could not be taken is
    /// named, to come again.
    pub async fn run(&self, batch: &[Arrived]) -> Ingested {
        let mut tenants: BTreeMap<&TenantId, BTreeMap<&SubjectId, Group<'_>>> = BTreeMap::new();
        let folded = batch.iter().enumerate().filter(|(_, it)| !it.event.is_kept_only());
        for (place, arrived) in folded {
            let subjects = tenants.entry(&arrived.tenant).or_default();
            subjects.entry(&arrived.event.subject).or_default().push((place, arrived));
        }
        let mut ingested = Ingested::default();
        for (tenant, subjects) in tenants {
            let places: Vec<usize> = subjects.values().flatten().map(|(place, _)| *place).collect();
            match self.tenant(tenant, subjects, &mut ingested).await {
                Ok(()) => {}
                Err(fault) => {
                    tracing::warn!(%tenant, code = fault.code(), %fault, "a tenant's events must come again");
                    ingested.failed.extend(places);
                }
            }
        }
        ingested.failed.sort_unstable();
        ingested.failed.dedup();
        ingested
    }

    async fn tenant(
        &self,
        tenant: &TenantId,
        groups: BTreeMap<&SubjectId, Group<'_>>,
        ingested: &mut Ingested,
    ) -> Result<(), Fault> {
        let plan = match self.use_cases.plan(tenant).await {
            Ok(plan) => plan,
            Err(fault @ Fault::NotFound(_)) => {
                return self.unknown(tenant, &fault, groups, ingested).await;
            }
            Err(fault) => return Err(fault),
        };
        self.tie(tenant, &plan, &groups).await?;
        self.merges(tenant, &plan, &groups, &mut ingested.tally).await?;
        let mut moved = self.rounds(tenant, &plan, groups, ingested).await?;
        for _ in 0..MAX_MERGES {
            let mut groups: BTreeMap<&SubjectId, Group<'_>> = BTreeMap::new();
            for (place, arrived) in &moved {
                groups.entry(&arrived.event.subject).or_default().push((*place, arrived));
            }
            if groups.is_empty() {
                break;
            }
            moved = self.rounds(tenant, &plan, groups, ingested).await?;
        }
        Ok(())
    }

    /// Takes a batch, and returns the events of subjects that are others by now, as theirs.
    async fn rounds(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        groups: BTreeMap<&SubjectId, Group<'_>>,
        ingested: &mut Ingested,
    ) -> Result<Vec<(usize, Arrived)>, Fault> {
        let mut moved = Vec::new();
        for round in round::of(plan, groups) {
            self.round(tenant, plan, round, ingested, &mut moved).await?;
        }
        Ok(moved)
    }

    /// Takes some of a batch: all subjects at once.
    async fn round(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        mut groups: BTreeMap<&SubjectId, Group<'_>>,
        ingested: &mut Ingested,
        moved: &mut Vec<(usize, Arrived)>,
    ) -> Result<(), Fault> {
        let ids: Vec<SubjectId> = groups.keys().map(|subject| (*subject).clone()).collect();
        let mut states = self.states(tenant, &ids, &groups).await?;
        for (id, state) in ids.iter().zip(&states) {
            if let Some(to) = &state.moved_to {
                let group = groups.remove(id).unwrap_or_default();
                moved.extend(group.into_iter().map(|(place, arrived)| (place, arrived.of(to))));
            }
        }
        states.retain(|state| state.moved_to.is_none());
        let written: Vec<_> = stream::iter(groups.iter().zip(states))
            .map(|((subject, group), read)| async move {
                (*subject, group, self.subject(tenant, subject, plan, group, read).await)
            })
            .buffer_unordered(CONCURRENCY)
            .collect()
            .await;
        let mut owing = Vec::new();
        for (subject, group, outcome) in written {
            match outcome {
                Ok((tally, mut state)) => {
                    ingested.tally.merge(tally);
                    let arrivals = group.iter().map(|(_, arrived)| arrived.arrival());
                    state.state.owe_only(&arrivals.collect());
                    if state.owes() {
                        owing.push((subject, group, state));
                    }
                }
                Err(fault) => {
                    tracing::warn!(%tenant, code = fault.code(), %fault, "a subject's events must come again");
                    ingested.failed.extend(group.iter().map(|(place, _)| *place));
                }
            }
        }
        if let Err(fault) = self.owed(tenant, plan, &mut owing, &mut ingested.tally).await {
            tracing::warn!(%tenant, code = fault.code(), %fault, "signals are still owed");
            let groups = owing.iter().flat_map(|(_, group, _)| group.iter());
            ingested.failed.extend(groups.map(|(place, _)| *place));
        }
        Ok(())
    }

    /// What is known of each subject; with its profile, if that may be written.
    async fn states(
        &self,
        tenant: &TenantId,
        ids: &[SubjectId],
        groups: &BTreeMap<&SubjectId, Group<'_>>,
    ) -> Result<Vec<Versioned>, Fault> {
        let tells = |(_, arrived): &(usize, &Arrived)| arrived.event.kind == PROFILE_UPDATED;
        let written = |id: &SubjectId| groups.get(id).is_some_and(|group| group.iter().any(tells));
        let (told, others): (Vec<SubjectId>, Vec<SubjectId>) =
            ids.iter().cloned().partition(written);
        let (told_of, of_others) = futures::future::try_join(
            async {
                if told.is_empty() {
                    Ok(Vec::new())
                } else {
                    self.subjects.load(tenant, &told).await
                }
            },
            async {
                if others.is_empty() {
                    Ok(Vec::new())
                } else {
                    self.subjects.load_features(tenant, &others).await
                }
            },
        )
        .await?;
        let (mut told_of, mut of_others) = (told_of.into_iter(), of_others.into_iter());
        let next = ids.iter().map(|id| if written(id) { told_of.next() } else { of_others.next() });
        Ok(next.map(Option::unwrap_or_default).collect())
    }

    /// Keeps what events tie their subjects to, before any of them is honoured: so none is lost, and one
    /// that comes again changes nothing.
    async fn tie(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        groups: &BTreeMap<&SubjectId, Group<'_>>,
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let arrived = groups.values().flatten().map(|(_, arrived)| *arrived);
        let mut ties: Vec<Tie> = arrived.flat_map(|it| plan.ties(&it.event)).collect();
        ties.retain(|tie| tie.until > now);
        // Of the same tie, the one that counts longest comes last.
        ties.sort();
        ties.dedup_by(|next, kept| {
            let same = (&next.kind, &next.thing, &next.subject)
                == (&kept.kind, &kept.thing, &kept.subject);
            if same {
                kept.until = next.until;
            }
            same
        });
        if ties.is_empty() { Ok(()) } else { self.audiences.tie(tenant, &ties).await }
    }

    /// Writes one subject: what is bad to quarantine first, then the profile, then the feature item,
    /// which alone makes the events honoured.
    async fn subject(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        plan: &Plan,
        group: &Group<'_>,
        read: Versioned,
    ) -> Result<(Tally, Versioned), Fault> {
        let events: Vec<&Arrived> = group.iter().map(|(_, arrived)| *arrived).collect();
        let mut read = read;
        let mut last = Fault::Conflict("the subject kept changing".to_owned());
        for _ in 0..ATTEMPTS {
            let mut next = read.clone();
            let folded = fold(tenant, subject, plan, &mut next.state, &events);
            match self.write(tenant, subject, &folded, &mut next).await {
                Ok(()) => return Ok((tally(tenant, &folded), next)),
                Err(fault @ Fault::Conflict(_)) => last = fault,
                Err(fault) => return Err(fault),
            }
            let fresh = self.subjects.load(tenant, std::slice::from_ref(subject)).await?;
            read = fresh.into_iter().next().unwrap_or_default();
            if read.moved_to.is_some() {
                // Merged by another batch meanwhile: these events come again, and find it.
                break;
            }
        }
        Err(last)
    }

    async fn write(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        folded: &Folded,
        next: &mut Versioned,
    ) -> Result<(), Fault> {
        let triggers = folded.bad_triggers.iter().map(|(_, rejected)| rejected);
        let bad: Vec<Rejected> = folded.bad_events.iter().chain(triggers).cloned().collect();
        if !bad.is_empty() {
            self.quarantine.keep(&bad).await?;
        }
        if folded.profile_changed {
            self.subjects.save_profile(tenant, subject, next).await?;
            next.profile_version = next.profile_version.saturating_add(1);
        }
        if folded.series_changed {
            self.subjects.save_series(tenant, subject, next).await?;
            next.series_version = next.series_version.saturating_add(1);
        }
        Ok(())
    }

    /// Events of a tenant that does not exist (any more) are kept in quarantine.
    async fn unknown(
        &self,
        tenant: &TenantId,
        fault: &Fault,
        groups: BTreeMap<&SubjectId, Group<'_>>,
        ingested: &mut Ingested,
    ) -> Result<(), Fault> {
        let rejected: Vec<Rejected> = groups
            .values()
            .flatten()
            .map(|(_, arrived)| {
                let payload = serde_json::to_value(&arrived.event).unwrap_or_default();
                Rejected::new(Some(tenant), "ingest-stream", fault, payload, arrived.at)
            })
            .collect();
        self.quarantine.keep(&rejected).await?;
        let count = u64::try_from(rejected.len()).unwrap_or(u64::MAX);
        ingested.tally.add(Metric::EventsQuarantined, tenant, None, Some(fault.code()), count);
        Ok(())
    }
}

fn tally(tenant: &TenantId, folded: &Folded) -> Tally {
    let mut tally = Tally::default();
    tally.add(Metric::EventsIngested, tenant, None, None, folded.ingested);
    tally.add(Metric::EventsDuplicate, tenant, None, None, folded.duplicates);
    tally.add(Metric::EventsUnexpected, tenant, None, None, folded.unexpected);
    for bad in &folded.bad_events {
        tally.add(Metric::EventsQuarantined, tenant, None, Some(&bad.code), 1);
    }
    for (use_case, bad) in &folded.bad_triggers {
        tally.add(Metric::SignalsQuarantined, tenant, Some(use_case), Some(&bad.code), 1);
    }
    tally
}
