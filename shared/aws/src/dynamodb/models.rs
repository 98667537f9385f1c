//! What is known of stored models: pk `<tenant>`, sk `MODEL#<sha256>`, beside the use cases that pin
//! them, so that one Query reads all that a tenant runs. Their files are in S3.

use super::Table;
use super::item::{Item, from_json, json, key, text};
use crate::fault::fault;
use ceap_engagement::model::library::{Kept, ModelKeeper};
use ceap_kernel::{Fault, ModelId, TenantId};

pub(super) const MODEL: &str = "MODEL#";

/// What is known of stored models.
#[derive(Debug, Clone)]
pub struct ModelStore(Table);

impl ModelStore {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }
}

/// The model of an item.
pub(super) fn kept(item: &Item) -> Result<Option<Kept>, Fault> {
    from_json(item, "model")
}

fn place(tenant: &TenantId, model: &ModelId) -> Item {
    key(tenant.as_str(), &format!("{MODEL}{model}"))
}

impl ModelKeeper for ModelStore {
    async fn list(&self, tenant: &TenantId) -> Result<Vec<Kept>, Fault> {
        let mut pages = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .key_condition_expression("pk = :tenant AND begins_with(sk, :model)")
            .expression_attribute_values(":tenant", text(tenant.as_str()))
            .expression_attribute_values(":model", text(MODEL))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut all = Vec::new();
        while let Some(item) = pages.next().await {
            all.extend(kept(&item.map_err(|error| fault("Query", &error))?)?);
        }
        Ok(all)
    }

    async fn find(&self, tenant: &TenantId, model: &ModelId) -> Result<Option<Kept>, Fault> {
        let item = self.0.get(tenant.as_str(), &format!("{MODEL}{model}")).await?;
        item.map_or(Ok(None), |item| kept(&item))
    }

    async fn keep(&self, tenant: &TenantId, model: &Kept) -> Result<(), Fault> {
        let mut item = place(tenant, &model.model);
        item.insert("model".to_owned(), json(model)?);
        let put = self.0.client.put_item().table_name(&self.0.name).set_item(Some(item));
        put.send().await.map(|_| ()).map_err(|error| fault("PutItem", &error))
    }

    async fn remove(&self, tenant: &TenantId, model: &ModelId) -> Result<(), Fault> {
        let delete = self.0.client.delete_item().table_name(&self.0.name);
        delete
            .set_key(Some(place(tenant, model)))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| fault("DeleteItem", &error))
    }
}
