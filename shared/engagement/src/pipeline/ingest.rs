//! The second stage: a batch of events into features, profiles and signals.
//!
//! Per batch: one read of all its subjects, then per subject at most one conditional write of the
//! profile and one of the feature item, one emission for all signals, one for all goals reached, and
//! one small write that settles both for each subject that had any. In this order a crash at any point loses
//! nothing: what was not written is folded again, what was written but not emitted is still owed.

use super::delay::Delays;
use super::fold::{Folded, fold};
use super::follow::MAX_MERGES;
use super::judge::signals_owed;
use super::merge::Merge;
use super::round;
use crate::audience::{Place, Seeks, Sought, Tie, Ties};
use crate::event::Arrived;
use crate::goal::{GoalReached, Goals, GoalsReached};
use crate::quarantine::{Quarantine, Rejected};
use crate::signal::{Detected, Signal};
use crate::use_case::{Plan, UseCases};
use ceap_kernel::{
    Clock, EventKey, Fault, Metric, SubjectId, Tally, TenantId, Timestamp, Trace, UseCaseId,
};
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
    /// Whether signals or goals wait for their emission to be acknowledged.
    #[must_use]
    pub fn owes(&self) -> bool {
        !(self.state.series.owed().is_empty() && self.state.goals.is_empty())
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

    /// Forgets the signals and goals owed, if the feature item still has `version`. When it has not, they stay
    /// owed and are emitted again, which is harmless.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn settle(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        version: u64,
    ) -> Result<(), Fault>;
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
        let mut states = self.subjects.load(tenant, &ids).await?;
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
                Ok((tally, state)) => {
                    ingested.tally.merge(tally);
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
        if let Err(fault) = self.emit(tenant, plan, &owing, &mut ingested.tally).await {
            tracing::warn!(%tenant, code = fault.code(), %fault, "signals are still owed");
            let groups = owing.iter().flat_map(|(_, group, _)| group.iter());
            ingested.failed.extend(groups.map(|(place, _)| *place));
        }
        Ok(())
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

    /// Emits what the subjects owe, and settles it.
    pub(super) async fn emit(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        owing: &[(&SubjectId, &Group<'_>, Versioned)],
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let mut waves: BTreeMap<Option<Timestamp>, Detected> = BTreeMap::new();
        let mut audiences = Vec::new();
        let (mut matched, mut failed) = (BTreeMap::<_, u64>::new(), Vec::new());
        for (subject, group, read) in owing {
            let traces = traces(group);
            let (signals, undone) = signals_owed(tenant, subject, plan, &read.state, &traces);
            for (use_case, fault) in undone {
                failed.push(self.undone(tenant, &use_case, &fault, tally));
            }
            for signal in signals {
                match seek(tenant, plan, &signal) {
                    Ok(None) => {}
                    Ok(Some(sought)) => {
                        audiences.push(sought);
                        continue;
                    }
                    Err(fault) => {
                        failed.push(self.undone(tenant, &signal.use_case, &fault, tally));
                        continue;
                    }
                }
                let count = matched.entry(signal.use_case.clone()).or_default();
                *count = count.saturating_add(1);
                let wave = waves.entry(self.wake(plan, &signal, now)).or_insert_with(|| Detected {
                    tenant: tenant.clone(),
                    profiles: BTreeMap::new(),
                    signals: Vec::new(),
                });
                wave.profiles
                    .entry((*subject).clone())
                    .or_insert_with(|| read.state.profile.facts());
                wave.signals.push(signal);
            }
        }
        if !failed.is_empty() {
            self.quarantine.keep(&failed).await?;
        }
        if !audiences.is_empty() {
            self.signals.seek(&audiences).await?;
        }
        for (wake, detected) in waves {
            let parts = detected.split();
            match wake {
                None => self.signals.emit(&parts).await?,
                Some(wake) => {
                    for part in &parts {
                        self.signals.emit_at(wake, part).await?;
                    }
                }
            }
        }
        self.emit_goals(tenant, plan, owing).await?;
        self.settle(tenant, owing).await?;
        for (use_case, count) in matched {
            tally.add(Metric::SignalsMatched, tenant, Some(&use_case), None, count);
        }
        Ok(())
    }

    /// Emits the goals that the subjects reached; those of use cases that are gone are dropped.
    async fn emit_goals(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        owing: &[(&SubjectId, &Group<'_>, Versioned)],
    ) -> Result<(), Fault> {
        let reached = owing.iter().flat_map(|(subject, _, read)| {
            read.state.goals.iter().filter_map(|goal| {
                let within = plan.use_case(&goal.use_case)?.goal.as_ref()?.within();
                let (subject, goal) = ((*subject).clone(), goal.clone());
                Some(GoalReached { subject, within_s: within.duration().as_secs(), goal })
            })
        });
        let goals: Vec<GoalReached> = reached.collect();
        if goals.is_empty() {
            return Ok(());
        }
        let reached = GoalsReached { tenant: tenant.clone(), goals };
        self.signals.emit_goals(&reached.split()).await
    }

    /// A trigger that cannot become a signal: counted, and kept in quarantine.
    fn undone(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        fault: &Fault,
        tally: &mut Tally,
    ) -> Rejected {
        tally.add(Metric::SignalsQuarantined, tenant, Some(use_case), Some(fault.code()), 1);
        let payload = serde_json::Value::Null;
        Rejected::new(Some(tenant), "trigger", fault, payload, self.clock.now())
    }

    /// When a delayed signal wakes. None: now.
    fn wake(&self, plan: &Plan, signal: &Signal, now: Timestamp) -> Option<Timestamp> {
        plan.use_case(&signal.use_case).filter(|_| signal.afresh)?;
        self.delays.of(signal, now)
    }

    async fn settle(
        &self,
        tenant: &TenantId,
        owing: &[(&SubjectId, &Group<'_>, Versioned)],
    ) -> Result<(), Fault> {
        let settled: Vec<Result<(), Fault>> = stream::iter(owing)
            .map(|(subject, _, read)| self.subjects.settle(tenant, subject, read.series_version))
            .buffer_unordered(CONCURRENCY)
            .collect()
            .await;
        settled.into_iter().collect()
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

/// The traces of these events: what they trigger goes on with them. What was owed before has none any more.
fn traces<'a>(group: &Group<'a>) -> BTreeMap<EventKey, &'a Trace> {
    let traced = |(_, it): &(usize, &'a Arrived)| Some((it.event.key(), it.trace.as_ref()?));
    group.iter().filter_map(traced).collect()
}

/// Whom the signal concerns, if it is about a thing.
fn seek(tenant: &TenantId, plan: &Plan, signal: &Signal) -> Result<Option<Sought>, Fault> {
    let use_case = plan.use_case(&signal.use_case);
    let Some(thing) = use_case.and_then(|use_case| use_case.thing.as_ref()) else {
        return Ok(None);
    };
    let none = serde_json::Value::Null;
    let named = thing.text(&signal.facts(&none, &plan.settings_facts))?;
    let (tenant, signal) = (tenant.clone(), signal.clone());
    Ok(Some(Sought { tenant, signal, thing: named, from: Place::default() }))
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
