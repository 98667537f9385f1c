//! What receipts tell of messages.

use super::item::{self, get_text, key, text};
use super::messages::{MESSAGE, Messages, pk, record};
use super::outbox::provider_key;
use crate::fault::fault;
use ceap_engagement::message::{Entered, Record};
use ceap_engagement::pipeline::receive::Receipts;
use ceap_engagement::receipt::Receipt;
use ceap_kernel::{Fault, MessageId, TenantId};

const BY_PROVIDER: &str = "by-provider";

/// Times a receipt is entered while others move the same message on.
const ATTEMPTS: usize = 20;

impl Receipts for Messages {
    async fn find(&self, channel: &str, id: &str) -> Result<Option<(TenantId, MessageId)>, Fault> {
        let table = &self.0;
        let found = table
            .client
            .query()
            .table_name(&table.name)
            .index_name(BY_PROVIDER)
            .key_condition_expression("provider_key = :key")
            .expression_attribute_values(":key", provider_key(channel, id))
            .limit(1)
            .send()
            .await
            .map_err(|error| fault("Query", &error))?;
        let item = found.items.unwrap_or_default().into_iter().next();
        let parts = item.as_ref().and_then(|item| get_text(item, "pk")?.split_once("#M#"));
        parts.map(|(tenant, id)| Ok((TenantId::new(tenant)?, MessageId::new(id)?))).transpose()
    }

    async fn learn(
        &self,
        tenant: &TenantId,
        id: &MessageId,
        receipt: &Receipt,
    ) -> Result<Option<(Record, Entered)>, Fault> {
        for _ in 0..ATTEMPTS {
            let Some(item) = self.read(tenant, id).await? else { return Ok(None) };
            let known = record(item)?;
            let mut next = known.clone();
            let entered = next.enter(receipt.state, receipt.at);
            if entered != Entered::New {
                return Ok(Some((next, entered)));
            }
            if next.provider_id.is_none() {
                next.provider_id.clone_from(&receipt.provider_id);
            }
            if next.state == receipt.state {
                next.reason.clone_from(&receipt.detail);
            }
            if self.moved(tenant, &known, &next, receipt).await? {
                return Ok(Some((next, entered)));
            }
        }
        Err(Fault::Unavailable("the message kept changing".to_owned()))
    }
}

impl Messages {
    /// Writes what a receipt changed; false when the message changed meanwhile.
    async fn moved(
        &self,
        tenant: &TenantId,
        known: &Record,
        next: &Record,
        receipt: &Receipt,
    ) -> Result<bool, Fault> {
        let table = &self.0;
        let mut set = "SET #state = :next, history.#entered = :at".to_owned();
        let mut update = table
            .client
            .update_item()
            .table_name(&table.name)
            .set_key(Some(key(&pk(tenant, &next.id), MESSAGE)))
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#entered", receipt.state.as_str())
            .expression_attribute_values(":known", text(known.state.as_str()))
            .expression_attribute_values(":next", text(next.state.as_str()))
            .expression_attribute_values(":at", text(receipt.at.to_string()));
        if let Some(id) = next.provider_id.as_ref().filter(|_| known.provider_id.is_none()) {
            set.push_str(", provider_id = :id, provider_key = :key");
            update = update
                .expression_attribute_values(":id", text(id))
                .expression_attribute_values(":key", provider_key(&next.channel, id));
        }
        // The reason of a state that it left behind is none of this one.
        match &next.reason {
            Some(reason) if known.reason != next.reason => {
                set.push_str(", reason = :reason");
                update = update.expression_attribute_values(":reason", text(reason));
            }
            None if known.reason.is_some() => set.push_str(" REMOVE reason"),
            _ => {}
        }
        let condition = "#state = :known AND attribute_not_exists(history.#entered)";
        match update.update_expression(set).condition_expression(condition).send().await {
            Ok(_) => Ok(true),
            Err(error) if item::refused(&error) => Ok(false),
            Err(error) => Err(fault("UpdateItem", &error)),
        }
    }
}
