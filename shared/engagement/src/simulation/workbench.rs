//! What documents are tried out with besides events: models, and what recommendations are made from.

use crate::affinity::port::Affinities;
use crate::item::Items;
use crate::pipeline::score::Models;
use crate::use_case::{Document, OwnShop, Plan};
use ceap_kernel::{Fault, TenantId};
use std::sync::Arc;

/// Models, affinity models and items.
#[derive(Debug, Clone)]
pub struct Workbench<M> {
    models: M,
    shop: OwnShop,
}

impl<M: Models> Workbench<M> {
    /// With all of them.
    #[must_use]
    pub fn new(
        models: M,
        affinities: impl Affinities + 'static,
        items: impl Items + 'static,
    ) -> Self {
        let shop = OwnShop { affinities: Arc::new(affinities), items: Arc::new(items) };
        Self { models, shop }
    }

    /// What the tenant runs, with all at hand that `document` scores with: for [`Plan::alone`].
    ///
    /// # Errors
    /// As [`Models::load`].
    pub async fn laid_out(
        &self,
        tenant: &TenantId,
        running: &Plan,
        document: &Document,
    ) -> Result<Plan, Fault> {
        let plan = running.ready_for(tenant, document, &self.models).await?;
        Ok(plan.with_shop(self.shop.clone()))
    }
}
