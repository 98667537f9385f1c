//! Suppression lists: pk `<tenant>#S#<channel>`, sk the address; of each reason since when (`r_bounce`)
//! and what is noted (`n_bounce`).

use super::Table;
use super::item::{self, Item, get_text, key, text};
use crate::fault::fault;
use aws_sdk_dynamodb::types::ReturnValue;
use ceap_engagement::message::{Recipient, Suppressions};
use ceap_engagement::suppression::{Entry, Page, Reason, SuppressionKeeper};
use ceap_kernel::{Fault, TenantId, digest};
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};

/// Entries written at once.
const CONCURRENCY: usize = 16;

/// Bytes of an address that is a sort key by itself (DynamoDB allows 1,024).
const KEY_BYTES: usize = 900;

const REASONS: [Reason; 6] = [
    Reason::Unsubscribe,
    Reason::Complaint,
    Reason::Stop,
    Reason::Manual,
    Reason::Gone,
    Reason::Bounce,
];

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

/// Mailboxes are the same in upper and lower case, as good as everywhere; tokens and URLs are not.
fn place(tenant: &TenantId, channel: &str, address: &str) -> (String, String) {
    let address = if channel == "email" { address.to_lowercase() } else { address.to_owned() };
    let sk = if address.len() > KEY_BYTES { digest(&[&address]) } else { address };
    (format!("{tenant}#S#{channel}"), sk)
}

fn since(reason: Reason) -> String {
    format!("r_{}", reason.as_str())
}

fn note(reason: Reason) -> String {
    format!("n_{}", reason.as_str())
}

fn reasons(item: &Item) -> impl Iterator<Item = Reason> {
    REASONS.into_iter().filter(|reason| item.contains_key(&since(*reason)))
}

/// The entries of an item, one for each reason.
fn entries(channel: &str, item: &Item) -> Vec<Entry> {
    let entry = |reason| {
        Some(Entry {
            channel: channel.to_owned(),
            address: get_text(item, "address")?.to_owned(),
            reason,
            at: get_text(item, &since(reason))?.parse().ok()?,
            note: get_text(item, &note(reason)).map(str::to_owned),
        })
    };
    reasons(item).filter_map(entry).collect()
}

impl Suppressions for SuppressionList {
    async fn suppressed(
        &self,
        tenant: &TenantId,
        recipients: &[Recipient],
    ) -> Result<Vec<Option<Reason>>, Fault> {
        let places: Vec<(String, String)> =
            recipients.iter().map(|it| place(tenant, &it.channel, &it.address)).collect();
        let asked: BTreeSet<&(String, String)> =
            places.iter().filter(|(_, address)| !address.is_empty()).collect();
        let keys: Vec<Item> = asked.iter().map(|(pk, sk)| key(pk, sk)).collect();
        if keys.is_empty() {
            return Ok(vec![None; recipients.len()]);
        }
        let found: BTreeMap<(String, String), Item> = self
            .0
            .get_all(keys)
            .await?
            .into_iter()
            .filter_map(|item| {
                let place = (get_text(&item, "pk")?.to_owned(), get_text(&item, "sk")?.to_owned());
                Some((place, item))
            })
            .collect();
        let why = |(it, place): (&Recipient, &(String, String))| {
            let entries = entries(&it.channel, found.get(place)?).into_iter();
            entries.filter(|entry| it.heeds(entry.reason, entry.at)).map(|it| it.reason).max()
        };
        Ok(recipients.iter().zip(&places).map(why).collect())
    }
}

