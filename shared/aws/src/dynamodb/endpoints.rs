//! Endpoints: pk `<tenant>#ENDPOINT#<application>#<key>`, sk `ENDPOINT`. The index `by-subject` lists each with its
//! subject, at `<tenant>/<subject>`, to find a user's and to erase a subject's: its sort key begins with
//! `ENDPOINT#<application>#`, which tells it from a subject's candidates and ties.

use super::Table;
use super::item::{self, Item, from_json, get_number, get_text, json, key, number, text};
use crate::fault::fault;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use ceap_engagement::endpoint::{Change, Endpoints, Kept};
use ceap_kernel::{Fault, SourceId, SubjectId, TenantId, digest};
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::{BTreeMap, HashMap};

const SK: &str = "ENDPOINT";

/// The index that lists items with their subjects.
const BY_SUBJECT: &str = "by-subject";

/// Users that are looked for at once.
const CONCURRENCY: usize = 8;

/// Endpoints.
#[derive(Debug, Clone)]
pub struct EndpointStore(Table);

impl EndpointStore {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }

    /// The keys of a user's endpoints, in their order.
    async fn listed(
        &self,
        tenant: &TenantId,
        app: &SourceId,
        user: &SubjectId,
    ) -> Result<Vec<Item>, Fault> {
        let query = self.0.client.query().table_name(&self.0.name).index_name(BY_SUBJECT);
        let mut found = query
            .key_condition_expression("subject_key = :place AND begins_with(sort_key, :app)")
            .expression_attribute_values(":place", text(place(tenant, user)))
            .expression_attribute_values(":app", text(sort(app, "")))
            .projection_expression("pk, sk")
            .into_paginator()
            .items()
            .send();
        let mut keys = Vec::new();
        while let Some(item) = found.next().await {
            let item = item.map_err(|error| fault("Query", &error))?;
            let part = |name| get_text(&item, name).unwrap_or_default();
            keys.push(key(part("pk"), part("sk")));
        }
        Ok(keys)
    }
}

fn pk(tenant: &TenantId, app: &SourceId, key: &str) -> String {
    format!("{tenant}#ENDPOINT#{app}#{key}")
}

fn place(tenant: &TenantId, subject: &SubjectId) -> String {
    format!("{tenant}/{subject}")
}

fn sort(app: &SourceId, unique: &str) -> String {
    format!("ENDPOINT#{app}#{unique}")
}

fn kept(item: &Item) -> Result<Kept, Fault> {
    let unreadable = || Fault::Internal("unreadable endpoint".to_owned());
    let endpoint = from_json(item, "endpoint")?.ok_or_else(unreadable)?;
    let version = get_number(item, "version").and_then(|it| u64::try_from(it).ok());
    Ok(Kept { endpoint, version: version.ok_or_else(unreadable)? })
}

/// What must be so, and what becomes of it.
struct Write {
    key: Item,
    item: Option<Item>,
    condition: &'static str,
    values: Option<HashMap<String, AttributeValue>>,
}

impl Write {
    fn of(tenant: &TenantId, app: &SourceId, change: &Change) -> Result<Self, Fault> {
        let key = key(&pk(tenant, app, &change.key), SK);
        let (condition, values) = match change.before {
            0 => ("attribute_not_exists(pk)", None),
            before => {
                ("version = :before", Some(HashMap::from([(":before".to_owned(), number(before))])))
            }
        };
        let item = match &change.after {
            None => None,
            Some(endpoint) => {
                let mut item = key.clone();
                let subject = place(tenant, &endpoint.subject()?);
                item.insert("endpoint".to_owned(), json(endpoint)?);
                item.insert("version".to_owned(), number(change.before.saturating_add(1)));
                item.insert("subject_key".to_owned(), text(subject));
                item.insert("sort_key".to_owned(), text(sort(app, &digest(&[&change.key]))));
                Some(item)
            }
        };
        Ok(Self { key, item, condition, values })
    }

