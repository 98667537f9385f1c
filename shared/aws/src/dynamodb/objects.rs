//! Objects of sources: pk `<tenant>#OBJECT#<object>`, sk `OBJECT`, and beside it `PLAN`, how it is divided,
//! and `PART#<part>`, how far each part was read. A source's objects are listed at pk
//! `<tenant>#OBJECTS#<source>`, sk `<when it was noticed>#<object>`: a pointer that is written with its
//! object, in one transaction.

use super::Table;
use super::item::{self, Item, from_json, get_number, get_text, json, key, number, text};
use crate::fault::fault;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use ceap_engagement::source::object::{Kept, KeptPart, Object, ObjectStore, PartState, Plan};
use ceap_kernel::{Fault, ObjectId, SourceId, TenantId};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

const OBJECT: &str = "OBJECT";
const PLAN: &str = "PLAN";
const PART: &str = "PART#";

/// Days that what became of an object is kept: as long as its rows may be in quarantine.
const KEPT_DAYS: i64 = 90;

/// What became of objects.
#[derive(Debug, Clone)]
pub struct Objects(Table);

impl Objects {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }

    /// Replaces an item that still has `revision`; 0 for one that is not there.
    async fn replace(
        &self,
        object: &Object,
        sk: &str,
        value: &impl Serialize,
        revision: u64,
    ) -> Result<(), Fault> {
        let table = &self.0;
        let next = revision.saturating_add(1);
        let item = write(object, sk, value, next)?;
        let put = table.client.put_item().table_name(&table.name).set_item(Some(item));
        let put = match revision {
            0 => put.condition_expression("attribute_not_exists(pk)"),
            _ => put
                .condition_expression("revision = :read")
                .expression_attribute_values(":read", number(revision)),
        };
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if item::refused(&error) => {
                Err(Fault::Conflict("the object changed meanwhile".to_owned()))
            }
            Err(error) => Err(fault("PutItem", &error)),
        }
    }
}

fn pk(tenant: &TenantId, id: &ObjectId) -> String {
    format!("{tenant}#OBJECT#{id}")
}

fn list_pk(tenant: &TenantId, source: &SourceId) -> String {
    format!("{tenant}#OBJECTS#{source}")
}

fn part_sk(part: u32) -> String {
    format!("{PART}{part:06}")
}

fn ttl(object: &Object) -> (String, aws_sdk_dynamodb::types::AttributeValue) {
    let gone = object.noticed.as_second().saturating_add(KEPT_DAYS.saturating_mul(86_400));
    ("ttl".to_owned(), number(gone))
}

fn write(object: &Object, sk: &str, value: &impl Serialize, revision: u64) -> Result<Item, Fault> {
    let mut item = key(&pk(&object.tenant, &object.id), sk);
    item.insert("value".to_owned(), json(value)?);
    item.insert("revision".to_owned(), number(revision));
    item.extend([ttl(object)]);
    Ok(item)
}

fn revision(item: &Item) -> u64 {
    get_number(item, "revision").and_then(|n| u64::try_from(n).ok()).unwrap_or_default()
}

fn read(item: &Item) -> Result<Option<Kept>, Fault> {
    let object = from_json(item, "value")?;
    Ok(object.map(|object| Kept { object, revision: revision(item) }))
}

impl ObjectStore for Objects {
    async fn create(&self, object: &Object) -> Result<Kept, Fault> {
        let name = &self.0.name;
        let mut pointer = key(
            &list_pk(&object.tenant, &object.source),
            &format!("{:015}#{}", object.noticed.as_millisecond(), object.id),
        );
        pointer.extend([ttl(object), ("object".to_owned(), text(object.id.as_str()))]);
        let unbuilt = |error: &dyn std::fmt::Display| Fault::Internal(error.to_string());
        let put = |item| Put::builder().table_name(name).set_item(Some(item));
        let new = put(write(object, OBJECT, object, 1)?);
        let new = new.condition_expression("attribute_not_exists(pk)").build();
        let new = new.map_err(|error| unbuilt(&error))?;
        let pointer = put(pointer).build().map_err(|error| unbuilt(&error))?;
        let writes = [new, pointer].map(|put| TransactWriteItem::builder().put(put).build());
        if self.0.transact(writes.to_vec()).await? {
            return Ok(Kept { object: object.clone(), revision: 1 });
        }
        let vanished = || Fault::Unavailable("the object is no longer kept".to_owned());
        self.get(&object.tenant, &object.id).await?.ok_or_else(vanished)
    }

