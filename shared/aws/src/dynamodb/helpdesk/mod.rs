//! The helpdesk's records: pk `<tenant>#<partition>`, sk as the helpdesk says; `body` is JSON, `rev` counts the writes,
//! `n` is a number that is added to. What expires has `expires_at` in milliseconds, by which every read and condition
//! judges it, and `ttl` in seconds, by which DynamoDB deletes it some time later.

mod commit;
mod write;

use super::Table;
use super::item::{self, get_number, get_text, key, millis, number, text};
use crate::fault::fault;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, Select};
use ceap_helpdesk::store::{Failure, Found, Item, Key, Range, Soon, Store, Write};
use ceap_kernel::{Clock, Fault, TenantId, Timestamp};
use std::sync::Arc;
use write::{ALIVE, Terms};

/// Bytes of a partition key and of a sort key (DynamoDB developer guide, "Constraints").
const KEY_BYTES: (usize, usize) = (2048, 1024);

/// Times that a number is added to while others begin it anew.
const ATTEMPTS: usize = 5;

/// The helpdesk's records in a table.
#[derive(Clone)]
pub struct HelpdeskStore {
    table: Table,
    clock: Arc<dyn Clock>,
}

impl HelpdeskStore {
    /// In `table`, at the times that `clock` tells.
    #[must_use]
    pub fn new(table: Table, clock: impl Clock + 'static) -> Self {
        Self { table, clock: Arc::new(clock) }
    }

    /// The items of `keys` that are there.
    async fn read(&self, tenant: &TenantId, keys: &[Key]) -> Result<Vec<Item>, Fault> {
        let mut keys: Vec<&Key> = keys.iter().filter(|key| possible(tenant, key)).collect();
        keys.sort_unstable();
        keys.dedup();
        let keys = keys.into_iter().map(|key| place(tenant, key)).collect();
        let items = self.table.get_all(keys).await?;
        let now = self.clock.now();
        Ok(items.iter().filter_map(|item| alive(tenant, item, now)).collect())
    }

    async fn part(&self, tenant: &TenantId, range: &Range) -> Result<Found, Fault> {
        let Some(mut start) = start(tenant, range) else { return Ok(Found::default()) };
        let mut items = Vec::new();
        // One more than asked for tells whether there is more. What has expired does not count.
        let wanted = range.limit.saturating_add(1);
        loop {
            let left = i32::try_from(wanted.saturating_sub(items.len())).unwrap_or(i32::MAX);
            let query = self.query(tenant, range).limit(left).set_exclusive_start_key(start);
            let page = query.send().await.map_err(|error| fault("Query", &error))?;
            let now = self.clock.now();
            items.extend(page.items().iter().filter_map(|item| alive(tenant, item, now)));
            start = page.last_evaluated_key;
            if items.len() >= wanted || start.is_none() {
                break;
            }
        }
        let more = items.len() > range.limit;
        items.truncate(range.limit);
        Ok(Found { items, more })
    }

    /// Costs what reading the range costs, though nothing of it is sent.
    async fn counted(&self, tenant: &TenantId, range: &Range) -> Result<u64, Fault> {
        let Some(mut start) = start(tenant, range) else { return Ok(0) };
        let (mut count, now) = (0_u64, self.clock.now());
        loop {
            let query = self.query(tenant, range).set_exclusive_start_key(start);
            let query = query
                .select(Select::Count)
                .filter_expression(ALIVE)
                .expression_attribute_values(":now", millis(now));
            let page = query.send().await.map_err(|error| fault("Query", &error))?;
            count = count.saturating_add(u64::try_from(page.count).unwrap_or_default());
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(count);
            }
        }
    }

    fn query(&self, tenant: &TenantId, range: &Range) -> QueryFluentBuilder {
        let query = self.table.client.query().table_name(&self.table.name);
        let query = query
            .consistent_read(true)
            .scan_index_forward(!range.backward)
            .expression_attribute_values(":pk", text(pk(tenant, &range.partition)));
        if range.prefix.is_empty() {
            return query.key_condition_expression("pk = :pk");
        }
        query
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":prefix", text(&range.prefix))
    }

    async fn added(
        &self,
        tenant: &TenantId,
        key: &Key,
        by: u64,
        expires_at: Option<Timestamp>,
    ) -> Result<u64, Fault> {
        let now = self.clock.now();
        for attempt in 0..ATTEMPTS {
            let Terms { update, condition, names, values } =
                write::counting(by, expires_at, now, attempt % 2 == 1);
            let update = self
                .table
                .client
                .update_item()
                .table_name(&self.table.name)
                .set_key(Some(place(tenant, key)))
                .set_update_expression(update)
                .set_condition_expression(condition)
                .set_expression_attribute_names(Some(names))
                .set_expression_attribute_values(Some(values))
                .return_values(ReturnValue::UpdatedNew);
            match update.send().await {
                Ok(output) => {
                    let now = output.attributes.unwrap_or_default();
                    let now = get_number(&now, "n").and_then(|n| u64::try_from(n).ok());
                    return now.ok_or_else(|| Fault::Internal("UpdateItem: no number".to_owned()));
                }
                Err(error) if item::refused(&error) => {}
                Err(error) => return Err(fault("UpdateItem", &error)),
            }
        }
        Err(Fault::Throttled("UpdateItem: others were in the way".to_owned()))
    }
}

