//! Who sends as whom: pk `*#SENDER#<channel>`, sk `<sender>#<tenant>`. A recipient who writes back
//! names a number and no tenant, so this key has none in front.

use super::Table;
use super::item::{Item, get_text, key, text};
use crate::fault::fault;
use ceap_engagement::pipeline::receive::Senders;
use ceap_engagement::use_case::Settings;
use ceap_kernel::{Fault, TenantId};

/// The tenants of each sender.
#[derive(Debug, Clone)]
pub struct SenderIndex(Table);

impl SenderIndex {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }
}

fn pk(channel: &str) -> String {
    format!("*#SENDER#{channel}")
}

/// The items that name a tenant as the one who sends as its settings say.
pub(super) fn items(tenant: &TenantId, settings: &Settings) -> Vec<Item> {
    let senders = [("sms", &settings.sms_origination), ("voice", &settings.voice_origination)];
    let named = senders.into_iter().filter_map(|(channel, sender)| {
        Some(key(&pk(channel), &format!("{}#{tenant}", sender.as_ref()?)))
    });
    named.collect()
}

impl Senders for SenderIndex {
    async fn tenants(&self, channel: &str, sender: &str) -> Result<Vec<TenantId>, Fault> {
        let table = &self.0;
        let mut pages = table
            .client
            .query()
            .table_name(&table.name)
            .key_condition_expression("pk = :channel AND begins_with(sk, :sender)")
            .expression_attribute_values(":channel", text(pk(channel)))
            .expression_attribute_values(":sender", text(format!("{sender}#")))
            .into_paginator()
            .items()
            .send();
        let mut tenants = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| fault("Query", &error))?;
            let tenant = get_text(&item, "sk").and_then(|sk| sk.rsplit_once('#'));
            tenants.extend(tenant.and_then(|(_, tenant)| TenantId::new(tenant).ok()));
        }
        Ok(tenants)
    }
}
