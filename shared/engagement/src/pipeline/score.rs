//! The fourth stage: how promising each signal is.

use super::filter::expires;
use super::witness::Witness;
use crate::candidate::ScoredSignal;
use crate::quarantine::{Quarantine, Rejected};
use crate::signal::Detected;
use crate::use_case::UseCases;
use ceap_kernel::{Clock, Fault, Metric, Tally, TenantId};
use serde::{Deserialize, Serialize};

/// Signals with their scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredBatch {
    /// Whose.
    pub tenant: TenantId,
    /// The signals that passed.
    pub signals: Vec<ScoredSignal>,
}

/// Scores each signal. Those below their use case's minimum stop here; one that cannot be scored
/// goes to quarantine.
///
/// # Errors
/// `Unavailable` or `Throttled`; the stage is run again then.
pub async fn score(
    detected: Detected,
    use_cases: &impl UseCases,
    quarantine: &impl Quarantine,
    clock: &impl Clock,
) -> Result<(ScoredBatch, Tally), Fault> {
    watched(detected, use_cases, quarantine, clock, &()).await
}

/// The same, before a witness.
///
/// # Errors
/// As [`score`].
pub async fn watched(
    detected: Detected,
    use_cases: &impl UseCases,
    quarantine: &impl Quarantine,
    clock: &impl Clock,
    witness: &impl Witness,
) -> Result<(ScoredBatch, Tally), Fault> {
    let plan = use_cases.plan(&detected.tenant).await?;
    let tenant = detected.tenant.clone();
    let (mut tally, mut signals, mut rejected) = (Tally::default(), Vec::new(), Vec::new());
    for signal in &detected.signals {
        let id = Some(&signal.use_case);
        let Some(use_case) = plan.use_case(&signal.use_case) else {
            tally.add(Metric::SignalsFiltered, &tenant, id, Some("use_case_off"), 1);
            continue;
        };
        let facts = signal.facts(detected.profile(&signal.subject), &plan.settings_facts);
        let judged = use_case.score.score(&facts);
        if let Ok(scored) = &judged {
            witness.scored(signal, scored, use_case.score.passes(scored));
        }
        match judged {
            Ok(scored) if use_case.score.passes(&scored) => {
                tally.add(Metric::SignalsScored, &tenant, id, None, 1);
                signals.push(ScoredSignal {
                    signal: signal.clone(),
                    scored,
                    expires_at: expires(use_case, signal),
                });
            }
            Ok(_) => tally.add(Metric::SignalsFiltered, &tenant, id, Some("score_too_low"), 1),
            Err(fault) => {
                let payload = serde_json::to_value(signal).unwrap_or_default();
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
