//! Quarantine: pk `<tenant>`, sk `<stage>#<digest>`; `-` for what belongs to no known tenant.
//!
//! The index `by-time` lists a tenant's entries: hash `pk`, range `since`, milliseconds since 1970. What the
//! workflow writes itself has no `since` and is not listed.

use super::Table;
use super::item::{Item, from_json, get_number, get_text, json, key, millis, number, text};
use crate::fault::fault;
use ceap_engagement::quarantine::{Entry, Quarantine, Rejected, Shelf};
use ceap_kernel::{Fault, TenantId, Timestamp, digest};
use std::collections::BTreeMap;

/// Days a record is kept.
const KEPT_DAYS: i64 = 90;

/// What cannot proceed.
#[derive(Debug, Clone)]
pub struct QuarantineStore(Table);

impl QuarantineStore {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }
}

/// The same thing rejected for the same reason has the same key, so a repeat is no second record.
fn item(rejected: &Rejected) -> Result<Item, Fault> {
    let payload = rejected.payload.to_string();
    let tenant = rejected.tenant.as_ref().map_or("-", |tenant| tenant.as_str());
    let sk = format!("{}#{}", rejected.stage, digest(&[&rejected.reason, &payload]));
    let mut item = key(tenant, &sk);
    let gone = rejected.at.as_second().saturating_add(KEPT_DAYS.saturating_mul(86_400));
    item.insert("code".to_owned(), text(&rejected.code));
    item.insert("reason".to_owned(), text(&rejected.reason));
    item.insert("stage".to_owned(), text(&rejected.stage));
    item.insert("payload".to_owned(), json(&rejected.payload)?);
    item.insert("at".to_owned(), text(rejected.at.to_string()));
    item.insert("since".to_owned(), millis(rejected.at));
    item.insert("ttl".to_owned(), number(gone));
    Ok(item)
}

impl Quarantine for QuarantineStore {
    async fn keep(&self, rejected: &[Rejected]) -> Result<(), Fault> {
        // One batch must not name a key twice.
        let mut items = BTreeMap::new();
        for one in rejected {
            let item = item(one)?;
            let part = |name| super::item::get_text(&item, name).unwrap_or_default().to_owned();
            items.insert((part("pk"), part("sk")), item);
        }
        let items: Vec<Item> = items.into_values().collect();
        for batch in items.chunks(Table::BATCH) {
            self.0.put_batch(batch.to_vec()).await?;
        }
        Ok(())
    }
}

/// Where a page goes on: `<milliseconds>:<sk>`.
fn start(tenant: &TenantId, cursor: &str) -> Result<Item, Fault> {
    let wrong = || Fault::invalid("cursor", "must be the `next` of a page");
    let (since, sk) = cursor.split_once(':').ok_or_else(wrong)?;
    let since: i64 = since.parse().map_err(|_| wrong())?;
    let mut start = key(tenant.as_str(), sk);
    start.insert("since".to_owned(), number(since));
    Ok(start)
}

fn read(tenant: &TenantId, item: &Item) -> Result<Entry, Fault> {
    let field = |name| get_text(item, name).unwrap_or_default().to_owned();
    let since = get_number(item, "since").unwrap_or_default();
    let rejected = Rejected {
        tenant: Some(tenant.clone()),
        stage: field("stage"),
        code: field("code"),
        reason: field("reason"),
        payload: from_json(item, "payload")?.unwrap_or_default(),
        at: field("at").parse().or_else(|_| Timestamp::from_millisecond(since)).unwrap_or_default(),
    };
    Ok(Entry { id: field("sk"), rejected })
}

impl Shelf for QuarantineStore {
    async fn entries(
        &self,
        tenant: &TenantId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Entry>, Option<String>), Fault> {
        let query = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .index_name("by-time")
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .key_condition_expression("pk = :tenant")
            .expression_attribute_values(":tenant", text(tenant.as_str()));
        let start = cursor.map(|cursor| start(tenant, cursor)).transpose()?;
        let page = query.set_exclusive_start_key(start).send().await;
        let page = page.map_err(|error| fault("Query", &error))?;
        let entries = page.items.unwrap_or_default();
        let entries = entries.iter().map(|item| read(tenant, item)).collect::<Result<_, _>>()?;
        let next = page.last_evaluated_key.and_then(|last| {
            Some(format!("{}:{}", get_number(&last, "since")?, get_text(&last, "sk")?))
        });
        Ok((entries, next))
    }

    async fn remove(&self, tenant: &TenantId, ids: &[String]) -> Result<(), Fault> {
        let keys: Vec<Item> = ids.iter().map(|id| key(tenant.as_str(), id)).collect();
        for batch in keys.chunks(Table::BATCH) {
            self.0.delete_batch(batch.to_vec()).await?;
        }
        Ok(())
    }
}
