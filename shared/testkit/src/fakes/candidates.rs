//! Candidates: one live one per tenant, use case, subject and key.

use crate::World;
use ceap_engagement::candidate::{Candidate, CandidateStore, Histories, Place, Upserted};
use ceap_engagement::candidate_list::{CandidateList, Rank, Stretch};
use ceap_engagement::reentry::{EntryRules, History};
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp, UseCaseId};

impl CandidateStore for World {
    async fn upsert(
        &self,
        tenant: &TenantId,
        candidate: Candidate,
        rules: &EntryRules,
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
                let known = stores.openings.get(&slot).cloned().unwrap_or_default();
                if let Some(bar) = known.bars(rules, now) {
                    return Ok((candidate, Upserted::Barred(bar)));
                }
                let known = if rules.remember() { known } else { History::default() };
                let expires_at = candidate.expires_at;
                stores.openings.insert(slot.clone(), known.opening(now, expires_at));
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

impl CandidateList for World {
    async fn ranked(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        stretch: &Stretch,
        limit: usize,
        now: Timestamp,
    ) -> Result<(Vec<Candidate>, Option<Rank>), Fault> {
        self.step("candidates.ranked", |stores| {
            let all = stores.candidates.iter().filter(|((of, which, ..), candidate)| {
                of == tenant && which == use_case && candidate.expires_at > now
            });
            let mut live: Vec<Candidate> = all
                .map(|(_, candidate)| candidate.clone())
                .filter(|it| stretch.holds(it))
                .collect();
            live.sort_by_cached_key(Candidate::rank);
            let more = live.len() > limit;
            live.truncate(limit);
            let next = live.last().map(Candidate::rank).filter(|_| more);
            Ok((live, next))
        })
        .await
    }

    async fn of_subject(
        &self,
        tenant: &TenantId,
        use_case: Option<&UseCaseId>,
        subject: &SubjectId,
        now: Timestamp,
    ) -> Result<Vec<Candidate>, Fault> {
        self.step("candidates.of_subject", |stores| {
            let all = stores.candidates.iter().filter(|((of, which, who, _), candidate)| {
                let meant = use_case.is_none_or(|it| it == which);
                meant && (of, who) == (tenant, subject) && candidate.expires_at > now
            });
            Ok(all.map(|(_, candidate)| candidate.clone()).collect())
        })
        .await
    }
}

impl Histories for World {
    async fn histories(&self, tenant: &TenantId, places: &[Place]) -> Result<Vec<History>, Fault> {
        self.step("candidates.histories", |stores| {
            let slot = |place: &Place| {
                let Place { use_case, subject, key } = place.clone();
                (tenant.clone(), use_case, subject, key)
            };
            let known = |place| stores.openings.get(&slot(place)).cloned().unwrap_or_default();
            Ok(places.iter().map(known).collect())
        })
        .await
    }
}
