//! The third stage: which signals go on.

use super::follow;
use super::ingest::{Subjects, Versioned};
use super::witness::Witness;
use crate::candidate::{Histories, Place};
use crate::condition::Facts;
use crate::quarantine::{Quarantine, Rejected};
use crate::reentry::History;
use crate::signal::{Detected, Signal};
use crate::use_case::{Plan, UseCase, UseCases};
use ceap_kernel::{Clock, Fault, Metric, SubjectId, Tally};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Why a signal went no further, where no rule of the document says so.
const EXPIRED: &str = "expired";
const OFF: &str = "use_case_off";
/// It waited, and meanwhile its subject was erased: all that it still holds of it ends with it.
const UNKNOWN: &str = "subject_unknown";

enum Judged {
    Goes,
    Stops(String),
}

/// Judges each signal: worth acting on still, and every rule of its use case holds. A signal that
/// cannot be judged goes to quarantine; the others go on.
///
/// # Errors
/// `Unavailable` or `Throttled`; the stage is run again then.
pub async fn filter(
    detected: Detected,
    use_cases: &impl UseCases,
    subjects: &impl Subjects,
    candidates: &impl Histories,
    quarantine: &impl Quarantine,
    clock: &impl Clock,
) -> Result<(Detected, Tally), Fault> {
    watched(detected, use_cases, subjects, candidates, quarantine, clock, &()).await
}

/// The same, before a witness.
///
/// # Errors
/// As [`filter`].
pub async fn watched(
    mut detected: Detected,
    use_cases: &impl UseCases,
    subjects: &impl Subjects,
    candidates: &impl Histories,
    quarantine: &impl Quarantine,
    clock: &impl Clock,
    witness: &impl Witness,
) -> Result<(Detected, Tally), Fault> {
    let plan = use_cases.plan(&detected.tenant).await?;
    let now = clock.now();
    let unknown = refresh(&mut detected, &plan, subjects).await?;
    let histories = histories(&detected, &plan, candidates).await?;
    let (mut tally, mut kept, mut rejected) = (Tally::default(), Vec::new(), Vec::new());
    for signal in std::mem::take(&mut detected.signals) {
        let judged = match plan.use_case(&signal.use_case).filter(|it| it.runs()) {
            _ if signal.afresh && unknown.contains(&signal.subject) => {
                Ok(Judged::Stops(UNKNOWN.to_owned()))
            }
            None => Ok(Judged::Stops(OFF.to_owned())),
            Some(use_case) if expires(use_case, &signal) <= now => {
                Ok(Judged::Stops(EXPIRED.to_owned()))
            }
            Some(use_case) => {
                let history = histories.get(&signal.place()).map(|known| known.facts(signal.at));
                rules(use_case, &plan, &detected, &signal, &history.unwrap_or_default(), witness)
            }
        };
        match judged {
            Ok(Judged::Goes) => kept.push(signal),
            Ok(Judged::Stops(reason)) => {
                witness.stopped(&signal, &reason);
                let use_case = Some(&signal.use_case);
                tally.add(Metric::SignalsFiltered, &detected.tenant, use_case, Some(&reason), 1);
            }
            Err(fault) => {
                let payload = serde_json::to_value(&signal).unwrap_or_default();
                rejected.push(Rejected::new(
                    Some(&detected.tenant),
                    "filter",
                    &fault,
                    payload,
                    now,
                ));
                let (use_case, code) = (Some(&signal.use_case), Some(fault.code()));
                tally.add(Metric::SignalsQuarantined, &detected.tenant, use_case, code, 1);
            }
        }
    }
    if !rejected.is_empty() {
        quarantine.keep(&rejected).await?;
    }
    Ok((detected.keeping(kept), tally))
}

/// When a candidate of this signal would expire.
pub(super) fn expires(use_case: &UseCase, signal: &Signal) -> ceap_kernel::Timestamp {
    let ttl = use_case.document.ttl.duration();
    let lives = signal.at.checked_add(ttl).unwrap_or(ceap_kernel::Timestamp::MAX);
    signal.due.map_or(lives, |due| due.min(lives))
}

fn rules(
    use_case: &UseCase,
    plan: &Plan,
    detected: &Detected,
    signal: &Signal,
    history: &Value,
    witness: &impl Witness,
) -> Result<Judged, Fault> {
    let facts = signal.facts(detected.profile(&signal.subject), &plan.settings_facts);
    let facts = Facts { history, ..facts };
    for (when, reason) in &use_case.filter {
        let holds = when.holds(&facts)?;
        witness.ruled(signal, when.source(), reason, holds);
        if !holds {
            return Ok(Judged::Stops(reason.clone()));
        }
    }
    Ok(Judged::Goes)
}

/// The candidates that there were, of the signals whose filter looks at them.
async fn histories(
    detected: &Detected,
    plan: &Plan,
    candidates: &impl Histories,
) -> Result<BTreeMap<Place, History>, Fault> {
    let looks_back = |signal: &&Signal| {
        plan.use_case(&signal.use_case).is_some_and(|use_case| use_case.looks_back())
    };
    let mut places: Vec<Place> =
        detected.signals.iter().filter(looks_back).map(Signal::place).collect();
    places.sort();
    places.dedup();
    if places.is_empty() {
        return Ok(BTreeMap::new());
    }
    let known = candidates.histories(&detected.tenant, &places).await?;
    Ok(places.into_iter().zip(known).collect())
}

/// Reads the features and profiles of delayed signals afresh, as of their instant of judgement. Returns
/// the subjects that nothing is known of.
async fn refresh(
    detected: &mut Detected,
    plan: &Plan,
    subjects: &impl Subjects,
) -> Result<BTreeSet<SubjectId>, Fault> {
    let mut ids: Vec<SubjectId> =
        detected.signals.iter().filter(|it| it.afresh).map(|it| it.subject.clone()).collect();
    ids.sort();
    ids.dedup();
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let found = follow::current(subjects, &detected.tenant, &ids).await?;
    let fresh: BTreeMap<SubjectId, (SubjectId, Versioned)> = ids.into_iter().zip(found).collect();
    for (subject, read) in fresh.values() {
        detected.profiles.insert(subject.clone(), read.state.profile.facts());
    }
    for signal in detected.signals.iter_mut().filter(|it| it.afresh) {
        if let Some(use_case) = plan.use_case(&signal.use_case)
            && let Some((subject, read)) = fresh.get(&signal.subject)
        {
            // Two that were merged meanwhile are one, and get one candidate.
            signal.subject = subject.clone();
            signal.features =
                use_case.features.values(&read.state.series, &signal.as_of(&plan.settings_facts));
        }
    }
    let unknown = fresh.into_values().filter(|(_, read)| read.is_nothing());
    Ok(unknown.map(|(subject, _)| subject).collect())
}
