//! What is owed to a batch: the signals and goals of its events, emitted. A batch that comes again is owed them again.

use super::ingest::{Group, Ingest, Later, Signals, Subjects, Versioned};
use super::judge::signals_owed;
use crate::audience::{Place, Seeks, Sought, Ties};
use crate::event::Arrived;
use crate::goal::{GoalReached, Goals, GoalsReached, OwedGoal};
use crate::quarantine::{Quarantine, Rejected};
use crate::signal::{Detected, Signal};
use crate::use_case::{Plan, UseCases};
use ceap_kernel::{
    Clock, EventKey, Fault, Metric, SubjectId, Tally, TenantId, Timestamp, Trace, UseCaseId,
};
use std::collections::BTreeMap;

/// A subject, the events of the batch that are its, and what was written of it.
pub(super) type Owing<'a> = (&'a SubjectId, &'a Group<'a>, Versioned);

impl<S, U, A, B, Q, C> Ingest<S, U, A, B, Q, C>
where
    S: Subjects,
    U: UseCases,
    A: Ties,
    B: Signals + Later + Seeks + Goals,
    Q: Quarantine,
    C: Clock,
{
    /// Emits what the subjects owe, with their profiles, where these were not read before.
    pub(super) async fn owed(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        owing: &mut [Owing<'_>],
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let signals = |read: &Versioned| !read.state.series.owed().is_empty();
        let mut bare: Vec<_> = owing
            .iter_mut()
            .filter(|(_, _, read)| read.profile_version == 0 && signals(read))
            .collect();
        if !bare.is_empty() {
            let ids: Vec<SubjectId> = bare.iter().map(|(subject, ..)| (*subject).clone()).collect();
            let profiles = self.subjects.load_profiles(tenant, &ids).await?;
            for ((.., read), profile) in bare.iter_mut().zip(profiles) {
                read.state.profile = profile.unwrap_or_default();
            }
        }
        self.emit(tenant, plan, owing, tally).await
    }

    /// Emits what the subjects owe.
    pub(super) async fn emit(
        &self,
        tenant: &TenantId,
        plan: &Plan,
        owing: &[Owing<'_>],
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
        owing: &[Owing<'_>],
    ) -> Result<(), Fault> {
        let reached = owing.iter().flat_map(|(subject, _, read)| {
            read.state.goals.iter().filter_map(|OwedGoal { goal, .. }| {
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
}

/// The traces of these events: what they trigger goes on with them.
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
