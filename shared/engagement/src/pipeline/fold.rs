//! Folding: one subject's events of a batch into its state, and what they trigger. No I/O.

use super::judge::Judge;
use super::merge::named;
use crate::event::{Arrived, Event};
use crate::goal::{Goal, OwedGoal};
use crate::profile::{PROFILE_MERGED, PROFILE_UPDATED, Profile};
use crate::quarantine::Rejected;
use crate::schema::Mode;
use crate::series::{Arrival, Entry, Series, place};
use crate::use_case::{LATENESS, Plan};
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp, UseCaseId};
use std::collections::BTreeSet;

/// A subject's state: its profile, and its feature item.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// What is known of it.
    pub profile: Profile,
    /// Its recent events and the signals that it owes.
    pub series: Series,
    /// Goals reached, emitted with the batch of their event each time that it comes; kept with the series.
    pub goals: Vec<OwedGoal>,
}

/// Goals that are kept beside those of a batch.
const LINGERING_GOALS: usize = 16;

impl State {
    /// Owes only what these are the cause of.
    pub fn owe_only(&mut self, causes: &BTreeSet<Arrival>) {
        self.series.owe_only(causes);
        self.goals.retain(|goal| causes.contains(&goal.cause));
    }

    /// Forgets what no batch will ask for again.
    fn forgive(&mut self, batch: &BTreeSet<Arrival>) {
        self.series.forgive(batch);
        let lingers = |goal: &OwedGoal| !batch.contains(&goal.cause);
        let mut surplus =
            self.goals.iter().filter(|it| lingers(it)).count().saturating_sub(LINGERING_GOALS);
        let seen = &self.series;
        self.goals.retain(|goal| {
            let old = lingers(goal) && surplus > 0;
            surplus = surplus.saturating_sub(old.into());
            !old && seen.has_seen(goal.cause.key)
        });
    }
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
    /// Events that are not as their schemas say, and went on.
    pub unexpected: u64,
    /// Events that cannot proceed.
    pub bad_events: Vec<Rejected>,
    /// Triggers that could not be judged.
    pub bad_triggers: Vec<(UseCaseId, Rejected)>,
}

/// An event that was honoured: its type, and the earliest instant (milliseconds since 1970) whose
/// judgement it may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh<'a> {
    /// Its type.
    pub kind: &'a str,
    /// Its own time, or the lateness before the newest event of its time.
    pub from: i64,
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
    let (before, owed) = (state.series.clone(), state.goals.len());
    let arrivals: BTreeSet<Arrival> = batch.iter().map(|arrived| arrived.arrival()).collect();
    let (mut fresh, mut cause) = (Vec::new(), Arrival::default());
    for arrived in batch {
        let event = &arrived.event;
        if state.series.has_seen(event.key()) {
            folded.duplicates = folded.duplicates.saturating_add(1);
            continue;
        }
        match take(plan, state, arrived) {
            Ok(taken) => {
                folded.profile_changed |= taken.profile_changed;
                folded.unexpected = folded.unexpected.saturating_add(taken.unexpected.into());
                folded.ingested = folded.ingested.saturating_add(1);
                let failed = reach(plan, state, arrived);
                folded.bad_triggers.extend(failed.into_iter().map(|(use_case, fault)| {
                    let payload = serde_json::to_value(event).unwrap_or_default();
                    (use_case, Rejected::new(Some(tenant), "goal", &fault, payload, arrived.at))
                }));
                // Lateness is measured where the event stands in the batch, not at the batch's end:
                // a batch may hold days.
                let oldest = state.series.newest().saturating_sub(lateness());
                let from = event.time.as_millisecond().max(oldest);
                fresh.push(Fresh { kind: &event.kind, from });
                cause = arrived.arrival();
            }
            Err(fault) => {
                // Not remembered: the same event, corrected, is welcome.
                let payload = serde_json::to_value(event).unwrap_or_default();
                let (tenant, at) = (Some(tenant), arrived.at);
                folded.bad_events.push(Rejected::new(tenant, "ingest-stream", &fault, payload, at));
            }
        }
    }
    let judge = Judge { subject, plan, profile: &state.profile.facts() };
    let judged = judge.triggered(&[&before], &state.series, &fresh, cause);
    let at = batch.iter().map(|arrived| arrived.at).max().unwrap_or_default();
    for (use_case, fault, payload) in judged.failed {
        let rejected = Rejected::new(Some(tenant), "trigger", &fault, payload, at);
        folded.bad_triggers.push((use_case, rejected));
    }
    for owed in judged.owed {
        state.series.owe(owed);
    }
    if folded.ingested > 0 {
        state.forgive(&arrivals);
        state.series.prune(plan, &arrivals);
    }
    folded.series_changed = state.series != before || state.goals.len() != owed;
    folded
}

pub(super) fn lateness() -> i64 {
    LATENESS.as_secs().saturating_mul(1000)
}

/// What an event did besides counting.
struct Taken {
    profile_changed: bool,
    unexpected: bool,
}

/// Takes one event into the state.
fn take(plan: &Plan, state: &mut State, arrived: &Arrived) -> Result<Taken, Fault> {
    let event = &arrived.event;
    let unexpected = unexpected(plan, event)?;
    let streams = plan.admit(event)?;
    if event.kind == PROFILE_MERGED {
        named(event)?;
    }
    let profile_changed = event.kind == PROFILE_UPDATED && state.profile.apply(event)?;
    let (time, key) = (event.time.as_millisecond(), event.key());
    state.series.remember(key, arrived.at);
    state.series.count(&event.kind, time);
    if let Some(data) = plan.project(event) {
        state.series.anchor(&event.kind, Entry { time, key, data });
    }
    for (id, rule) in streams {
        state.series.insert(id, rule, place(time, key), &rule.cells(&event.data));
    }
    Ok(Taken { profile_changed, unexpected })
}

/// Whether the event is not as its type's schema says.
///
/// # Errors
/// `Invalid`, naming the field, if that keeps it out.
fn unexpected(plan: &Plan, event: &Event) -> Result<bool, Fault> {
    let Some(schema) = plan.stored.schemas.get(&event.kind) else { return Ok(false) };
    match (schema.check(&event.data), schema.mode()) {
        (Ok(()), _) => Ok(false),
        (Err(_), Mode::Warn) => Ok(true),
        (Err(fault), Mode::Reject) => Err(fault),
    }
}

/// Owes the goals that the event reaches, of use cases that are off, too: what they sent still counts.
/// Returns those that could not be judged.
fn reach(plan: &Plan, state: &mut State, arrived: &Arrived) -> Vec<(UseCaseId, Fault)> {
    let event = &arrived.event;
    let mut failed = Vec::new();
    for use_case in plan.with_goal(&event.kind) {
        let Some(goal) = &use_case.goal else { continue };
        match goal.reached(event, &plan.settings_facts) {
            Ok(Some(value)) => state.goals.push(OwedGoal {
                cause: arrived.arrival(),
                goal: Goal {
                    use_case: use_case.id().clone(),
                    at: Timestamp::from_millisecond(event.time.as_millisecond())
                        .unwrap_or_default(),
                    event: event.key().hex(),
                    value,
                },
            }),
            Ok(None) => {}
            Err(fault) => failed.push((use_case.id().clone(), fault)),
        }
    }
    failed
}
