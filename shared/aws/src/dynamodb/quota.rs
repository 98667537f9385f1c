//! What tenants' callers ask: pk `<tenant>#ASKED`, sk the minute, and whose it is if not the
//! tenant's own. DynamoDB deletes it some time after.

use super::Table;
use super::item::{get_number, key, number};
use crate::fault::fault;
use aws_sdk_dynamodb::types::ReturnValue;
use ceap_kernel::quota::Quota;
use ceap_kernel::{Fault, TenantId};

/// Minutes that a count is kept.
const KEPT: i64 = 60;

const SECONDS: i64 = 60;

/// Counts in a table.
#[derive(Debug, Clone)]
pub struct QuotaStore(Table);

impl QuotaStore {
    /// In `table`.
    #[must_use]
    pub const fn new(table: Table) -> Self {
        Self(table)
    }
}

impl Quota for QuotaStore {
    async fn count(
        &self,
        tenant: &TenantId,
        who: &str,
        minute: i64,
        requests: u64,
    ) -> Result<u64, Fault> {
        let Table { client, name } = &self.0;
        let place = if who.is_empty() { minute.to_string() } else { format!("{minute}#{who}") };
        let gone = minute.saturating_add(KEPT).saturating_mul(SECONDS);
        let update = client
            .update_item()
            .table_name(name)
            .set_key(Some(key(&format!("{tenant}#ASKED"), &place)))
            .update_expression("SET #ttl = :gone ADD n :n")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":gone", number(gone))
            .expression_attribute_values(":n", number(requests))
            .return_values(ReturnValue::UpdatedNew);
        let updated = update.send().await.map_err(|error| fault("UpdateItem", &error))?;
        let counted = updated.attributes.as_ref().and_then(|it| get_number(it, "n"));
        let counted = counted.and_then(|it| u64::try_from(it).ok());
        counted.ok_or_else(|| Fault::Internal("UpdateItem told no count".to_owned()))
    }
}
