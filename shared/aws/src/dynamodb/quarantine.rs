//! Quarantine: pk `<tenant>`, sk `<stage>#<digest>`; `-` for what belongs to no known tenant.

use super::Table;
use super::item::{Item, json, key, number, text};
use ceap_engagement::quarantine::{Quarantine, Rejected};
use ceap_kernel::{Fault, digest};
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
