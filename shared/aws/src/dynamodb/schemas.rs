//! Schemas: the one that events are judged by at pk `<tenant>`, sk `SCHEMA#<type>`, and every version at pk
//! `<tenant>#SCHEMAS`, sk `<type>#` and the version in ten digits.

use super::Table;
use super::item::{self, Item, from_json, json, key, number, text};
use crate::fault::fault;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use ceap_engagement::schema::EventSchema;
use ceap_engagement::schema::registry::SchemaKeeper;
use ceap_kernel::{Fault, TenantId};

/// What the sort key of a schema that is judged by begins with.
pub(super) const SCHEMA: &str = "SCHEMA#";

/// Schemas with their versions.
#[derive(Debug, Clone)]
pub struct SchemaStore(Table);

impl SchemaStore {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }

    fn query(&self, pk: &str, prefix: &str) -> QueryFluentBuilder {
        let query = self.0.client.query().table_name(&self.0.name).consistent_read(true);
        query
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":prefix", text(prefix))
    }
}

/// A schema as it is kept.
pub(super) fn read(item: &Item) -> Result<Option<EventSchema>, Fault> {
    from_json(item, "schema")
}

fn history(tenant: &TenantId) -> String {
    format!("{tenant}#SCHEMAS")
}

fn judged(kind: &str) -> String {
    format!("{SCHEMA}{kind}")
}

impl SchemaKeeper for SchemaStore {
    async fn get(
        &self,
        tenant: &TenantId,
        kind: &str,
        version: Option<u64>,
    ) -> Result<Option<EventSchema>, Fault> {
        let item = match version {
            None => self.0.get(tenant.as_str(), &judged(kind)).await?,
            Some(version) => self.0.get(&history(tenant), &format!("{kind}#{version:010}")).await?,
        };
        item.map_or(Ok(None), |item| read(&item))
    }

    async fn list(&self, tenant: &TenantId) -> Result<Vec<EventSchema>, Fault> {
        let mut pages = self.query(tenant.as_str(), SCHEMA).into_paginator().items().send();
        let mut all = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| fault("Query", &error))?;
            all.extend(read(&item)?);
        }
        Ok(all)
    }

    async fn newest(&self, tenant: &TenantId, kind: &str) -> Result<u64, Fault> {
        let query = self.query(&history(tenant), &format!("{kind}#"));
        let page = query.scan_index_forward(false).limit(1).send().await;
        let page = page.map_err(|error| fault("Query", &error))?;
        let newest = page.items.unwrap_or_default().first().map(read).transpose()?.flatten();
        Ok(newest.map_or(0, |schema| schema.version))
    }

    async fn put(&self, tenant: &TenantId, schema: &EventSchema) -> Result<(), Fault> {
        let (kind, version) = (&schema.kind, schema.version);
        let written = json(schema)?;
        let item = |pk: &str, sk: &str| {
            let mut item = key(pk, sk);
            item.insert("schema".to_owned(), written.clone());
            item.insert("version".to_owned(), number(version));
            Put::builder().table_name(&self.0.name).set_item(Some(item))
        };
        let unbuilt = |error: &dyn std::fmt::Display| Fault::Internal(error.to_string());
        let judged = item(tenant.as_str(), &judged(kind));
        let stays = item(&history(tenant), &format!("{kind}#{version:010}"))
            .condition_expression("attribute_not_exists(pk)");
        let writes = [judged.build(), stays.build()].map(|put| {
            let put = put.map_err(|error| unbuilt(&error))?;
            Ok(TransactWriteItem::builder().put(put).build())
        });
        let writes = writes.into_iter().collect::<Result<_, Fault>>()?;
        self.0.transact(writes).await?.then_some(()).ok_or_else(|| changed(kind))
    }

    async fn delete(&self, tenant: &TenantId, kind: &str, version: u64) -> Result<(), Fault> {
        let delete = self.0.client.delete_item().table_name(&self.0.name);
        let delete = delete
            .set_key(Some(key(tenant.as_str(), &judged(kind))))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", number(version));
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(error) if item::refused(&error) => Err(changed(kind)),
            Err(error) => Err(fault("DeleteItem", &error)),
        }
    }
}

fn changed(kind: &str) -> Fault {
    Fault::Conflict(format!("the schema of `{kind}` changed meanwhile; read it again"))
}
