//! The fourth stage: how promising each signal is.

use super::filter::expires;
use super::recommend::Shop;
use super::witness::Witness;
use crate::candidate::ScoredSignal;
use crate::condition::Facts;
use crate::model::Model;
use crate::quarantine::{Quarantine, Rejected};
use crate::score::Scored;
use crate::signal::{Detected, Signal};
use crate::use_case::{Plan, UseCase, UseCases};
use ceap_kernel::{Clock, Fault, Metric, ModelId, Tally, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a signal is filtered for whose affinity model was not computed yet.
const NO_MODEL: &str = "no_model";

/// Loads stored models.
#[allow(async_fn_in_trait)]
pub trait Models {
    /// The model, ready to score; loaded once and remembered.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when its file can't be read as a model; `Unavailable` or `Throttled`.
    async fn load(&self, tenant: &TenantId, model: &ModelId) -> Result<Arc<dyn Model>, Fault>;
}

/// Signals with their scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredBatch {
    /// Whose.
    pub tenant: TenantId,
    /// The signals that passed.
    pub signals: Vec<ScoredSignal>,
}

/// Scores each signal, those of one use case at once. Those below their use case's minimum stop
/// here; one that cannot be scored goes to quarantine.
///
/// # Errors
/// `Unavailable` or `Throttled`; the stage is run again then.
pub async fn score(
    detected: Detected,
    use_cases: &impl UseCases,
    models: &impl Models,
    shop: Shop<'_>,
    quarantine: &impl Quarantine,
    clock: &impl Clock,
) -> Result<(ScoredBatch, Tally), Fault> {
    watched(detected, use_cases, models, shop, quarantine, clock, &()).await
}

/// The same, before a witness.
///
/// # Errors
/// As [`score`].
pub async fn watched(
    detected: Detected,
    use_cases: &impl UseCases,
    models: &impl Models,
    shop: Shop<'_>,
    quarantine: &impl Quarantine,
    clock: &impl Clock,
    witness: &impl Witness,
) -> Result<(ScoredBatch, Tally), Fault> {
    let plan = use_cases.plan(&detected.tenant).await?;
    let mut scores = all(&detected, &plan, models, shop).await?;
    let Detected { tenant, signals: judged, .. } = detected;
    let (mut tally, mut signals, mut rejected) = (Tally::default(), Vec::new(), Vec::new());
    for (n, signal) in judged.into_iter().enumerate() {
        let id = Some(&signal.use_case);
        let (Some(use_case), Some(outcome)) = (plan.use_case(&signal.use_case), scores.remove(&n))
        else {
            tally.add(Metric::SignalsFiltered, &tenant, id, Some("use_case_off"), 1);
            continue;
        };
        if let Ok(Some(scored)) = &outcome {
            witness.scored(&signal, scored, use_case.score.passes(scored));
        }
        match outcome {
            Ok(Some(scored)) if use_case.score.passes(&scored) => {
                tally.add(Metric::SignalsScored, &tenant, id, None, 1);
                let (expires_at, entry) = (expires(use_case, &signal), use_case.entry_rules());
                signals.push(ScoredSignal { signal, scored, expires_at, entry });
            }
            Ok(None) => {
                witness.stopped(&signal, NO_MODEL);
                tally.add(Metric::SignalsFiltered, &tenant, id, Some(NO_MODEL), 1);
            }
            Ok(Some(_)) => {
                tally.add(Metric::SignalsFiltered, &tenant, id, Some("score_too_low"), 1)
            }
            Err(fault) => {
                let payload = serde_json::to_value(&signal).unwrap_or_default();
                rejected.push(Rejected::new(Some(&tenant), "score", &fault, payload, clock.now()));
                tally.add(Metric::SignalsQuarantined, &tenant, id, Some(fault.code()), 1);
            }
        }
    }
    if !rejected.is_empty() {
        quarantine.keep(&rejected).await?;
    }
    Ok((ScoredBatch { tenant, signals }, tally))
}

/// A score; none where there is no model yet.
type Outcome = Result<Option<Scored>, Fault>;

/// The outcome of each signal whose use case there is, by its place in the batch.
async fn all(
    detected: &Detected,
    plan: &Plan,
    models: &impl Models,
    shop: Shop<'_>,
) -> Result<BTreeMap<usize, Outcome>, Fault> {
    let mut groups: BTreeMap<_, (&UseCase, Vec<(usize, &Signal)>)> = BTreeMap::new();
    for (n, signal) in detected.signals.iter().enumerate() {
        if let Some(use_case) = plan.use_case(&signal.use_case) {
            let group = groups.entry(&signal.use_case);
            group.or_insert_with(|| (use_case, Vec::new())).1.push((n, signal));
        }
    }
    let mut outcomes = BTreeMap::new();
    for (use_case, signals) in groups.into_values() {
        if let Some(asked) = use_case.score.affinity() {
            let all: Vec<&Signal> = signals.iter().map(|(_, signal)| *signal).collect();
            let scored: Vec<Outcome> = match shop.scores(&detected.tenant, asked, &all).await {
                Ok(Some(scored)) => scored.into_iter().map(|it| Ok(Some(it))).collect(),
                Ok(None) => all.iter().map(|_| Ok(None)).collect(),
                Err(fault) if fault.retryable() => return Err(fault),
                Err(fault) => all.iter().map(|_| Err(fault.clone())).collect(),
            };
            outcomes.extend(signals.into_iter().map(|(n, _)| n).zip(scored));
            continue;
        }
        let model = match use_case.score.model() {
            None => Ok(None),
            Some(id) => models.load(&detected.tenant, id).await.map(Some),
        };
        let scored = match model {
            Ok(model) => {
                let facts = signals.iter().map(|(_, signal)| {
                    signal.facts(detected.profile(&signal.subject), &plan.settings_facts)
                });
                let facts: Vec<Facts<'_>> = facts.collect();
                use_case.score.score(&facts, model.as_deref())
            }
            Err(fault) if fault.retryable() => return Err(fault),
            Err(fault) => signals.iter().map(|_| Err(fault.clone())).collect(),
        };
        let scored = scored.into_iter().map(|it| it.map(Some));
        outcomes.extend(signals.into_iter().map(|(n, _)| n).zip(scored));
    }
    Ok(outcomes)
}
