//! Judging triggers. No I/O.
//!
//! Every judgement is made as of an event's own time. An event that arrives late changes the
//! features of those after it, so these are judged again: what holds now and did not before is a
//! signal. Hence no order of arrival, within the lateness, changes which signals there are.

use super::fold::{Fresh, State};
use super::wait::Wait;
use crate::condition::Facts;
use crate::feature::{AsOf, Trigger};
use crate::series::{Arrival, Entry, Owed, Series};
use crate::signal::{Signal, event_facts};
use crate::use_case::{Plan, UseCase};
use ceap_kernel::{EventKey, Fault, SignalId, SubjectId, TenantId, Timestamp, Trace, UseCaseId};
use serde_json::Value;
use std::collections::BTreeMap;

/// Bytes of a candidate's key: part of a sort key, which takes 1,024 (DynamoDB quotas).
pub const MAX_KEY: usize = 256;

/// What triggers are judged on besides events and features.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    /// Whose events.
    pub subject: &'a SubjectId,
    /// What the tenant runs.
    pub plan: &'a Plan,
    /// The subject's profile.
    pub profile: &'a Value,
}

/// What a batch triggered.
#[derive(Debug, Default)]
pub struct Judged {
    /// Signals, yet to be emitted.
    pub owed: Vec<Owed>,
    /// Triggers that could not be judged: of which use case, why, and on what event.
    pub failed: Vec<(UseCaseId, Fault, Value)>,
}

impl Judge<'_> {
    /// Owes a signal for each triggering event that holds in `after` and did not `before`, in the item
    /// that knew it: one subject's, or those of two that turn out to be one. `cause` is of the batch.
    #[must_use]
    pub fn triggered(
        &self,
        before: &[&Series],
        after: &Series,
        fresh: &[Fresh<'_>],
        cause: Arrival,
    ) -> Judged {
        let mut judged = Judged::default();
        for (use_case, from) in self.affected(fresh) {
            let Some(kind) = &use_case.document.trigger.event else { continue };
            let reach = use_case.features.reach(after);
            for anchor in after.anchors(kind).iter().filter(|anchor| anchor.time >= from) {
                let knows = |it: &&&Series| it.entry(kind, anchor.time, anchor.key).is_some();
                let known = before.iter().find(knows);
                if use_case.judges_again() {
                    let from = if known.is_some() { reach.whole } else { reach.part };
                    if anchor.time < from {
                        continue;
                    }
                } else if known.is_some() {
                    continue;
                }
                let known = known.map(|before| self.holds(use_case, kind, before, anchor));
                if matches!(known, Some(Ok(true))) {
                    continue;
                }
                let (time, key, use_case_id) = (anchor.time, anchor.key, use_case.id().clone());
                match self.holds(use_case, kind, after, anchor) {
                    Ok(true) => judged.owed.push(Owed { time, key, use_case: use_case_id, cause }),
                    Ok(false) => {}
                    // Kept in quarantine when it failed the first time.
                    Err(_) if matches!(known, Some(Err(_))) => {}
                    Err(fault) => {
                        let time = instant(anchor.time);
                        let payload = event_facts(kind, self.subject, time, &anchor.data);
                        judged.failed.push((use_case_id, fault, payload));
                    }
                }
            }
        }
        judged
    }

    /// The use cases that the fresh events concern, with the earliest instant whose judgement these
    /// can change.
    fn affected(&self, fresh: &[Fresh<'_>]) -> impl Iterator<Item = (&UseCase, i64)> {
        let mut affected: BTreeMap<&UseCaseId, (&UseCase, i64)> = BTreeMap::new();
        for event in fresh {
            for use_case in self.plan.concerned(event.kind) {
                let (_, from) = affected.entry(use_case.id()).or_insert((use_case, event.from));
                *from = event.from.min(*from);
            }
        }
        affected.into_values()
    }

    fn holds(
        &self,
        use_case: &UseCase,
        kind: &str,
        series: &Series,
        anchor: &Entry,
    ) -> Result<bool, Fault> {
        let Some(when) = &use_case.when else { return Ok(true) };
        let event = event_facts(kind, self.subject, instant(anchor.time), &anchor.data);
        let features = self.features(use_case, series, anchor, &event);
        when.holds(&self.facts(&event, &features))
    }

    /// The features as of a triggering event.
    fn features(
        &self,
        use_case: &UseCase,
        series: &Series,
        anchor: &Entry,
        event: &Value,
    ) -> Value {
        use_case.features.values(
            series,
            &AsOf {
                at: anchor.time,
                subject: self.subject,
                settings: &self.plan.settings_facts,
                trigger: Some(Trigger { place: anchor.place(), event }),
            },
        )
    }

    fn facts<'a>(&'a self, event: &'a Value, features: &'a Value) -> Facts<'a> {
        Facts {
            event,
            features,
            profile: self.profile,
            settings: &self.plan.settings_facts,
            ..Facts::default()
        }
    }

    /// The signal that is owed; `None` when its use case no longer runs.
    fn signal(
        &self,
        tenant: &TenantId,
        series: &Series,
        owed: &Owed,
    ) -> Result<Option<Signal>, Fault> {
        let Some(use_case) = self.plan.use_case(&owed.use_case).filter(|it| it.runs()) else {
            return Ok(None);
        };
        let trigger = &use_case.document.trigger;
        let Some(kind) = &trigger.event else { return Ok(None) };
        let Some(anchor) = series.entry(kind, owed.time, owed.key) else { return Ok(None) };
        let time = instant(anchor.time);
        let event = event_facts(kind, self.subject, time, &anchor.data);
        let features = self.features(use_case, series, anchor, &event);
        let key = match &use_case.key {
            Some(key) => key.text(&self.facts(&event, &features))?,
            None => String::new(),
        };
        if key.len() > MAX_KEY {
            return Err(Fault::invalid("key", format!("is longer than {MAX_KEY} bytes")));
        }
        let wait = Wait::of(use_case, time, &self.facts(&event, &features))?;
        Ok(Some(Signal {
            id: SignalId::derive(tenant, use_case.id(), self.subject, &key, owed.key),
            use_case: use_case.id().clone(),
            subject: self.subject.clone(),
            key,
            event,
            features,
            at: wait.at,
            due: wait.due,
            tag: anchor.place().1,
            afresh: wait.afresh,
            held: None,
            action: None,
            fallback: None,
            trace: None,
        }))
    }
}

fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or_default()
}

/// The signals that a subject owes, derived from its state, each with the trace of its event where that is known, and those
/// that cannot be derived, with the reason. Those of use cases that no longer run are dropped.
#[must_use]
pub fn signals_owed(
    tenant: &TenantId,
    subject: &SubjectId,
    plan: &Plan,
    state: &State,
    traces: &BTreeMap<EventKey, &Trace>,
) -> (Vec<Signal>, Vec<(UseCaseId, Fault)>) {
    let judge = Judge { subject, plan, profile: &state.profile.facts() };
    let (mut signals, mut failed) = (Vec::new(), Vec::new());
    for owed in state.series.owed() {
        match judge.signal(tenant, &state.series, owed) {
            Ok(signal) => signals.extend(signal.map(|signal| {
                let trace = traces.get(&owed.key).map(|trace| (*trace).clone());
                Signal { trace, ..signal }
            })),
            Err(fault) => failed.push((owed.use_case.clone(), fault)),
        }
    }
    (signals, failed)
}
