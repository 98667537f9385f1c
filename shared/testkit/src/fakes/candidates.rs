//! Candidates: one live one per tenant, use case, subject and key.

use crate::World;
use ceap_engagement::candidate::{Candidate, CandidateStore, Place, Upserted};
use ceap_kernel::{Fault, TenantId, Timestamp};

impl CandidateStore for World {
    async fn upsert(
        &self,
        tenant: &TenantId,
        candidate: Candidate,
        now: Timestamp,
    ) -> Result<(Candidate, Upserted), Fault> {
        let of = &candidate.signal;
        let slot = (tenant.clone(), of.use_case.clone(), of.subject.clone(), of.key.clone());
        self.step("candidates.upsert", |stores| match stores.candidates.get_mut(&slot) {
            Some(live) if live.expires_at > now => {
                if candidate.scored.score > live.scored.score {
                    live.signal = candidate.signal;
                    live.scored = candidate.scored;
                }
                Ok((live.clone(), Upserted::Merged))
            }
            _ => {
                stores.candidates.insert(slot, candidate.clone());
                Ok((candidate, Upserted::Opened))
            }
        })
        .await
    }

    async fn live(
        &self,
        tenant: &TenantId,
        place: &Place,
        now: Timestamp,
    ) -> Result<Option<Candidate>, Fault> {
        let Place { use_case, subject, key } = place.clone();
        let slot = (tenant.clone(), use_case, subject, key);
        self.step("candidates.live", |stores| {
            Ok(stores.candidates.get(&slot).filter(|live| live.expires_at > now).cloned())
        })
        .await
    }
}
