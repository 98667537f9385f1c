//! Since when endpoints of the team's own fail: pk `<tenant>#HEALTH#<channel>`, sk a digest of the
//! address.

use super::item::{get_text, key, number, text};
use super::messages::Messages;
use crate::fault::fault;
use aws_sdk_dynamodb::types::ReturnValue;
use ceap_engagement::pipeline::aftermath::Health;
use ceap_kernel::{Fault, TenantId, Timestamp, digest};

/// Days that a failure is remembered.
const KEPT_DAYS: i64 = 7;

fn place(tenant: &TenantId, channel: &str, address: &str) -> (String, String) {
    (format!("{tenant}#HEALTH#{channel}"), digest(&[address]))
}

impl Health for Messages {
    async fn failed(
        &self,
        tenant: &TenantId,
        channel: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<Timestamp, Fault> {
        let (pk, sk) = place(tenant, channel, address);
        let gone = now.as_second().saturating_add(KEPT_DAYS.saturating_mul(86_400));
        let noted = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key(&pk, &sk)))
            .update_expression("SET since = if_not_exists(since, :now), #ttl = :gone")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":now", text(now.to_string()))
            .expression_attribute_values(":gone", number(gone))
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .map_err(|error| fault("UpdateItem", &error))?;
        let item = noted.attributes.unwrap_or_default();
        let since = get_text(&item, "since").unwrap_or_default();
        since.parse().map_err(|_| Fault::Internal("an unreadable instant".to_owned()))
    }

    async fn succeeded(
        &self,
        tenant: &TenantId,
        channel: &str,
        address: &str,
    ) -> Result<(), Fault> {
        let (pk, sk) = place(tenant, channel, address);
        let delete = self.0.client.delete_item().table_name(&self.0.name);
        let done = delete.set_key(Some(key(&pk, &sk))).send().await;
        done.map(drop).map_err(|error| fault("DeleteItem", &error))
    }
}
