//! What exposures led to: pk that of the message, sk `GOAL`. Items of their own, so that a message that
//! moves on takes nothing back; the index `by-use-case` lists them beside their messages.

use super::item::{self, Item, get_number, get_text, key, number, text};
use super::messages::{
    BY_SUBJECT, KEPT_DAYS, MESSAGE, Messages, USE_CASE_KEY, pk, record, sort_key, use_case_key,
};
use crate::fault::fault;
use ceap_engagement::pipeline::convert::{Conversion, Exposure, Exposures};
use ceap_engagement::profile_list::shard;
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp};

pub(super) const GOAL: &str = "GOAL";

/// A conversion as an item: its own index keys are those of its message.
fn written(tenant: &TenantId, exposure: &Exposure, conversion: &Conversion) -> Item {
    let mut item = key(&pk(tenant, &exposure.message), GOAL);
    let part = use_case_key(tenant, &exposure.use_case, shard(&exposure.subject));
    let gone = exposure.at.as_second().saturating_add(KEPT_DAYS.saturating_mul(86_400));
    item.extend([
        (USE_CASE_KEY.to_owned(), text(part)),
        ("sort_key".to_owned(), text(sort_key(exposure.at, &exposure.message))),
        ("goal_at".to_owned(), number(conversion.at.as_millisecond())),
        ("goal_event".to_owned(), text(&conversion.event)),
        ("ttl".to_owned(), number(gone)),
    ]);
    item.extend(conversion.value.map(|value| ("goal_value".to_owned(), number(value))));
    item
}

/// The conversion in an item.
pub(super) fn read(item: &Item) -> Result<Conversion, Fault> {
    let unreadable = || Fault::Internal("unreadable conversion".to_owned());
    let at = get_number(item, "goal_at").ok_or_else(unreadable)?;
    let value = item.get("goal_value").and_then(|value| value.as_n().ok());
    Ok(Conversion {
        at: Timestamp::from_millisecond(at).map_err(|_| unreadable())?,
        event: get_text(item, "goal_event").unwrap_or_default().to_owned(),
        value: value.and_then(|text| text.parse().ok()),
    })
}

impl Exposures for Messages {
    async fn exposed(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Exposure>, Fault> {
        let table = &self.0;
        let instant = |at: Timestamp| format!("{:015}", at.as_millisecond().max(0));
        let mut pages = table
            .client
            .query()
            .table_name(&table.name)
            .index_name(BY_SUBJECT)
            .key_condition_expression("subject_key = :subject AND sort_key BETWEEN :from AND :to")
            .expression_attribute_values(":subject", text(format!("{tenant}#{subject}")))
            .expression_attribute_values(":from", text(instant(from)))
            .expression_attribute_values(":to", text(format!("{}~", instant(to))))
            .into_paginator()
            .items()
            .send();
        let mut keys = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| fault("Query", &error))?;
            keys.push(key(get_text(&found, "pk").unwrap_or_default(), MESSAGE));
        }
        let mut exposures = Vec::new();
        for found in table.get_all(keys).await? {
            exposures.extend(Exposure::of(&record(found)?));
        }
        Ok(exposures)
    }

    async fn convert(
        &self,
        tenant: &TenantId,
        exposure: &Exposure,
        conversion: &Conversion,
    ) -> Result<bool, Fault> {
        let table = &self.0;
        let item = written(tenant, exposure, conversion);
        let put = |condition: &str| {
            let put = table.client.put_item().table_name(&table.name);
            put.set_item(Some(item.clone())).condition_expression(condition)
        };
        // Most often it is the first; else one that came before it takes over.
        match put("attribute_not_exists(pk)").send().await {
            Ok(_) => return Ok(true),
            Err(error) if item::refused(&error) => {}
            Err(error) => return Err(fault("PutItem", &error)),
        }
        let earlier = put("goal_at > :at OR (goal_at = :at AND goal_event > :event)")
            .expression_attribute_values(":at", number(conversion.at.as_millisecond()))
            .expression_attribute_values(":event", text(&conversion.event));
        match earlier.send().await {
            Ok(_) => Ok(false),
            Err(error) if item::refused(&error) => Ok(false),
            Err(error) => Err(fault("PutItem", &error)),
        }
    }
}
