//! Erasures, and all that the stores hold of one subject.

use crate::{Stores, World};
use ceap_engagement::endpoint::Endpoint;
use ceap_engagement::erasure::desk::Executions;
use ceap_engagement::erasure::{Erasure, ErasureStore, Forget, Identities, Kept, Known, State};
use ceap_engagement::quarantine::without;
use ceap_kernel::{ErasureId, Fault, MessageId, SubjectId, TenantId};
use std::collections::BTreeSet;

fn kept((revision, json): &(u64, String)) -> Kept {
    Kept { erasure: serde_json::from_str(json).unwrap(), revision: *revision }
}

impl ErasureStore for World {
    async fn open(&self, erasure: &Erasure) -> Result<Kept, Fault> {
        let key = (erasure.tenant.clone(), erasure.id.clone());
        self.step("erasures.open", |stores| {
            let own = stores.erasures.iter().filter(|((of, _), _)| *of == erasure.tenant);
            let mut open = own.map(|(_, item)| kept(item));
            let same =
                |it: &Kept| it.erasure.digest == erasure.digest && it.erasure.state != State::Done;
            if let Some(open) = open.find(same) {
                return Ok(open);
            }
            stores.erasures.insert(key, (1, serde_json::to_string(erasure).unwrap()));
            Ok(Kept { erasure: erasure.clone(), revision: 1 })
        })
        .await
    }

    async fn get(&self, tenant: &TenantId, id: &ErasureId) -> Result<Option<Kept>, Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("erasures.get", |stores| Ok(stores.erasures.get(&key).map(kept))).await
    }

    async fn save(&self, erasure: &Erasure, revision: u64) -> Result<(), Fault> {
        let key = (erasure.tenant.clone(), erasure.id.clone());
        self.step("erasures.save", |stores| {
            let known = stores.erasures.get_mut(&key).filter(|(known, _)| *known == revision);
            let changed = || Fault::Conflict("the erasure changed meanwhile".to_owned());
            *known.ok_or_else(changed)? = (revision + 1, serde_json::to_string(erasure).unwrap());
            Ok(())
        })
        .await
    }
}

impl Executions for World {
    async fn begin(&self, erasure: &Erasure) -> Result<(), Fault> {
        self.step("executions.begin", |stores| {
            stores.executions.insert(erasure.execution_name());
            Ok(())
        })
        .await
    }
}

impl Identities for World {
    async fn identities(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
    ) -> Result<BTreeSet<SubjectId>, Fault> {
        self.step("identities", |stores| {
            let (mut found, mut next) = (BTreeSet::new(), vec![subject.clone()]);
            while let Some(one) = next.pop() {
                let key = (tenant.clone(), one.clone());
                if found.insert(one) {
                    next.extend(stores.moved.get(&key).cloned());
                    next.extend(stores.joined.get(&key).into_iter().flatten().cloned());
                }
            }
            Ok(found)
        })
        .await
    }

    async fn known(&self, tenant: &TenantId, subject: &SubjectId) -> Result<Known, Fault> {
        let own = (tenant.clone(), subject.clone());
        self.step("known", |stores| {
            let profile = stores.profiles.get(&own).map(|(_, json)| serde_json::from_str(json));
            Ok(profile.map(|it| Known::of(&it.unwrap())).unwrap_or_default())
        })
        .await
    }
}

/// Store by store, as an adapter goes from table to table: it may be struck between any two.
impl Forget for World {
    async fn forget(&self, tenant: &TenantId, subject: &SubjectId) -> Result<(), Fault> {
        let own = (tenant.clone(), subject.clone());
        self.step("forget.profile", |stores| {
            stores.profiles.remove(&own);
            Ok(())
        })
        .await?;
        self.step("forget.features", |stores| {
            stores.series.remove(&own);
            stores.moved.remove(&own);
            stores.joined.remove(&own);
            stores.goals_owed.remove(&own);
            Ok(())
        })
        .await?;
        self.step("forget.conversions", |stores| {
            for key in messages(stores, tenant, subject) {
                stores.conversions.remove(&key);
            }
            Ok(())
        })
        .await?;
        self.step("forget.messages", |stores| {
            for key in messages(stores, tenant, subject) {
                stores.messages.remove(&key);
            }
            Ok(())
        })
        .await?;
        self.step("forget.candidates", |stores| {
            stores.candidates.retain(|(of, _, who, _), _| (of, who) != (tenant, subject));
            stores.openings.retain(|(of, _, who, _), _| (of, who) != (tenant, subject));
            Ok(())
        })
        .await?;
        self.step("forget.ties", |stores| {
            stores.ties.retain(|(of, _, _, who), _| (of, who) != (tenant, subject));
            Ok(())
        })
        .await?;
        self.step("forget.ledger", |stores| {
            stores.ledgers.remove(&own);
            Ok(())
        })
        .await?;
        self.step("forget.endpoints", |stores| {
            let of =
                |json: &str| serde_json::from_str::<Endpoint>(json).unwrap().subject().unwrap();
            stores.endpoints.retain(|(at, ..), (_, json)| at != tenant || of(json) != *subject);
            Ok(())
        })
        .await?;
        self.step("forget.inbox", |stores| {
            stores.inboxes.remove(&own);
            Ok(())
        })
        .await?;
        self.step("forget.quarantine", |stores| {
            stores.quarantine.retain_mut(|it| {
                if it.tenant.as_ref() != Some(tenant) {
                    return true;
                }
                let left = without(&it.payload, subject);
                let stays = left.is_some();
                it.payload = left.unwrap_or_default();
                stays
            });
            Ok(())
        })
        .await
    }
}

fn messages(stores: &Stores, tenant: &TenantId, subject: &SubjectId) -> Vec<(TenantId, MessageId)> {
    let own = stores.messages.iter().filter(|((of, _), _)| of == tenant);
    own.filter(|(_, it)| it.record.subject == *subject).map(|(key, _)| key.clone()).collect()
}
