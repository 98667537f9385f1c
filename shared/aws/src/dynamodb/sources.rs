//! Sources: pk `<tenant>#SOURCES`, sk the source's id. Their keys are among the tenant's credentials,
//! with the source's id as `source`. What went wrong with one last is at pk `<tenant>#PROBLEMS`, sk its id.

use super::Table;
use super::credentials;
use super::item::{self, Item, from_json, get_text, json, key, millis, number, text};
use crate::fault::fault;
use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem};
use ceap_engagement::source::library::{Granted, Problem, Sources, Stored};
use ceap_kernel::access::Principal;
use ceap_kernel::{Fault, SourceId, TenantId};

/// A tenant's sources, and their keys.
#[derive(Debug, Clone)]
pub struct SourceStore(Table);

impl SourceStore {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }
}

fn pk(tenant: &TenantId) -> String {
    format!("{tenant}#SOURCES")
}

fn problems(tenant: &TenantId) -> String {
    format!("{tenant}#PROBLEMS")
}

fn changed(id: &SourceId) -> Fault {
    Fault::Conflict(format!("the source `{id}` has another version now; read it again"))
}

fn granted(item: &Item) -> Result<Granted, Fault> {
    let attribute = |name: &str| {
        let unreadable = || Fault::Internal(format!("unreadable attribute {name} of a key"));
        get_text(item, name).ok_or_else(unreadable)
    };
    let created_at = attribute("created_at")?.parse();
    let created_at = created_at.map_err(|_| Fault::Internal("unreadable time of a key".into()))?;
    Ok(Granted { fingerprint: attribute("sk")?.to_owned(), created_at })
}

impl Sources for SourceStore {
    async fn get(&self, tenant: &TenantId, id: &SourceId) -> Result<Option<Stored>, Fault> {
        let item = self.0.get(&pk(tenant), id.as_str()).await?;
        item.map_or(Ok(None), |item| from_json(&item, "stored"))
    }

    async fn list(&self, tenant: &TenantId) -> Result<Vec<Stored>, Fault> {
        let query = self.0.client.query().table_name(&self.0.name);
        let mut pages = query
            .key_condition_expression("pk = :sources")
            .expression_attribute_values(":sources", text(pk(tenant)))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut all = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| fault("Query", &error))?;
            all.extend(from_json::<Stored>(&item, "stored")?);
        }
        Ok(all)
    }

    async fn put(&self, tenant: &TenantId, stored: &Stored) -> Result<(), Fault> {
        let id = &stored.document.id;
        let mut item = key(&pk(tenant), id.as_str());
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
            Err(error) if item::refused(&error) => Err(changed(id)),
            Err(error) => Err(fault("PutItem", &error)),
        }
    }

    async fn delete(&self, tenant: &TenantId, id: &SourceId, version: u64) -> Result<(), Fault> {
        let delete = self.0.client.delete_item().table_name(&self.0.name);
        let delete = delete
            .set_key(Some(key(&pk(tenant), id.as_str())))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", number(version));
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(error) if item::refused(&error) => Err(changed(id)),
            Err(error) => Err(fault("DeleteItem", &error)),
        }
    }

    async fn report(
        &self,
        tenant: &TenantId,
        id: &SourceId,
        problem: &Problem,
    ) -> Result<(), Fault> {
        let mut item = key(&problems(tenant), id.as_str());
        item.insert("problem".to_owned(), json(problem)?);
        item.insert("at".to_owned(), millis(problem.at));
        let before = problem.at.checked_sub(Problem::EVERY).unwrap_or_default();
        let put = self.0.client.put_item().table_name(&self.0.name).set_item(Some(item));
        let put = put
            .condition_expression("attribute_not_exists(pk) OR #at <= :before")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":before", millis(before));
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if item::refused(&error) => Ok(()),
            Err(error) => Err(fault("PutItem", &error)),
        }
    }

    async fn problem(&self, tenant: &TenantId, id: &SourceId) -> Result<Option<Problem>, Fault> {
        let item = self.0.get(&problems(tenant), id.as_str()).await?;
        item.map_or(Ok(None), |item| from_json(&item, "problem"))
    }

    async fn keys(&self, tenant: &TenantId, id: &SourceId) -> Result<Vec<Granted>, Fault> {
        // A tenant has few credentials: all are read, and those of others left out.
        let query = self.0.client.query().table_name(&self.0.name);
        let mut pages = query
            .key_condition_expression("pk = :keys")
            .filter_expression("#source = :source")
            .expression_attribute_names("#source", "source")
            .expression_attribute_values(":keys", text(credentials::pk(tenant)))
            .expression_attribute_values(":source", text(id.as_str()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut all = Vec::new();
        while let Some(item) = pages.next().await {
            all.push(granted(&item.map_err(|error| fault("Query", &error))?)?);
        }
        all.sort_by(|a, b| (a.created_at, &a.fingerprint).cmp(&(b.created_at, &b.fingerprint)));
        Ok(all)
    }

    async fn grant(
        &self,
        principal: &Principal,
        id: &SourceId,
        granted: &Granted,
    ) -> Result<(), Fault> {
        let (table, tenant) = (&self.0, &principal.tenant);
        let unbuilt = |error: &dyn std::fmt::Display| Fault::Internal(error.to_string());
        let mut item = key(&credentials::pk(tenant), &granted.fingerprint);
        item.insert("principal".to_owned(), json(principal)?);
        item.insert("created_at".to_owned(), text(granted.created_at.to_string()));
        item.insert("source".to_owned(), text(id.as_str()));
        let put = Put::builder().table_name(&table.name).set_item(Some(item));
        let put = put.build().map_err(|error| unbuilt(&error))?;
        let check = ConditionCheck::builder()
            .table_name(&table.name)
            .set_key(Some(key(&pk(tenant), id.as_str())))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map_err(|error| unbuilt(&error))?;
        let writes = vec![
            TransactWriteItem::builder().condition_check(check).build(),
            TransactWriteItem::builder().put(put).build(),
        ];
        let missing = || Fault::NotFound(format!("there is no source `{id}`"));
        table.transact(writes).await?.then_some(()).ok_or_else(missing)
    }

    async fn revoke(&self, tenant: &TenantId, fingerprint: &str) -> Result<(), Fault> {
        let delete = self.0.client.delete_item().table_name(&self.0.name);
        let deleted = delete.set_key(Some(key(&credentials::pk(tenant), fingerprint))).send().await;
        deleted.map(|_| ()).map_err(|error| fault("DeleteItem", &error))
    }
}
