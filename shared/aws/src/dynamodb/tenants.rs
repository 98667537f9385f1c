//! Tenants: pk `<tenant>`, sk `TENANT`, beside their use cases (`USECASE#<id>`).

use super::Table;
use super::item::{from_json, json, key, text};
use super::{clients, credentials, senders, use_case_keeper};
use crate::fault::fault;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use ceap_engagement::onboarding::{Held, Tenant, Tenants};
use ceap_engagement::use_case::Document;
use ceap_kernel::access::{Principal, SignInClient};
use ceap_kernel::{Fault, TenantId, Timestamp};

pub(super) const TENANT: &str = "TENANT";
pub(super) const USE_CASE: &str = "USECASE#";

/// Tenants.
#[derive(Debug, Clone)]
pub struct TenantStore(Table);

impl TenantStore {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }
}

impl Tenants for TenantStore {
    async fn create(
        &self,
        id: &TenantId,
        tenant: &Tenant,
        use_cases: &[Document],
    ) -> Result<(), Fault> {
        let table = &self.0;
        let put = |sk: &str, name: &str, value| {
            let mut item = key(id.as_str(), sk);
            item.insert(name.to_owned(), value);
            Put::builder()
                .table_name(&table.name)
                .set_item(Some(item))
                .condition_expression("attribute_not_exists(pk)")
                .build()
                .map(|put| TransactWriteItem::builder().put(put).build())
                .map_err(|error| Fault::Internal(error.to_string()))
        };
        let mut writes = vec![put(TENANT, "tenant", json(tenant)?)?];
        for document in use_cases {
            for item in use_case_keeper::items(id, document, tenant.created_at)? {
                let put = Put::builder().table_name(&table.name).set_item(Some(item)).build();
                let put = put.map_err(|error| Fault::Internal(error.to_string()))?;
                writes.push(TransactWriteItem::builder().put(put).build());
            }
        }
        for item in senders::items(id, &tenant.settings) {
            let put = Put::builder().table_name(&table.name).set_item(Some(item)).build();
            let put = put.map_err(|error| Fault::Internal(error.to_string()))?;
            writes.push(TransactWriteItem::builder().put(put).build());
        }
        let taken = || Fault::Conflict(format!("there is a tenant `{id}` already"));
        table.transact(writes).await?.then_some(()).ok_or_else(taken)
    }

    async fn get(&self, id: &TenantId) -> Result<Option<Tenant>, Fault> {
        match self.0.get(id.as_str(), TENANT).await? {
            Some(item) => from_json(&item, "tenant"),
            None => Ok(None),
        }
    }

    async fn change(&self, id: &TenantId, before: &Tenant, after: &Tenant) -> Result<(), Fault> {
        let table = &self.0;
        let unbuilt = |error: &dyn std::fmt::Display| Fault::Internal(error.to_string());
        let mut item = key(id.as_str(), TENANT);
        item.insert("tenant".to_owned(), json(after)?);
        let put = Put::builder()
            .table_name(&table.name)
            .set_item(Some(item))
            .condition_expression("tenant = :before")
            .expression_attribute_values(":before", json(before)?)
            .build()
            .map_err(|error| unbuilt(&error))?;
        let mut writes = vec![TransactWriteItem::builder().put(put).build()];
        let (old, new) =
            (senders::items(id, &before.settings), senders::items(id, &after.settings));
        for item in new.iter().filter(|item| !old.contains(item)) {
            let put = Put::builder().table_name(&table.name).set_item(Some(item.clone()));
            let put = put.build().map_err(|error| unbuilt(&error))?;
            writes.push(TransactWriteItem::builder().put(put).build());
        }
        for item in old.into_iter().filter(|item| !new.contains(item)) {
            let delete = Delete::builder().table_name(&table.name).set_key(Some(item));
            let delete = delete.build().map_err(|error| unbuilt(&error))?;
            writes.push(TransactWriteItem::builder().delete(delete).build());
        }
        let taken = || Fault::Conflict(format!("the tenant `{id}` changed meanwhile; try again"));
        table.transact(writes).await?.then_some(()).ok_or_else(taken)
    }

    async fn grant(
        &self,
        fingerprint: &str,
        principal: &Principal,
        at: Timestamp,
        until: Option<Timestamp>,
    ) -> Result<(), Fault> {
        let table = &self.0;
        let mut item = key(&credentials::pk(&principal.tenant), fingerprint);
        item.insert("principal".to_owned(), json(principal)?);
        item.insert("created_at".to_owned(), text(at.to_string()));
        if let Some(until) = until {
            item.insert(credentials::UNTIL.to_owned(), text(until.to_string()));
        }
        table
            .client
            .put_item()
            .table_name(&table.name)
            .set_item(Some(item))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| fault("PutItem", &error))
    }

    async fn credentials(&self, tenant: &TenantId) -> Result<Vec<Held>, Fault> {
        let query = self.0.client.query().table_name(&self.0.name).consistent_read(true);
        let mut pages = query
            .key_condition_expression("pk = :keys")
            .expression_attribute_values(":keys", text(credentials::pk(tenant)))
            .into_paginator()
            .items()
            .send();
        let mut all = Vec::new();
        while let Some(item) = pages.next().await {
            all.extend(credentials::held(&item.map_err(|error| fault("Query", &error))?)?);
        }
        Ok(all)
    }

    async fn revoke(&self, tenant: &TenantId, fingerprint: &str) -> Result<(), Fault> {
        let delete = self.0.client.delete_item().table_name(&self.0.name);
        let deleted = delete.set_key(Some(key(&credentials::pk(tenant), fingerprint))).send().await;
        deleted.map(|_| ()).map_err(|error| fault("DeleteItem", &error))
    }

    async fn admit(&self, client_id: &str, client: &SignInClient) -> Result<(), Fault> {
        clients::put(&self.0, client_id, client).await
    }

    async fn dismiss(&self, client_id: &str, tenant: &TenantId) -> Result<(), Fault> {
        clients::delete(&self.0, client_id, tenant).await
    }
}
