//! Rounds: how much of one subject's share of a batch is folded at once.

use super::ingest::Group;
use crate::event::Arrived;
use crate::use_case::Plan;
use ceap_kernel::SubjectId;
use std::collections::BTreeMap;

/// Events of one subject that are folded at once.
const ROUND_EVENTS: usize = 250;

/// Bytes that these may take until their signals are emitted, if they are more than one.
const ROUND_BYTES: usize = 24 * 1024;

/// Bytes of a signal that is owed.
const SIGNAL_BYTES: usize = 36;

/// Bytes of a goal that is owed.
const GOAL_BYTES: usize = 200;

/// Takes a batch apart so that no subject's share of a part is more than its item can owe signals
/// for, nor so many events that the first of them would be judged on a blurred past.
pub(super) fn of<'a>(
    plan: &Plan,
    groups: BTreeMap<&'a SubjectId, Group<'a>>,
) -> Vec<BTreeMap<&'a SubjectId, Group<'a>>> {
    let mut rounds: Vec<BTreeMap<&SubjectId, Group<'_>>> = Vec::new();
    for (subject, group) in groups {
        let (mut round, mut events, mut bytes) = (0_usize, 0_usize, 0_usize);
        for (place, arrived) in group {
            let weight = weight(plan, arrived);
            let full = events >= ROUND_EVENTS || bytes.saturating_add(weight) > ROUND_BYTES;
            if full && events > 0 {
                (round, events, bytes) = (round.saturating_add(1), 0, 0);
            }
            (events, bytes) = (events.saturating_add(1), bytes.saturating_add(weight));
            if rounds.len() <= round {
                rounds.push(BTreeMap::new());
            }
            if let Some(round) = rounds.get_mut(round) {
                round.entry(subject).or_default().push((place, arrived));
            }
        }
    }
    rounds
}

/// Bytes that an event may take in its subject's item until the signals of it are emitted.
fn weight(plan: &Plan, arrived: &Arrived) -> usize {
    let kind = &arrived.event.kind;
    let goals = plan.with_goal(kind).count().saturating_mul(GOAL_BYTES);
    let triggers = plan.triggers(kind);
    if triggers == 0 {
        return goals;
    }
    let data = plan.project(&arrived.event).unwrap_or_default();
    let data = serde_json::to_vec(&data).map_or(0, |json| json.len());
    data.saturating_add(triggers.saturating_mul(SIGNAL_BYTES)).saturating_add(goals)
}
