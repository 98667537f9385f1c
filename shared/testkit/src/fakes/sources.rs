//! Sources, and the credentials that are their keys.

use crate::World;
use ceap_engagement::source::library::{Granted, Problem, Sources, Stored};
use ceap_kernel::access::{Credentials, Principal};
use ceap_kernel::quota::Quota;
use ceap_kernel::{Fault, SourceId, TenantId};

impl Sources for World {
    async fn get(&self, tenant: &TenantId, id: &SourceId) -> Result<Option<Stored>, Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("sources.get", |stores| Ok(stores.sources.get(&key).cloned())).await
    }

    async fn list(&self, tenant: &TenantId) -> Result<Vec<Stored>, Fault> {
        self.step("sources.list", |stores| {
            let of = stores.sources.iter().filter(|((of, _), _)| of == tenant);
            Ok(of.map(|(_, stored)| stored.clone()).collect())
        })
        .await
    }

    async fn put(&self, tenant: &TenantId, stored: &Stored) -> Result<(), Fault> {
        let key = (tenant.clone(), stored.document.id.clone());
        self.step("sources.put", |stores| {
            let kept = stores.sources.get(&key).map_or(0, |kept| kept.version);
            if kept.checked_add(1) != Some(stored.version) {
                return Err(Fault::Conflict("another version is kept".to_owned()));
            }
            stores.sources.insert(key, stored.clone());
            Ok(())
        })
        .await
    }

    async fn delete(&self, tenant: &TenantId, id: &SourceId, version: u64) -> Result<(), Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("sources.delete", |stores| {
            if stores.sources.get(&key).is_none_or(|kept| kept.version != version) {
                return Err(Fault::Conflict("another version is kept".to_owned()));
            }
            stores.sources.remove(&key);
            Ok(())
        })
        .await
    }

    async fn report(
        &self,
        tenant: &TenantId,
        id: &SourceId,
        problem: &Problem,
    ) -> Result<(), Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("sources.report", |stores| {
            let lately = stores.source_problems.get(&key);
            if lately.is_none_or(|it| problem.at.duration_since(it.at) >= Problem::EVERY) {
                stores.source_problems.insert(key, problem.clone());
            }
            Ok(())
        })
        .await
    }

    async fn problem(&self, tenant: &TenantId, id: &SourceId) -> Result<Option<Problem>, Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("sources.problem", |stores| Ok(stores.source_problems.get(&key).cloned())).await
    }

    async fn keys(&self, tenant: &TenantId, id: &SourceId) -> Result<Vec<Granted>, Fault> {
        self.step("sources.keys", |stores| {
            let of = stores
                .source_keys
                .iter()
                .filter(|(of, _)| of.tenant == *tenant && of.source.as_ref() == Some(id));
            let mut keys: Vec<Granted> = of.map(|(_, key)| key.clone()).collect();
            keys.sort_by(|a, b| {
                (a.created_at, &a.fingerprint).cmp(&(b.created_at, &b.fingerprint))
            });
            Ok(keys)
        })
        .await
    }

    async fn grant(
        &self,
        principal: &Principal,
        id: &SourceId,
        key: &Granted,
    ) -> Result<(), Fault> {
        let source = (principal.tenant.clone(), id.clone());
        self.step("sources.grant", |stores| {
            if !stores.sources.contains_key(&source) {
                return Err(Fault::NotFound("there is no such source".to_owned()));
            }
            stores.source_keys.push((principal.clone(), key.clone()));
            Ok(())
        })
        .await
    }

    async fn revoke(&self, tenant: &TenantId, fingerprint: &str) -> Result<(), Fault> {
        self.step("sources.revoke", |stores| {
            let is = |(of, key): &(Principal, Granted)| {
                of.tenant == *tenant && key.fingerprint == fingerprint
            };
            stores.source_keys.retain(|it| !is(it));
            Ok(())
        })
        .await
    }
}

impl Credentials for World {
    async fn find(&self, tenant: &TenantId, fingerprint: &str) -> Result<Option<Principal>, Fault> {
        self.step("credentials.find", |stores| {
            let mut all = stores.source_keys.iter();
            let found =
                all.find(|(of, key)| of.tenant == *tenant && key.fingerprint == fingerprint);
            Ok(found.map(|(principal, _)| principal.clone()))
        })
        .await
    }
}

impl Quota for World {
    async fn count(
        &self,
        tenant: &TenantId,
        who: &str,
        minute: i64,
        requests: u64,
    ) -> Result<u64, Fault> {
        self.step("quota.count", |stores| {
            let asked = stores.asked.entry((tenant.clone(), who.to_owned(), minute)).or_default();
            *asked += requests;
            Ok(*asked)
        })
        .await
    }
}