    fn in_transaction(self, table: &str) -> Result<TransactWriteItem, Fault> {
        let unbuilt = |error: &dyn std::fmt::Display| Fault::Internal(error.to_string());
        let write = TransactWriteItem::builder();
        let write = match self.item {
            Some(item) => {
                let put = Put::builder().table_name(table).set_item(Some(item));
                let put = put.condition_expression(self.condition);
                let put = put.set_expression_attribute_values(self.values).build();
                write.put(put.map_err(|error| unbuilt(&error))?)
            }
            None => {
                let delete = Delete::builder().table_name(table).set_key(Some(self.key));
                let delete = delete.condition_expression(self.condition);
                let delete = delete.set_expression_attribute_values(self.values).build();
                write.delete(delete.map_err(|error| unbuilt(&error))?)
            }
        };
        Ok(write.build())
    }

    /// By itself: a transaction would cost twice as much.
    async fn alone(self, table: &Table) -> Result<bool, Fault> {
        let Self { key, item, condition, values } = self;
        let (client, name) = (&table.client, &table.name);
        let (refused, failed) = match item {
            Some(item) => {
                let put = client.put_item().table_name(name).set_item(Some(item));
                let put = put.condition_expression(condition);
                match put.set_expression_attribute_values(values).send().await {
                    Ok(_) => return Ok(true),
                    Err(error) => (item::refused(&error), fault("PutItem", &error)),
                }
            }
            None => {
                let delete = client.delete_item().table_name(name).set_key(Some(key));
                let delete = delete.condition_expression(condition);
                match delete.set_expression_attribute_values(values).send().await {
                    Ok(_) => return Ok(true),
                    Err(error) => (item::refused(&error), fault("DeleteItem", &error)),
                }
            }
        };
        if refused { Ok(false) } else { Err(failed) }
    }
}

impl Endpoints for EndpointStore {
    async fn load(
        &self,
        tenant: &TenantId,
        app: &SourceId,
        keys: &[String],
    ) -> Result<Vec<Option<Kept>>, Fault> {
        let places = keys.iter().map(|it| key(&pk(tenant, app, it), SK)).collect();
        let found = self.0.get_all(places).await?;
        let named = |item: &Item| Some((get_text(item, "pk")?.to_owned(), kept(item)));
        let mut found: BTreeMap<String, Result<Kept, Fault>> =
            found.iter().filter_map(named).collect();
        keys.iter().map(|key| found.remove(&pk(tenant, app, key)).transpose()).collect()
    }

    async fn of_users(
        &self,
        tenant: &TenantId,
        app: &SourceId,
        users: &[SubjectId],
    ) -> Result<Vec<Vec<Kept>>, Fault> {
        let asked = users.iter().map(|user| self.listed(tenant, app, user));
        let listed: Vec<Vec<Item>> =
            stream::iter(asked).buffered(CONCURRENCY).try_collect().await?;
        let keys: Vec<Item> = listed.into_iter().flatten().collect();
        if keys.is_empty() {
            return Ok(users.iter().map(|_| Vec::new()).collect());
        }
        let mut of: BTreeMap<SubjectId, Vec<Kept>> = BTreeMap::new();
        for item in self.0.get_all(keys).await? {
            let kept = kept(&item)?;
            // The index is a moment behind, and the endpoint may be somebody else's by now.
            if let Some(user) = &kept.endpoint.user.user_id {
                of.entry(user.clone()).or_default().push(kept);
            }
        }
        for all in of.values_mut() {
            all.sort_by(|a, b| a.endpoint.id.cmp(&b.endpoint.id));
        }
        Ok(users.iter().map(|user| of.get(user).cloned().unwrap_or_default()).collect())
    }

    async fn save(
        &self,
        tenant: &TenantId,
        app: &SourceId,
        changes: &[Change],
    ) -> Result<(), Fault> {
        let changed = || Fault::Conflict("an endpoint changed meanwhile".to_owned());
        let done = match changes {
            [] => true,
            [one] => Write::of(tenant, app, one)?.alone(&self.0).await?,
            many => {
                let write = |it| Write::of(tenant, app, it)?.in_transaction(&self.0.name);
                let writes: Result<Vec<TransactWriteItem>, Fault> =
                    many.iter().map(write).collect();
                self.0.transact(writes?).await?
            }
        };
        done.then_some(()).ok_or_else(changed)
    }
}
