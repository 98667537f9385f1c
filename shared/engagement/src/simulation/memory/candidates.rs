//! Candidates: one live one per use case, subject and key.

use super::Memory;
use crate::candidate::{Candidate, CandidateStore, Place, Upserted};
use ceap_kernel::{Fault, TenantId, Timestamp};

impl CandidateStore for &Memory {
    async fn upsert(
        &self,
        _: &TenantId,
        candidate: Candidate,
        now: Timestamp,
    ) -> Result<(Candidate, Upserted), Fault> {
        let kept = &mut *self.kept();
        let (signal, place) = (candidate.signal.id.clone(), candidate.signal.place());
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
                kept.candidates.insert(place, candidate.clone());
                (candidate, Upserted::Opened)
            }
        };
        kept.traces.stored(&signal, &live, upserted);
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