    async fn get(&self, tenant: &TenantId, id: &ObjectId) -> Result<Option<Kept>, Fault> {
        let item = self.0.get(&pk(tenant, id), OBJECT).await?;
        item.map_or(Ok(None), |item| read(&item))
    }

    async fn save(&self, object: &Object, revision: u64) -> Result<(), Fault> {
        self.replace(object, OBJECT, object, revision).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        source: &SourceId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Object>, Option<String>), Fault> {
        let table = &self.0;
        let mut query = table
            .client
            .query()
            .table_name(&table.name)
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .expression_attribute_values(":pk", text(list_pk(tenant, source)));
        query = match cursor {
            Some(cursor) => query
                .key_condition_expression("pk = :pk AND sk < :cursor")
                .expression_attribute_values(":cursor", text(cursor)),
            None => query.key_condition_expression("pk = :pk"),
        };
        let page = query.send().await.map_err(|error| fault("Query", &error))?;
        let found = page.items.unwrap_or_default();
        let last = found.last().and_then(|item| get_text(item, "sk")).map(str::to_owned);
        let next = last.filter(|_| page.last_evaluated_key.is_some());
        let place = |item: &Item| {
            format!("{tenant}#OBJECT#{}", get_text(item, "object").unwrap_or_default())
        };
        let keys = found.iter().map(|item| key(&place(item), OBJECT)).collect();
        let mut whole: HashMap<String, Item> = HashMap::new();
        for item in table.get_all(keys).await? {
            whole.insert(get_text(&item, "pk").unwrap_or_default().to_owned(), item);
        }
        let ordered = found.iter().filter_map(|item| whole.remove(&place(item)));
        let objects = ordered.map(|item| read(&item)).collect::<Result<Vec<_>, _>>()?;
        Ok((objects.into_iter().flatten().map(|kept| kept.object).collect(), next))
    }

    async fn plan(&self, tenant: &TenantId, id: &ObjectId) -> Result<Option<Plan>, Fault> {
        let item = self.0.get(&pk(tenant, id), PLAN).await?;
        item.map_or(Ok(None), |item| from_json(&item, "value"))
    }

    async fn keep_plan(&self, object: &Object, plan: &Plan) -> Result<(), Fault> {
        let table = &self.0;
        let put = table.client.put_item().table_name(&table.name);
        put.set_item(Some(write(object, PLAN, plan, 1)?))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| fault("PutItem", &error))
    }

    async fn part(
        &self,
        tenant: &TenantId,
        id: &ObjectId,
        part: u32,
    ) -> Result<Option<KeptPart>, Fault> {
        let Some(item) = self.0.get(&pk(tenant, id), &part_sk(part)).await? else {
            return Ok(None);
        };
        let state = from_json(&item, "value")?;
        Ok(state.map(|state| KeptPart { state, revision: revision(&item) }))
    }

    async fn keep_part(
        &self,
        object: &Object,
        part: u32,
        state: &PartState,
        revision: u64,
    ) -> Result<(), Fault> {
        self.replace(object, &part_sk(part), state, revision).await
    }

    async fn parts(
        &self,
        tenant: &TenantId,
        id: &ObjectId,
    ) -> Result<BTreeMap<u32, PartState>, Fault> {
        let table = &self.0;
        let mut pages = table
            .client
            .query()
            .table_name(&table.name)
            .key_condition_expression("pk = :pk AND begins_with(sk, :part)")
            .expression_attribute_values(":pk", text(pk(tenant, id)))
            .expression_attribute_values(":part", text(PART))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut all = BTreeMap::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| fault("Query", &error))?;
            let part = get_text(&item, "sk").and_then(|sk| sk.strip_prefix(PART)?.parse().ok());
            if let (Some(part), Some(state)) = (part, from_json(&item, "value")?) {
                all.insert(part, state);
            }
        }
        Ok(all)
    }
}