impl SuppressionList {
    async fn put(&self, tenant: &TenantId, entry: &Entry) -> Result<(), Fault> {
        let (pk, sk) = place(tenant, &entry.channel, &entry.address);
        let renews = entry.reason.renews();
        let since_when = if renews { ":since" } else { "if_not_exists(#since, :since)" };
        let mut set = format!("SET address = :address, #since = {since_when}");
        let mut update = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(key(&pk, &sk)))
            .expression_attribute_names("#since", since(entry.reason))
            .expression_attribute_values(":address", text(&entry.address))
            .expression_attribute_values(":since", text(entry.at.to_string()));
        if let Some(noted) = &entry.note {
            set.push_str(", #note = :note");
            update = update
                .expression_attribute_names("#note", note(entry.reason))
                .expression_attribute_values(":note", text(noted));
        }
        if renews {
            let newer = "attribute_not_exists(#since) OR #since < :since";
            update = update.condition_expression(newer);
        }
        match update.update_expression(set).send().await {
            Ok(_) => Ok(()),
            Err(error) if renews && item::refused(&error) => Ok(()),
            Err(error) => Err(fault("UpdateItem", &error)),
        }
    }

    /// Takes one reason away, and the item with the last.
    async fn lift(&self, place: &Item, reason: Reason) -> Result<bool, Fault> {
        let lifted = self
            .0
            .client
            .update_item()
            .table_name(&self.0.name)
            .set_key(Some(place.clone()))
            .update_expression("REMOVE #since, #note")
            .condition_expression("attribute_exists(#since)")
            .expression_attribute_names("#since", since(reason))
            .expression_attribute_names("#note", note(reason))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        let left = match lifted {
            Ok(output) => output.attributes.unwrap_or_default(),
            Err(error) if item::refused(&error) => return Ok(false),
            Err(error) => return Err(fault("UpdateItem", &error)),
        };
        if reasons(&left).next().is_none() {
            self.clear(place).await?;
        }
        Ok(true)
    }

    /// Deletes an item that has no reason left.
    async fn clear(&self, place: &Item) -> Result<(), Fault> {
        let mut delete = self.0.client.delete_item().table_name(&self.0.name);
        let mut condition = Vec::new();
        for (n, reason) in REASONS.into_iter().enumerate() {
            condition.push(format!("attribute_not_exists(#r{n})"));
            delete = delete.expression_attribute_names(format!("#r{n}"), since(reason));
        }
        let delete = delete.condition_expression(condition.join(" AND "));
        match delete.set_key(Some(place.clone())).send().await {
            Ok(_) => Ok(()),
            Err(error) if item::refused(&error) => Ok(()),
            Err(error) => Err(fault("DeleteItem", &error)),
        }
    }
}

impl SuppressionKeeper for SuppressionList {
    async fn add(&self, tenant: &TenantId, entries: &[Entry]) -> Result<(), Fault> {
        stream::iter(entries)
            .map(|entry| self.put(tenant, entry))
            .buffer_unordered(CONCURRENCY)
            .try_collect()
            .await
    }

    async fn remove(
        &self,
        tenant: &TenantId,
        channel: &str,
        address: &str,
        reason: Option<Reason>,
    ) -> Result<bool, Fault> {
        let (pk, sk) = place(tenant, channel, address);
        let place = key(&pk, &sk);
        if let Some(reason) = reason {
            return self.lift(&place, reason).await;
        }
        let delete = self.0.client.delete_item().table_name(&self.0.name);
        let delete = delete.condition_expression("attribute_exists(pk)");
        match delete.set_key(Some(place)).send().await {
            Ok(_) => Ok(true),
            Err(error) if item::refused(&error) => Ok(false),
            Err(error) => Err(fault("DeleteItem", &error)),
        }
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        channel: &str,
        address: &str,
    ) -> Result<Vec<Entry>, Fault> {
        let (pk, sk) = place(tenant, channel, address);
        if sk.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.0.get(&pk, &sk).await?;
        Ok(found.map(|item| entries(channel, &item)).unwrap_or_default())
    }

    async fn list(
        &self,
        tenant: &TenantId,
        channel: &str,
        from: Option<&str>,
        limit: usize,
    ) -> Result<Page, Fault> {
        let mut query = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .expression_attribute_values(":list", text(format!("{tenant}#S#{channel}")));
        query = match from {
            Some(from) => query
                .key_condition_expression("pk = :list AND sk > :from")
                .expression_attribute_values(":from", text(from)),
            None => query.key_condition_expression("pk = :list"),
        };
        let page = query.send().await.map_err(|error| fault("Query", &error))?;
        let items = page.items.unwrap_or_default();
        let last = items.last().and_then(|item| get_text(item, "sk")).map(str::to_owned);
        Ok(Page {
            entries: items.iter().flat_map(|item| entries(channel, item)).collect(),
            next: last.filter(|_| page.last_evaluated_key.is_some()),
        })
    }
}
