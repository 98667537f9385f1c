//! Folding: one subject's events of a batch into its state, and what they trigger. No I/O.
//!
//! Every judgement is made as of an event's own time. An event that arrives late changes the
//! features of those after it, so these are judged again: what holds now and did not before is a
//! signal. Hence no order of arrival, within the lateness, changes which signals there are.

use crate::event::Arrived;
use crate::profile::{PROFILE_UPDATED, Profile};
use crate::quarantine::Rejected;
use crate::series::{Entry, Owed, Series};
use crate::signal::{Signal, event_facts};
use crate::use_case::{Plan, UseCase};
use ceap_kernel::{Fault, SignalId, SubjectId, TenantId, Timestamp, UseCaseId};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A subject's state: its profile, and its feature item.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// What is known of it.
    pub profile: Profile,
    /// Its recent events and what it owes.
    pub series: Series,
}

/// What a batch did to a subject.
#[derive(Debug, Default)]
pub struct Folded {
    /// Whether the profile must be written.
    pub profile_changed: bool,
    /// Whether the feature item must be written.
    pub series_changed: bool,
    /// Events honoured.
    pub ingested: u64,
    /// Repeats ignored.
    pub duplicates: u64,
    /// Events that cannot proceed.
    pub bad_events: Vec<Rejected>,
    /// Triggers that could not be judged.
    pub bad_triggers: Vec<(UseCaseId, Rejected)>,
}

/// Folds the events of one subject into its state.
pub fn fold(
    tenant: &TenantId,
    subject: &SubjectId,
    plan: &Plan,
    state: &mut State,
    batch: &[&Arrived],
) -> Folded {
    let mut folded = Folded::default();
    let before = state.series.clone();
    let mut fresh: Vec<(&str, i64)> = Vec::new();
    let lateness = crate::use_case::LATENESS.as_secs().saturating_mul(1000);
    for arrived in batch {
        let event = &arrived.event;
        if state.series.has_seen(event.key()) {
            folded.duplicates = folded.duplicates.saturating_add(1);
            continue;
        }
        match take(plan, state, arrived) {
            Ok(profile_changed) => {
                folded.profile_changed |= profile_changed;
                folded.ingested = folded.ingested.saturating_add(1);
                // Lateness is measured where the event stands in the batch, not at the batch's end:
                // a batch may hold days.
                let oldest = state.series.newest().saturating_sub(lateness);
                let from = event.time.as_millisecond().max(oldest);
                fresh.push((event.kind.as_str(), from));
            }
            Err(fault) => {
                let payload = serde_json::to_value(event).unwrap_or_default();
                let at = arrived.at;
                let rejected = Rejected::new(Some(tenant), "ingest-stream", &fault, payload, at);
                // Not remembered: the same event, corrected, is welcome.
                folded.bad_events.push(rejected);
            }
        }
    }
    let at = batch
        .iter()
        .map(|arrived| arrived.at)
        .max()
        .unwrap_or_default();
    judge(
        tenant,
        subject,
        plan,
        state,
        &before,
        &fresh,
        at,
        &mut folded,
    );
    // What an owed signal's features are computed over stays until it is emitted.
    let newest = match state.series.owed().first() {
        Some(owed) => state
            .series
            .newest()
            .min(owed.time.saturating_add(lateness)),
        None => state.series.newest(),
    };
    state.series.prune(|kind| {
        let keeps = plan
            .keeps(kind)
            .map_or(0, |keeps| keeps.as_secs().saturating_mul(1000));
        newest.saturating_sub(keeps)
    });
    folded.series_changed = state.series != before;
    folded
}

fn take(plan: &Plan, state: &mut State, arrived: &Arrived) -> Result<bool, Fault> {
    let event = &arrived.event;
    plan.check(event)?;
    let profile_changed = if event.kind == PROFILE_UPDATED {
        state.profile.apply(event)?
    } else {
        false
    };
    let time = event.time.as_millisecond();
    state.series.remember(event.key(), arrived.at);
    state.series.count(&event.kind, time);
    if let Some(data) = plan.project(event) {
        state.series.insert(
            &event.kind,
            Entry {
                time,
                key: event.key(),
                data,
            },
        );
    }
    Ok(profile_changed)
}

