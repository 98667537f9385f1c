//! The fifth stage: candidates, one live one per tenant, use case, subject and key.

use super::score::ScoredBatch;
use crate::candidate::{Candidate, CandidateStore, Place, ScoredSignal, Upserted};
use crate::signal::Signal;
use ceap_kernel::{CandidateId, Clock, Fault, Metric, Tally, TenantId, Timestamp};
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
/// Signals of another channel's turn open nothing: they go on with the candidate they belong to.
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
    let (turns, signals): (Vec<_>, Vec<_>) =
        batch.signals.into_iter().partition(|signal| signal.signal.fallback.is_some());
    let opened = best(tenant, signals, &mut tally).into_iter().map(|best| {
        let id = CandidateId::derive(&best.signal.id);
        let (signal, scored, expires_at) = (best.signal, best.scored, best.expires_at);
        (Candidate { id, signal, scored, expires_at }, best.entry)
    });
    let written: Vec<(Candidate, Upserted)> = stream::iter(opened)
        // A signal belongs to the candidate that was live at its own instant: learnt of late, when
        // that one has expired, it must not open a second one for the same day.
        .map(|(candidate, rules)| async move {
            let instant = candidate.signal.at.min(now);
            let (held, action) = (candidate.signal.held, candidate.signal.action);
            let candidate = for_all_actions(candidate);
            let (mut live, upserted) =
                candidates.upsert(tenant, candidate, &rules, instant).await?;
            live.signal.held = live.signal.held.or(held);
            live.signal.action = action;
            Ok::<_, Fault>((live, upserted))
        })
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await?;
    for (candidate, upserted) in &written {
        let (metric, reason) = match upserted {
            Upserted::Opened => (Metric::CandidatesStored, None),
            Upserted::Merged => (Metric::CandidatesMerged, None),
            Upserted::Barred(bar) => (Metric::SignalsFiltered, Some(bar.as_str())),
        };
        tally.add(metric, tenant, Some(&candidate.signal.use_case), reason, 1);
    }
    let barred = |upserted: &Upserted| matches!(upserted, Upserted::Barred(_));
    let live = written.into_iter().filter(|(_, upserted)| !barred(upserted));
    let mut live: Vec<Candidate> = live.map(|(candidate, _)| candidate).collect();
    for turn in turns {
        live.extend(belonging(tenant, turn.signal, candidates, now).await?);
    }
    Ok((Candidates { tenant: batch.tenant, candidates: live }, tally))
}

/// A candidate is kept for all of its actions, whichever's turn the signal has come for.
fn for_all_actions(mut candidate: Candidate) -> Candidate {
    candidate.signal.action = None;
    candidate
}

/// The best signal of each use case, subject and key, and of each action's turn.
fn best(tenant: &TenantId, signals: Vec<ScoredSignal>, tally: &mut Tally) -> Vec<ScoredSignal> {
    let mut best: BTreeMap<(Place, Option<u8>), ScoredSignal> = BTreeMap::new();
    for signal in signals {
        let place = (signal.signal.place(), signal.signal.action);
        let known = best.get(&place).map(|known| known.scored.score);
        if known.is_some() {
            let use_case = Some(&place.0.use_case);
            tally.add(Metric::CandidatesMerged, tenant, use_case, None, 1);
        }
        if known.is_none_or(|known| known < signal.scored.score) {
            best.insert(place, signal);
        }
    }
    best.into_values().collect()
}

/// The candidate that another channel's turn belongs to, while it lives.
async fn belonging(
    tenant: &TenantId,
    turn: Signal,
    candidates: &impl CandidateStore,
    now: Timestamp,
) -> Result<Option<Candidate>, Fault> {
    let live = candidates.live(tenant, &turn.place(), now).await?;
    let own = |live: &Candidate| turn.fallback.as_ref().is_some_and(|it| it.candidate == live.id);
    Ok(live.filter(own).map(|mut live| {
        live.signal.fallback = turn.fallback;
        live.signal.held = turn.held;
        live
    }))
}
