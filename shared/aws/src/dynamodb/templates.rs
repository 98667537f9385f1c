//! Stored templates and partials: pk `<tenant>`, sk `TEMPLATE#<id>` and `PARTIAL#<id>`, beside the use
//! cases that name them, so that one Query reads all that a tenant runs.

use super::Table;
use super::item::{self, Item, from_json, get_text, json, key, number, text};
use crate::fault::fault;
use ceap_engagement::template::library::{Kind, Stored, Templates};
use ceap_kernel::{Fault, TenantId};

pub(super) const TEMPLATE: &str = "TEMPLATE#";
pub(super) const PARTIAL: &str = "PARTIAL#";

/// Stored templates and partials.
#[derive(Debug, Clone)]
pub struct TemplateStore(Table);

impl TemplateStore {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }
}

fn prefix(kind: Kind) -> &'static str {
    match kind {
        Kind::Template => TEMPLATE,
        Kind::Partial => PARTIAL,
    }
}

fn changed(kind: Kind, id: &str) -> Fault {
    Fault::Conflict(format!("the {} `{id}` has another version now; read it again", kind.as_str()))
}

impl Templates for TemplateStore {
    async fn get(&self, tenant: &TenantId, kind: Kind, id: &str) -> Result<Option<Stored>, Fault> {
        let item = self.0.get(tenant.as_str(), &format!("{}{id}", prefix(kind))).await?;
        item.map_or(Ok(None), |item| from_json(&item, "stored"))
    }

    async fn list(&self, tenant: &TenantId, kind: Kind) -> Result<Vec<(String, Stored)>, Fault> {
        let mut pages = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .key_condition_expression("pk = :tenant AND begins_with(sk, :kind)")
            .expression_attribute_values(":tenant", text(tenant.as_str()))
            .expression_attribute_values(":kind", text(prefix(kind)))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut all = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| fault("Query", &error))?;
            let id = get_text(&item, "sk").and_then(|sk| sk.strip_prefix(prefix(kind)));
            if let (Some(id), Some(stored)) = (id, from_json(&item, "stored")?) {
                all.push((id.to_owned(), stored));
            }
        }
        Ok(all)
    }

    async fn put(
        &self,
        tenant: &TenantId,
        kind: Kind,
        id: &str,
        stored: &Stored,
    ) -> Result<(), Fault> {
        let mut item: Item = key(tenant.as_str(), &format!("{}{id}", prefix(kind)));
        item.insert("stored".to_owned(), json(stored)?);
        item.insert("version".to_owned(), number(stored.version));
        let put = self.0.client.put_item().table_name(&self.0.name).set_item(Some(item));
        let put = if stored.version == 1 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("version = :before")
                .expression_attribute_values(":before", number(stored.version.saturating_sub(1)))
        };
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if item::refused(&error) => Err(changed(kind, id)),
            Err(error) => Err(fault("PutItem", &error)),
        }
    }

    async fn delete(
        &self,
        tenant: &TenantId,
        kind: Kind,
        id: &str,
        version: u64,
    ) -> Result<(), Fault> {
        let place = key(tenant.as_str(), &format!("{}{id}", prefix(kind)));
        let delete = self.0.client.delete_item().table_name(&self.0.name).set_key(Some(place));
        let delete = delete
            .condition_expression("version = :version")
            .expression_attribute_values(":version", number(version));
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(error) if item::refused(&error) => Err(changed(kind, id)),
            Err(error) => Err(fault("DeleteItem", &error)),
        }
    }
}