/// Owes a signal for each triggering event that holds now and did not before this batch.
#[allow(clippy::too_many_arguments)]
fn judge(
    tenant: &TenantId,
    subject: &SubjectId,
    plan: &Plan,
    state: &mut State,
    before: &Series,
    fresh: &[(&str, i64)],
    at: Timestamp,
    folded: &mut Folded,
) {
    let profile = state.profile.facts();
    let mut owed = BTreeSet::new();
    for use_case in plan.running() {
        let Some(from) = affected_from(use_case, fresh) else {
            continue;
        };
        let kind = &use_case.document.trigger.event;
        for anchor in state
            .series
            .of(kind)
            .iter()
            .filter(|anchor| anchor.time >= from)
        {
            let held = before.entry(kind, anchor.time, anchor.key).is_some()
                && holds(plan, use_case, before, subject, anchor, &profile).unwrap_or(false);
            if held {
                continue;
            }
            match holds(plan, use_case, &state.series, subject, anchor, &profile) {
                Ok(true) => drop(owed.insert(Owed {
                    time: anchor.time,
                    key: anchor.key,
                    use_case: use_case.id().clone(),
                })),
                Ok(false) => {}
                Err(fault) => {
                    let payload = Value::Object(anchor.data.clone());
                    let rejected = Rejected::new(Some(tenant), "trigger", &fault, payload, at);
                    folded.bad_triggers.push((use_case.id().clone(), rejected));
                }
            }
        }
    }
    for signal in owed {
        state.series.owe(signal);
    }
}

/// The earliest instant whose judgement by `use_case` the fresh events can change. Each is given
/// with the earliest it may change: its own time, or the lateness before the newest of its time.
fn affected_from(use_case: &UseCase, fresh: &[(&str, i64)]) -> Option<i64> {
    let document = &use_case.document;
    fresh
        .iter()
        .filter(|(kind, _)| {
            document.trigger.event == *kind
                || document
                    .features
                    .values()
                    .any(|feature| feature.event == *kind)
        })
        .map(|(_, time)| *time)
        .min()
}

fn holds(
    plan: &Plan,
    use_case: &UseCase,
    series: &Series,
    subject: &SubjectId,
    anchor: &Entry,
    profile: &Value,
) -> Result<bool, Fault> {
    let Some(when) = &use_case.when else {
        return Ok(true);
    };
    let kind = &use_case.document.trigger.event;
    let event = event_facts(kind, subject, instant(anchor.time), &anchor.data);
    let features = features(use_case, series, anchor.time);
    when.holds(&crate::condition::Facts {
        event: &event,
        features: &features,
        profile,
        settings: &plan.settings_facts,
    })
}

/// The use case's features as of `at` (milliseconds since 1970).
pub fn features(use_case: &UseCase, series: &Series, at: i64) -> Value {
    let features: Map<String, Value> = use_case
        .document
        .features
        .iter()
        .filter_map(|(name, feature)| {
            Some((name.clone(), feature.value(series.of(&feature.event), at)?))
        })
        .collect();
    Value::Object(features)
}

fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or_default()
}

/// The signals that a subject owes, derived from its state; those of use cases that no longer run
/// are dropped. The second map holds what could not be derived, with the reason.
pub fn signals_owed(
    tenant: &TenantId,
    subject: &SubjectId,
    plan: &Plan,
    state: &State,
) -> (Vec<Signal>, BTreeMap<SignalId, (UseCaseId, Fault)>) {
    let profile = state.profile.facts();
    let mut failed = BTreeMap::new();
    let signals = state
        .series
        .owed()
        .iter()
        .filter_map(|owed| {
            let use_case = plan
                .use_case(&owed.use_case)
                .filter(|use_case| use_case.runs())?;
            let trigger = &use_case.document.trigger;
            let anchor = state.series.entry(&trigger.event, owed.time, owed.key)?;
            let time = instant(anchor.time);
            let event = event_facts(&trigger.event, subject, time, &anchor.data);
            let features = features(use_case, &state.series, anchor.time);
            let facts = crate::condition::Facts {
                event: &event,
                features: &features,
                profile: &profile,
                settings: &plan.settings_facts,
            };
            let key = match use_case
                .key
                .as_ref()
                .map_or(Ok(String::new()), |key| key.text(&facts))
            {
                Ok(key) => key,
                Err(fault) => {
                    let id = SignalId::derive(tenant, use_case.id(), subject, "", owed.key);
                    failed.insert(id, (use_case.id().clone(), fault));
                    return None;
                }
            };
            let at = trigger.delay.map_or(time, |delay| {
                time.checked_add(delay.duration()).unwrap_or(time)
            });
            Some(Signal {
                id: SignalId::derive(tenant, use_case.id(), subject, &key, owed.key),
                use_case: use_case.id().clone(),
                subject: subject.clone(),
                key,
                event,
                features,
                at,
                afresh: trigger.delay.is_some(),
            })
        })
        .collect();
    (signals, failed)
}
