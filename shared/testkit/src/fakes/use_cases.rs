//! What tenants run, and the clock.

use crate::World;
use ceap_engagement::use_case::{Plan, UseCases};
use ceap_kernel::{Clock, Fault, TenantId, Timestamp};
use std::sync::Arc;

impl UseCases for World {
    async fn plan(&self, tenant: &TenantId) -> Result<Arc<Plan>, Fault> {
        self.step("use_cases.plan", |stores| {
            stores
                .plans
                .get(tenant)
                .cloned()
                .ok_or_else(|| Fault::NotFound(format!("there is no tenant {tenant}")))
        })
        .await
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.time()
    }
}
