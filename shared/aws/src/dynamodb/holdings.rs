//! All that the tables hold of one subject, to take it away.
//!
//! What stands under the subject's own keys is deleted by them. Messages, ties and endpoints stand under
//! other keys; the index `by-subject` finds them, whatever use case or thing they are of: messages at
//! `<tenant>#<subject>`, the others at `<tenant>/<subject>`, which is no message's key, since no tenant
//! holds a `/`. Of the quarantine the whole of a tenant is read: its records hold what came as it came.

use super::conversions::GOAL;
use super::item::{self, Item, from_json, get_text, key, text};
use super::messages::{BY_SUBJECT, MESSAGE};
use super::subjects::{FROM, PROFILE};
use super::{Table, candidates};
use crate::fault::fault;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use ceap_engagement::erasure::{Forget, Identities, Known};
use ceap_engagement::profile::Profile;
use ceap_engagement::quarantine::without;
use ceap_kernel::{Fault, SubjectId, TenantId, digest};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;
use std::collections::BTreeSet;

/// Batches deleted at once.
const CONCURRENCY: usize = 4;

/// What the tables hold of subjects.
#[derive(Debug, Clone)]
pub struct Holdings {
    profiles: Table,
    engagement: Table,
    quarantine: Table,
}

/// What lists an item with the subject that it is about; `unique` tells it from the subject's others.
pub(super) fn listed(
    tenant: &TenantId,
    subject: &SubjectId,
    unique: &str,
) -> [(String, AttributeValue); 2] {
    let place = format!("{tenant}/{subject}");
    [("subject_key".to_owned(), text(place)), ("sort_key".to_owned(), text(digest(&[unique])))]
}

impl Holdings {
    /// In these tables.
    #[must_use]
    pub fn new(profiles: Table, engagement: Table, quarantine: Table) -> Self {
        Self { profiles, engagement, quarantine }
    }

    /// Deletes what the index lists, and what messages led to beside them.
    async fn listed(&self, place: String) -> Result<(), Fault> {
        let query = self.engagement.client.query().index_name(BY_SUBJECT);
        let query = query.key_condition_expression("subject_key = :place");
        let query = query.expression_attribute_values(":place", text(place));
        let found = keys(&self.engagement, query).await?;
        let goals: Vec<Item> = found
            .iter()
            .filter(|key| get_text(key, "sk") == Some(MESSAGE))
            .filter_map(|message| get_text(message, "pk").map(|pk| key(pk, GOAL)))
            .collect();
        // First what only its message leads to.
        delete(&self.engagement, goals).await?;
        delete(&self.engagement, found).await
    }

    async fn quarantined(&self, tenant: &TenantId, subject: &SubjectId) -> Result<(), Fault> {
        let table = &self.quarantine;
        let query = within(table, tenant.to_string()).table_name(&table.name);
        let mut items = query.into_paginator().items().send();
        let mut gone = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| fault("Query", &error))?;
            let payload = get_text(&item, "payload").unwrap_or_default();
            let Ok(payload) = serde_json::from_str::<Value>(payload) else { continue };
            let place = key(
                get_text(&item, "pk").unwrap_or_default(),
                get_text(&item, "sk").unwrap_or_default(),
            );
            match without(&payload, subject) {
                None => gone.push(place),
                Some(left) if left != payload => self.lessen(place, &left).await?,
                Some(_) => {}
            }
        }
        delete(table, gone).await
    }

    /// Keeps what is left of a batch.
    async fn lessen(&self, place: Item, left: &Value) -> Result<(), Fault> {
        let table = &self.quarantine;
        let update = table.client.update_item().table_name(&table.name).set_key(Some(place));
        let update = update.update_expression("SET payload = :left");
        let update = update.expression_attribute_values(":left", text(left.to_string()));
        // It may have reached the end of its time to live.
        match update.condition_expression("attribute_exists(pk)").send().await {
            Ok(_) => Ok(()),
            Err(error) if item::refused(&error) => Ok(()),
            Err(error) => Err(fault("UpdateItem", &error)),
        }
    }
}

/// The keys of all that a query finds: all of them before any is deleted, so that no page begins where
/// nothing is any more.
async fn keys(table: &Table, query: QueryFluentBuilder) -> Result<Vec<Item>, Fault> {
    let query = query.table_name(&table.name).projection_expression("pk, sk");
    let mut items = query.into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(item) = items.next().await {
        let item = item.map_err(|error| fault("Query", &error))?;
        let part = |name| get_text(&item, name).unwrap_or_default();
        found.push(key(part("pk"), part("sk")));
    }
    Ok(found)
}

/// Deletes a partition.
async fn partition(table: &Table, pk: String) -> Result<(), Fault> {
    let found = keys(table, within(table, pk)).await?;
    delete(table, found).await
}

/// All of a partition, as it is now.
fn within(table: &Table, pk: String) -> QueryFluentBuilder {
    let query = table.client.query().consistent_read(true).key_condition_expression("pk = :pk");
    query.expression_attribute_values(":pk", text(pk))
}

async fn delete(table: &Table, keys: Vec<Item>) -> Result<(), Fault> {
    let batches: Vec<Vec<Item>> = keys.chunks(Table::BATCH).map(<[Item]>::to_vec).collect();
    let deleted = stream::iter(batches).map(|batch| table.delete_batch(batch));
    deleted.buffer_unordered(CONCURRENCY).try_collect().await
}

impl Identities for Holdings {
    async fn identities(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
    ) -> Result<BTreeSet<SubjectId>, Fault> {
        let table = &self.profiles;
        let (mut found, mut next) = (BTreeSet::new(), vec![subject.clone()]);
        while let Some(one) = next.pop() {
            let query = within(table, format!("{tenant}#{one}")).table_name(&table.name);
            if !found.insert(one) {
                continue;
            }
            let query = query.projection_expression("sk, moved_to");
            let mut items = query.into_paginator().items().send();
            while let Some(item) = items.next().await {
                let item = item.map_err(|error| fault("Query", &error))?;
                let from = get_text(&item, "sk").and_then(|sk| sk.strip_prefix(FROM));
                for other in [from, get_text(&item, "moved_to")].into_iter().flatten() {
                    next.push(SubjectId::new(other)?);
                }
            }
        }
        Ok(found)
    }

    async fn known(&self, tenant: &TenantId, subject: &SubjectId) -> Result<Known, Fault> {
        let found = self.profiles.get(&format!("{tenant}#{subject}"), PROFILE).await?;
        let Some(item) = found else { return Ok(Known::default()) };
        let profile: Option<Profile> = from_json(&item, "profile")?;
        Ok(profile.map(|it| Known::of(&it)).unwrap_or_default())
    }
}

impl Forget for Holdings {
    async fn forget(&self, tenant: &TenantId, subject: &SubjectId) -> Result<(), Fault> {
        let own = format!("{tenant}#{subject}");
        partition(&self.profiles, own.clone()).await?;
        self.listed(own).await?;
        self.listed(format!("{tenant}/{subject}")).await?;
        delete(&self.engagement, vec![key(&format!("{tenant}#CAP#{subject}"), "LEDGER")]).await?;
        partition(&self.engagement, candidates::partition(tenant, subject)).await?;
        for kind in ["INBOX", "UNREAD"] {
            partition(&self.engagement, format!("{tenant}#{kind}#{subject}")).await?;
        }
        self.quarantined(tenant, subject).await
    }
}