fn pk(tenant: &TenantId, partition: &str) -> String {
    format!("{tenant}#{partition}")
}

fn place(tenant: &TenantId, at: &Key) -> item::Item {
    key(&pk(tenant, &at.partition), &at.sort)
}

/// Whether anything can be kept there: DynamoDB refuses to look where nothing can.
fn possible(tenant: &TenantId, key: &Key) -> bool {
    let (partition, sort) = KEY_BYTES;
    pk(tenant, &key.partition).len() <= partition && (1..=sort).contains(&key.sort.len())
}

/// Where a range begins: at a key, or at its own beginning; `None` if there is nothing in it.
///
/// Who asks for a range may put anything behind `after`, while DynamoDB takes no beginning outside the range.
fn start(tenant: &TenantId, range: &Range) -> Option<Option<item::Item>> {
    let here = |sort: &str| Key::new(&*range.partition, sort);
    let prefix = if range.prefix.is_empty() { "*" } else { &range.prefix };
    if !possible(tenant, &here(prefix)) {
        return None;
    }
    let Some(after) = range.after.as_deref() else { return Some(None) };
    if after.starts_with(&range.prefix) && possible(tenant, &here(after)) {
        return Some(Some(place(tenant, &here(after))));
    }
    let whole = if range.backward { after > &*range.prefix } else { after <= &*range.prefix };
    whole.then_some(None)
}

/// The item, unless it has expired. A number is what it is added to.
fn alive(tenant: &TenantId, item: &item::Item, now: Timestamp) -> Option<Item> {
    if get_number(item, "expires_at").is_some_and(|at| at <= now.as_millisecond()) {
        return None;
    }
    let partition = get_text(item, "pk")?.strip_prefix(tenant.as_str())?.strip_prefix('#')?;
    let number = || get_number(item, "n").unwrap_or_default().max(0).to_string();
    Some(Item {
        key: Key::new(partition, get_text(item, "sk")?),
        body: get_text(item, "body").map_or_else(number, str::to_owned),
        revision: get_number(item, "rev").and_then(|rev| u64::try_from(rev).ok())?,
    })
}

/// When an item expires, as it is kept. DynamoDB deletes by whole seconds, and never too soon.
fn ending(at: Timestamp) -> [(String, AttributeValue); 2] {
    let second = at.as_second().saturating_add(1);
    [(":gone".to_owned(), millis(at)), (":ttl".to_owned(), number(second))]
}

impl Store for HelpdeskStore {
    fn get<'a>(
        &'a self,
        tenant: &'a TenantId,
        keys: &'a [Key],
    ) -> Soon<'a, Result<Vec<Item>, Fault>> {
        Box::pin(self.read(tenant, keys))
    }

    fn range<'a>(
        &'a self,
        tenant: &'a TenantId,
        range: &'a Range,
    ) -> Soon<'a, Result<Found, Fault>> {
        Box::pin(self.part(tenant, range))
    }

    fn count<'a>(&'a self, tenant: &'a TenantId, range: &'a Range) -> Soon<'a, Result<u64, Fault>> {
        Box::pin(self.counted(tenant, range))
    }

    fn commit<'a>(
        &'a self,
        tenant: &'a TenantId,
        writes: &'a [Write],
    ) -> Soon<'a, Result<(), Failure>> {
        Box::pin(self.committed(tenant, writes))
    }

    fn add<'a>(
        &'a self,
        tenant: &'a TenantId,
        key: &'a Key,
        by: u64,
        expires_at: Option<Timestamp>,
    ) -> Soon<'a, Result<u64, Fault>> {
        Box::pin(self.added(tenant, key, by, expires_at))
    }
}
