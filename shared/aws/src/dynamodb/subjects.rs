//! Profiles and feature items: pk `<tenant>#<subject>`, sk `PROFILE` or `FEATURES`.

use super::Table;
use super::item::{self, Item, from_json, get_number, get_text, json, key, number, text};
use crate::fault::fault;
use ceap_engagement::pipeline::ingest::{State, Subjects, Versioned};
use ceap_engagement::series::Series;
use ceap_kernel::{Fault, SubjectId, TenantId};
use serde_json::Value;
use std::collections::HashMap;

const PROFILE: &str = "PROFILE";
const FEATURES: &str = "FEATURES";

/// Profiles and feature items.
#[derive(Debug, Clone)]
pub struct SubjectStore(Table);

impl SubjectStore {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }

    async fn put(&self, mut item: Item, pk: &str, sk: &str, version: u64) -> Result<(), Fault> {
        let table = &self.0;
        item.extend(key(pk, sk));
        item.insert("version".to_owned(), number(version.saturating_add(1)));
        let put = table.client.put_item().table_name(&table.name).set_item(Some(item));
        let put = if version == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("version = :read")
                .expression_attribute_values(":read", number(version))
        };
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if item::refused(&error) => {
                Err(Fault::Conflict(format!("{sk} was written meanwhile")))
            }
            Err(error) => Err(fault("PutItem", &error)),
        }
    }
}

fn pk(tenant: &TenantId, subject: &SubjectId) -> String {
    format!("{tenant}#{subject}")
}

impl Subjects for SubjectStore {
    async fn load(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
    ) -> Result<Vec<Versioned>, Fault> {
        let keys = subjects
            .iter()
            .map(|subject| pk(tenant, subject))
            .flat_map(|pk| [key(&pk, PROFILE), key(&pk, FEATURES)])
            .collect();
        let mut found: HashMap<String, Versioned> = HashMap::new();
        for item in self.0.get_all(keys).await? {
            let Some(pk) = get_text(&item, "pk") else {
                continue;
            };
            let slot = found.entry(pk.to_owned()).or_default();
            read(&item, slot)?;
        }
        Ok(subjects
            .iter()
            .map(|subject| found.remove(&pk(tenant, subject)).unwrap_or_default())
            .collect())
    }

    async fn save_profile(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        read: &Versioned,
    ) -> Result<(), Fault> {
        let item = HashMap::from([("profile".to_owned(), json(&read.state.profile)?)]);
        self.put(item, &pk(tenant, subject), PROFILE, read.profile_version).await
    }

    async fn save_series(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        read: &Versioned,
    ) -> Result<(), Fault> {
        let item = write(&read.state.series)?;
        self.put(item, &pk(tenant, subject), FEATURES, read.series_version).await
    }

    async fn settle(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        version: u64,
    ) -> Result<(), Fault> {
        let table = &self.0;
        let settled = table
            .client
            .update_item()
            .table_name(&table.name)
            .set_key(Some(key(&pk(tenant, subject), FEATURES)))
            .update_expression("REMOVE owed")
            .condition_expression("version = :read")
            .expression_attribute_values(":read", number(version))
            .send()
            .await;
        match settled {
            Ok(_) => Ok(()),
            // Another batch wrote it meanwhile, and will emit what it found owed.
            Err(error) if item::refused(&error) => Ok(()),
            Err(error) => Err(fault("UpdateItem", &error)),
        }
    }
}

/// The signals owed are an attribute of their own, so that settling them writes nothing else.
fn write(series: &Series) -> Result<Item, Fault> {
    let mut value =
        serde_json::to_value(series).map_err(|error| Fault::Internal(error.to_string()))?;
    let owed = value.as_object_mut().and_then(|fields| fields.remove("owed"));
    let mut item = HashMap::from([("series".to_owned(), text(value.to_string()))]);
    if let Some(owed) = owed {
        item.insert("owed".to_owned(), text(owed.to_string()));
    }
    Ok(item)
}

fn read(item: &Item, slot: &mut Versioned) -> Result<(), Fault> {
    let version =
        get_number(item, "version").and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
    let State { profile, series } = &mut slot.state;
    if get_text(item, "sk") == Some(PROFILE) {
        *profile = from_json(item, "profile")?.unwrap_or_default();
        slot.profile_version = version;
        return Ok(());
    }
    let mut value: Value = from_json(item, "series")?.unwrap_or_default();
    if let (Some(fields), Some(owed)) = (value.as_object_mut(), from_json(item, "owed")?) {
        fields.insert("owed".to_owned(), owed);
    }
    *series = serde_json::from_value(value)
        .map_err(|error| Fault::Internal(format!("unreadable feature item: {error}")))?;
    slot.series_version = version;
    Ok(())
}
