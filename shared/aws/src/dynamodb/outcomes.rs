//! What reports read: the index `by-use-case` lists messages and what they led to, part by part; then both
//! are read by key, a hundred at once. So a message that moves on costs no write to the index, and a report
//! reads each once.

use super::conversions::{self, GOAL};
use super::item::{Item, Reading, get_text, key, text};
use super::messages::{MESSAGE, Messages, pk, record, use_case_key};
use crate::fault::fault;
use ceap_engagement::pipeline::convert::Conversion;
use ceap_engagement::report::{Listed, Outcome, Outcomes, Period};
use ceap_kernel::{Fault, MessageId, TenantId, UseCaseId};
use std::collections::HashMap;

const BY_USE_CASE: &str = "by-use-case";

/// What is read of an item: of a record not what the gates said, which is most of it.
const FIELDS: &[&str] = &[
    "pk",
    "sk",
    "id",
    "use_case",
    "subject",
    "origin",
    "channel",
    "purpose",
    "state",
    "reason",
    "history",
    "goal_at",
    "goal_event",
    "goal_value",
];

impl Outcomes for Messages {
    async fn listed(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        part: u8,
        period: Period,
        most: usize,
    ) -> Result<Listed, Fault> {
        let table = &self.0;
        // Instants are kept to the millisecond; one that began in the last one before `to` is in.
        let last = period.to.as_millisecond().saturating_sub(1).max(0);
        let first = period.from.as_millisecond().max(0);
        let mut items = table
            .client
            .query()
            .table_name(&table.name)
            .index_name(BY_USE_CASE)
            .key_condition_expression("use_case_key = :part AND sort_key BETWEEN :from AND :to")
            .projection_expression("pk, sk")
            .expression_attribute_values(":part", text(use_case_key(tenant, use_case, part)))
            .expression_attribute_values(":from", text(format!("{first:015}")))
            .expression_attribute_values(":to", text(format!("{last:015}~")))
            .into_paginator()
            .items()
            .send();
        let (prefix, mut listed) = (format!("{tenant}#M#"), Listed::default());
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| fault("Query", &error))?;
            let id = get_text(&item, "pk").and_then(|pk| pk.strip_prefix(&prefix));
            let id = MessageId::new(id.unwrap_or_default())?;
            if get_text(&item, "sk") == Some(GOAL) {
                listed.converted.push(id);
            } else {
                listed.messages.push(id);
            }
            if listed.messages.len().saturating_add(listed.converted.len()) > most {
                break;
            }
        }
        Ok(listed)
    }

    async fn outcomes(&self, tenant: &TenantId, listed: &Listed) -> Result<Vec<Outcome>, Fault> {
        let keys = |ids: &[MessageId], sk: &str| -> Vec<Item> {
            ids.iter().map(|id| key(&pk(tenant, id), sk)).collect()
        };
        let mut all = keys(&listed.messages, MESSAGE);
        all.extend(keys(&listed.converted, GOAL));
        let read = self.0.get_as(all, Reading::Some(FIELDS)).await?;
        let (goals, records): (Vec<Item>, Vec<Item>) =
            read.into_iter().partition(|item| get_text(item, "sk") == Some(GOAL));
        let mut led: HashMap<String, Conversion> = HashMap::new();
        for goal in goals {
            let place = get_text(&goal, "pk").unwrap_or_default().to_owned();
            led.insert(place, conversions::read(&goal)?);
        }
        let outcome = |item: Item| {
            let conversion = get_text(&item, "pk").and_then(|pk| led.remove(pk));
            Ok(Outcome { record: record(item)?, conversion })
        };
        records.into_iter().map(outcome).collect()
    }
}
