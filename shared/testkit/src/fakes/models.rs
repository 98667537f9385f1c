//! Stored models, ready to score.

use crate::World;
use ceap_engagement::model::Model;
use ceap_engagement::pipeline::score::Models;
use ceap_kernel::{Fault, ModelId, TenantId};
use std::sync::Arc;

impl Models for World {
    async fn load(&self, tenant: &TenantId, model: &ModelId) -> Result<Arc<dyn Model>, Fault> {
        let key = (tenant.clone(), model.clone());
        self.step("models.load", |stores| {
            let missing = || Fault::NotFound(format!("there is no model {model}"));
            stores.models.get(&key).cloned().ok_or_else(missing)
        })
        .await
    }
}
