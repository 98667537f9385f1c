//! The fifth stage: candidates, one live one per tenant, use case, subject and key.

use super::score::ScoredBatch;
use crate::candidate::{Candidate, CandidateStore, ScoredSignal, Upserted};
use ceap_kernel::{CandidateId, Clock, Fault, Metric, SubjectId, Tally, TenantId, UseCaseId};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Candidates written at once.
const CONCURRENCY: usize = 16;

/// Candidates on their way to delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidates {
    /// Whose.
    pub tenant: TenantId,
    /// The live ones, whether this batch opened them or an earlier one.
    pub candidates: Vec<Candidate>,
}

/// Stores the best signal of each use case, subject and key: one write each, however many signals.
///
/// # Errors
/// `Unavailable` or `Throttled`; the stage is run again then, with the same outcome.
pub async fn store(
    batch: ScoredBatch,
    candidates: &impl CandidateStore,
    clock: &impl Clock,
) -> Result<(Candidates, Tally), Fault> {
    let tenant = &batch.tenant;
    let now = clock.now();
    let mut tally = Tally::default();
    let mut best: BTreeMap<(UseCaseId, SubjectId, String), ScoredSignal> = BTreeMap::new();
    for signal in batch.signals {
        let of = &signal.signal;
        let slot = (of.use_case.clone(), of.subject.clone(), of.key.clone());
        match best.get(&slot) {
            Some(known) if known.scored.score >= signal.scored.score => {
                tally.add(Metric::CandidatesMerged, tenant, Some(&of.use_case), None, 1);
            }
            Some(_) => {
                tally.add(Metric::CandidatesMerged, tenant, Some(&of.use_case), None, 1);
                best.insert(slot, signal);
            }
            None => drop(best.insert(slot, signal)),
        }
    }
    let opened = best.into_values().map(|best| Candidate {
        id: CandidateId::derive(&best.signal.id),
        signal: best.signal,
        scored: best.scored,
        expires_at: best.expires_at,
    });
    let written: Vec<(Candidate, Upserted)> = stream::iter(opened)
        // A signal belongs to the candidate that was live at its own instant: learnt of late, when
        // that one has expired, it must not open a second one for the same day.
        .map(|candidate| {
            let instant = candidate.signal.at.min(now);
            candidates.upsert(tenant, candidate, instant)
        })
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await?;
    for (candidate, upserted) in &written {
        let metric = match upserted {
            Upserted::Opened => Metric::CandidatesStored,
            Upserted::Merged => Metric::CandidatesMerged,
        };
        tally.add(metric, tenant, Some(&candidate.signal.use_case), None, 1);
    }
    let candidates = written.into_iter().map(|(candidate, _)| candidate).collect();
    Ok((Candidates { tenant: batch.tenant, candidates }, tally))
}
