//! Use cases as they are changed: the one that runs at pk `<tenant>`, sk `USECASE#<id>`, and every
//! version at pk `<tenant>#USECASE#<id>`, sk the version in ten digits.

use super::Table;
use super::item::{Item, from_json, get_text, json, key, number, text};
use super::tenants::USE_CASE;
use crate::fault::fault;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use ceap_engagement::use_case::Document;
use ceap_engagement::use_case::library::{UseCaseKeeper, Version};
use ceap_kernel::{Fault, TenantId, Timestamp, UseCaseId};

/// Use cases with their versions.
#[derive(Debug, Clone)]
pub struct UseCaseVersions(Table);

impl UseCaseVersions {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }

    async fn query(
        &self,
        pk: &str,
        prefix: &str,
        newest_first: bool,
    ) -> Result<Vec<Version>, Fault> {
        let mut pages = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":prefix", text(prefix))
            .consistent_read(true)
            .scan_index_forward(!newest_first)
            .into_paginator()
            .items()
            .send();
        let mut all = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| fault("Query", &error))?;
            all.extend(version(&item)?);
        }
        Ok(all)
    }

    async fn transact(&self, id: &UseCaseId, writes: Vec<TransactWriteItem>) -> Result<(), Fault> {
        let changed = || Fault::Conflict(format!("`{id}` changed meanwhile; read it again"));
        self.0.transact(writes).await?.then_some(()).ok_or_else(changed)
    }
}

/// What was kept with a tenant when it was made has no instant of its own.
fn version(item: &Item) -> Result<Option<Version>, Fault> {
    let Some(document) = from_json::<Document>(item, "document")? else { return Ok(None) };
    let updated_at = get_text(item, "updated_at").and_then(|at| at.parse().ok());
    Ok(Some(Version { updated_at: updated_at.unwrap_or(Timestamp::UNIX_EPOCH), document }))
}

fn history(tenant: &TenantId, id: &UseCaseId) -> String {
    format!("{tenant}#{USE_CASE}{id}")
}

/// The items of a version: the one that runs, and the one that stays.
pub(super) fn items(
    tenant: &TenantId,
    document: &Document,
    at: Timestamp,
) -> Result<[Item; 2], Fault> {
    let places = [
        key(tenant.as_str(), &format!("{USE_CASE}{}", document.id)),
        key(&history(tenant, &document.id), &format!("{:010}", document.version)),
    ];
    let document_json = json(document)?;
    Ok(places.map(|mut item| {
        item.insert("document".to_owned(), document_json.clone());
        item.insert("version".to_owned(), number(document.version));
        item.insert("updated_at".to_owned(), text(at.to_string()));
        item
    }))
}

impl UseCaseKeeper for UseCaseVersions {
    async fn list(&self, tenant: &TenantId) -> Result<Vec<Version>, Fault> {
        self.query(tenant.as_str(), USE_CASE, false).await
    }

    async fn get(&self, tenant: &TenantId, id: &UseCaseId) -> Result<Option<Version>, Fault> {
        let item = self.0.get(tenant.as_str(), &format!("{USE_CASE}{id}")).await?;
        item.map_or(Ok(None), |item| version(&item))
    }

    async fn versions(&self, tenant: &TenantId, id: &UseCaseId) -> Result<Vec<Version>, Fault> {
        self.query(&history(tenant, id), "0", true).await
    }

    async fn put(&self, tenant: &TenantId, version: &Version) -> Result<(), Fault> {
        let [runs, stays] = items(tenant, &version.document, version.updated_at)?;
        let unbuilt = |error: &dyn std::fmt::Display| Fault::Internal(error.to_string());
        let put = |item| Put::builder().table_name(&self.0.name).set_item(Some(item));
        let runs = put(runs).build().map_err(|error| unbuilt(&error))?;
        let stays = put(stays).condition_expression("attribute_not_exists(pk)");
        let stays = stays.build().map_err(|error| unbuilt(&error))?;
        let writes = [runs, stays].map(|put| TransactWriteItem::builder().put(put).build());
        self.transact(&version.document.id, writes.to_vec()).await
    }

    async fn delete(&self, tenant: &TenantId, id: &UseCaseId, version: u32) -> Result<(), Fault> {
        let delete = Delete::builder()
            .table_name(&self.0.name)
            .set_key(Some(key(tenant.as_str(), &format!("{USE_CASE}{id}"))))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", number(version))
            .build()
            .map_err(|error| Fault::Internal(error.to_string()))?;
        self.transact(id, vec![TransactWriteItem::builder().delete(delete).build()]).await
    }
}
