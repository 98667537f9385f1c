//! Candidates: one live one per use case, subject and key.

use super::Memory;
use crate::candidate::{Candidate, CandidateStore, Histories, Place, Upserted};
use crate::reentry::{EntryRules, History};
use ceap_kernel::{Fault, TenantId, Timestamp};

impl CandidateStore for &Memory {
    async fn upsert(
        &self,
        _: &TenantId,
        candidate: Candidate,
        rules: &EntryRules,
        now: Timestamp,
    ) -> Result<(Candidate, Upserted), Fault> {
        let kept = &mut *self.kept();
        let (signal, place) = (candidate.signal.clone(), candidate.signal.place());
        let known = kept.candidates.get_mut(&place).filter(|live| live.expires_at > now);
        let (live, upserted) = match known {
            Some(live) => {
                if candidate.scored.score > live.scored.score {
                    live.signal = candidate.signal;
                    live.scored = candidate.scored;
                }
                (live.clone(), Upserted::Merged)
            }
            None => {
                let known = kept.histories.remove(&place).unwrap_or_default();
                match known.bars(rules, now) {
                    Some(bar) => {
                        kept.histories.insert(place, known);
                        (candidate, Upserted::Barred(bar))
                    }
                    None => {
                        if rules.remember() {
                            let known = known.opening(now, candidate.expires_at);
                            kept.histories.insert(place.clone(), known);
                        }
                        kept.candidates.insert(place, candidate.clone());
                        (candidate, Upserted::Opened)
                    }
                }
            }
        };
        match upserted {
            Upserted::Barred(bar) => kept.traces.stopped(&signal, bar.as_str()),
            Upserted::Opened | Upserted::Merged => kept.traces.stored(&signal.id, &live, upserted),
        }
        Ok((live, upserted))
    }

    async fn live(
        &self,
        _: &TenantId,
        place: &Place,
        now: Timestamp,
    ) -> Result<Option<Candidate>, Fault> {
        Ok(self.kept().candidates.get(place).filter(|live| live.expires_at > now).cloned())
    }
}

impl Histories for &Memory {
    async fn histories(&self, _: &TenantId, places: &[Place]) -> Result<Vec<History>, Fault> {
        let kept = self.kept();
        Ok(places
            .iter()
            .map(|place| kept.histories.get(place).cloned().unwrap_or_default())
            .collect())
    }
}
