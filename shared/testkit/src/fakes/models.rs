//! Stored models: files, what is known of them, and models ready to score.

use crate::World;
use ceap_engagement::model::Model;
use ceap_engagement::model::library::{Kept, ModelFiles, ModelKeeper, ModelShelf, Upload};
use ceap_engagement::pipeline::score::Models;
use ceap_kernel::{Fault, ModelId, SignedDuration, TenantId, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The name of one tenant's model.
type Key = (TenantId, ModelId);

/// What is kept of models.
#[derive(Debug, Default)]
pub struct ModelRoom {
    /// Models that are ready to score.
    pub ready: BTreeMap<Key, Arc<dyn Model>>,
    /// Files, and whether each is kept for good.
    pub files: BTreeMap<Key, (Vec<u8>, bool)>,
    kept: BTreeMap<Key, Kept>,
}

fn key(tenant: &TenantId, model: &ModelId) -> Key {
    (tenant.clone(), model.clone())
}

impl Models for World {
    async fn load(&self, tenant: &TenantId, model: &ModelId) -> Result<Arc<dyn Model>, Fault> {
        self.step("models.load", |stores| {
            let missing = || Fault::NotFound(format!("there is no model {model}"));
            stores.models.ready.get(&key(tenant, model)).cloned().ok_or_else(missing)
        })
        .await
    }
}

impl ModelFiles for World {
    async fn get(&self, tenant: &TenantId, model: &ModelId) -> Result<Option<Vec<u8>>, Fault> {
        self.step("model_files.get", |stores| {
            Ok(stores.models.files.get(&key(tenant, model)).map(|(file, _)| file.clone()))
        })
        .await
    }
}

impl ModelShelf for World {
    async fn put(&self, tenant: &TenantId, model: &ModelId, file: Vec<u8>) -> Result<(), Fault> {
        self.step("model_files.put", |stores| {
            stores.models.files.insert(key(tenant, model), (file, true));
            Ok(())
        })
        .await
    }

    async fn upload(
        &self,
        tenant: &TenantId,
        model: &ModelId,
        bytes: u64,
        now: Timestamp,
    ) -> Result<Upload, Fault> {
        let url = format!("memory://{tenant}/{model}?bytes={bytes}");
        let expires_at = now + SignedDuration::from_mins(15);
        self.step("model_files.upload", |_| {
            Ok(Upload { url, headers: BTreeMap::new(), expires_at })
        })
        .await
    }

    async fn accept(&self, tenant: &TenantId, model: &ModelId) -> Result<(), Fault> {
        self.step("model_files.accept", |stores| {
            if let Some((_, kept)) = stores.models.files.get_mut(&key(tenant, model)) {
                *kept = true;
            }
            Ok(())
        })
        .await
    }

    async fn forget(&self, tenant: &TenantId, model: &ModelId) -> Result<(), Fault> {
        self.step("model_files.forget", |stores| {
            stores.models.files.remove(&key(tenant, model));
            Ok(())
        })
        .await
    }
}

impl ModelKeeper for World {
    async fn list(&self, tenant: &TenantId) -> Result<Vec<Kept>, Fault> {
        self.step("models.list", |stores| {
            let all = stores.models.kept.iter().filter(|((owner, _), _)| owner == tenant);
            Ok(all.map(|(_, kept)| kept.clone()).collect())
        })
        .await
    }

    async fn find(&self, tenant: &TenantId, model: &ModelId) -> Result<Option<Kept>, Fault> {
        self.step("models.find", |stores| Ok(stores.models.kept.get(&key(tenant, model)).cloned()))
            .await
    }

    async fn keep(&self, tenant: &TenantId, model: &Kept) -> Result<(), Fault> {
        self.step("models.keep", |stores| {
            stores.models.kept.insert(key(tenant, &model.model), model.clone());
            Ok(())
        })
        .await
    }

    async fn remove(&self, tenant: &TenantId, model: &ModelId) -> Result<(), Fault> {
        self.step("models.remove", |stores| {
            stores.models.kept.remove(&key(tenant, model));
            Ok(())
        })
        .await
    }
}
