//! Suppression lists: pk `<tenant>#S#<channel>`, sk the address in lower case.

use super::Table;
use super::item::{Item, get_number, get_text, key};
use ceap_engagement::message::Suppressions;
use ceap_kernel::{Clock, Fault, SystemClock, TenantId};
use std::collections::BTreeSet;

/// Suppression lists.
#[derive(Debug, Clone)]
pub struct SuppressionList(Table);

impl SuppressionList {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }
}

fn place(tenant: &TenantId, channel: &str, address: &str) -> (String, String) {
    (format!("{tenant}#S#{channel}"), address.to_lowercase())
}

impl Suppressions for SuppressionList {
    async fn suppressed(
        &self,
        tenant: &TenantId,
        addresses: &[(String, String)],
    ) -> Result<Vec<bool>, Fault> {
        let places: Vec<(String, String)> =
            addresses.iter().map(|(channel, address)| place(tenant, channel, address)).collect();
        let asked: BTreeSet<&(String, String)> =
            places.iter().filter(|(_, address)| !address.is_empty()).collect();
        let keys: Vec<Item> = asked.iter().map(|(pk, sk)| key(pk, sk)).collect();
        if keys.is_empty() {
            return Ok(vec![false; addresses.len()]);
        }
        let now = SystemClock.now().as_second();
        let found: BTreeSet<(String, String)> = self
            .0
            .get_all(keys)
            .await?
            .iter()
            .filter(|item| get_number(item, "ttl").is_none_or(|gone| gone > now))
            .filter_map(|item| {
                Some((get_text(item, "pk")?.to_owned(), get_text(item, "sk")?.to_owned()))
            })
            .collect();
        Ok(places.iter().map(|place| found.contains(place)).collect())
    }
}
