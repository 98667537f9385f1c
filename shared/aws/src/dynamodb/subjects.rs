//! Profiles and feature items: pk `<tenant>#<subject>`, sk `PROFILE` or `FEATURES`.
//!
//! One that was merged into another is a `FEATURES` item with nothing but `moved_to`; the other knows of it by
//! an item with sk `FROM#<subject>`.
//!
//! The index `by-tenant` lists a tenant's profiles: hash `shard`, `<tenant>#<0..15>`, so that an
//! import does not heat one partition; range `pk`. A profile's shard never changes, so the index is
//! written once for each profile.

use super::Table;
use super::item::{
    self, Item, bytes, from_json, get_bytes, get_number, get_text, json, key, number, text,
};
use crate::fault::fault;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem};
use ceap_engagement::pipeline::ingest::{State, Subjects, Versioned};
use ceap_engagement::pipeline::merge::Merge;
use ceap_engagement::profile::Profile;
use ceap_engagement::profile_list::{Place, ProfileList, SHARDS, shard};
use ceap_engagement::run::Population;
use ceap_engagement::series::Series;
use ceap_kernel::{Fault, SubjectId, TenantId};
use futures::future::try_join_all;
use std::collections::HashMap;

pub(super) const FROM: &str = "FROM#";
pub(super) const PROFILE: &str = "PROFILE";
const FEATURES: &str = "FEATURES";
const BY_TENANT: &str = "by-tenant";

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

/// Writes of a transaction.
impl SubjectStore {
    /// The item in place of the one of `version`, if that is still there; whatever is there, without.
    fn replaced(
        &self,
        mut item: Item,
        pk: &str,
        sk: &str,
        version: Option<u64>,
    ) -> Result<TransactWriteItem, Fault> {
        item.extend(key(pk, sk));
        let mut put = Put::builder().table_name(&self.0.name);
        if let Some(version) = version {
            item.insert("version".to_owned(), number(version.saturating_add(1)));
            put = match version {
                0 => put.condition_expression("attribute_not_exists(pk)"),
                _ => put
                    .condition_expression("version = :read")
                    .expression_attribute_values(":read", number(version)),
            };
        }
        let put = put.set_item(Some(item)).build().map_err(unbuilt)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// No profile any more, if it has `version` still: 0 is none.
    fn removed(&self, pk: &str, version: u64) -> Result<TransactWriteItem, Fault> {
        let write = TransactWriteItem::builder();
        let key = key(pk, PROFILE);
        if version == 0 {
            let none = ConditionCheck::builder().table_name(&self.0.name).set_key(Some(key));
            let none = none.condition_expression("attribute_not_exists(pk)");
            return Ok(write.condition_check(none.build().map_err(unbuilt)?).build());
        }
        let delete = Delete::builder().table_name(&self.0.name).set_key(Some(key));
        let delete = delete
            .condition_expression("version = :read")
            .expression_attribute_values(":read", number(version));
        Ok(write.delete(delete.build().map_err(unbuilt)?).build())
    }
}

fn unbuilt(error: BuildError) -> Fault {
    Fault::Internal(error.to_string())
}

fn pk(tenant: &TenantId, subject: &SubjectId) -> String {
    format!("{tenant}#{subject}")
}

fn place(tenant: &TenantId, shard: u8) -> String {
    format!("{tenant}#{shard}")
}

impl SubjectStore {
    /// What the items with these sort keys tell of each subject, in their order; consistently.
    async fn parts(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
        parts: &[&str],
    ) -> Result<Vec<Versioned>, Fault> {
        let places: Vec<String> = subjects.iter().map(|subject| pk(tenant, subject)).collect();
        let keys = places.iter().flat_map(|pk| parts.iter().map(|part| key(pk, part))).collect();
        let mut found: HashMap<String, Versioned> = HashMap::new();
        for item in self.0.get_all(keys).await? {
            let Some(pk) = get_text(&item, "pk") else { continue };
            read(&item, found.entry(pk.to_owned()).or_default())?;
        }
        Ok(places.iter().map(|pk| found.remove(pk).unwrap_or_default()).collect())
    }

    /// Subjects of one shard in the order of their keys, and whether there are more.
    async fn shard(
        &self,
        tenant: &TenantId,
        from: &Place,
        limit: usize,
    ) -> Result<(Vec<SubjectId>, bool), Fault> {
        let table = &self.0;
        let mut query = table
            .client
            .query()
            .table_name(&table.name)
            .index_name(BY_TENANT)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .expression_attribute_names("#shard", "shard")
            .expression_attribute_values(":shard", text(place(tenant, from.shard)));
        query = match &from.after {
            Some(after) => query
                .key_condition_expression("#shard = :shard AND pk > :after")
                .expression_attribute_values(":after", text(pk(tenant, after))),
            None => query.key_condition_expression("#shard = :shard"),
        };
        let page = query.send().await.map_err(|error| fault("Query", &error))?;
        let prefix = format!("{tenant}#");
        let items = page.items.unwrap_or_default();
        let subjects = items
            .iter()
            .filter_map(|item| get_text(item, "pk")?.strip_prefix(&prefix))
            .map(SubjectId::new)
            .collect::<Result<_, _>>()?;
        Ok((subjects, page.last_evaluated_key.is_some()))
    }
}

impl Population for SubjectStore {
    async fn subjects(
        &self,
        tenant: &TenantId,
        from: Place,
        limit: usize,
    ) -> Result<(Vec<SubjectId>, Option<Place>), Fault> {
        let (mut subjects, mut from, mut at_once) = (Vec::new(), from, 1);
        loop {
            let left = limit.saturating_sub(subjects.len());
            if left == 0 {
                return Ok((subjects, Some(from)));
            }
            let mut places = from.onward();
            let now: Vec<Place> = places.by_ref().take(at_once).collect();
            let pages = try_join_all(now.iter().map(|it| self.shard(tenant, it, left))).await?;
            at_once = ahead(left, &now, &pages);
            let mut next = places.next();
            for (place, (found, more)) in now.into_iter().zip(pages) {
                let room = limit.saturating_sub(subjects.len());
                let more = more || found.len() > room;
                let found = found.into_iter().take(room);
                let before = subjects.len();
                subjects.extend(found);
                if more {
                    let last = subjects.get(before..).and_then(<[SubjectId]>::last).cloned();
                    next = Some(Place { shard: place.shard, after: last.or(place.after) });
                    break;
                }
            }
            match next {
                Some(place) => from = place,
                None => return Ok((subjects, None)),
            }
        }
    }
}

/// How many shards to ask at once, when `left` subjects were wanted of these places: as many as fit into what is left now,
/// by what shards have that were read from their beginnings. Who has few subjects waits for all shards together.
fn ahead(left: usize, places: &[Place], pages: &[(Vec<SubjectId>, bool)]) -> usize {
    let had = |(found, _): &(Vec<SubjectId>, bool)| found.len();
    let whole = places.iter().zip(pages).filter(|(place, _)| place.after.is_none());
    let whole: Vec<usize> = whole.map(|(_, page)| had(page)).collect();
    if whole.is_empty() {
        return 1;
    }
    let each = whole.iter().sum::<usize>().div_ceil(whole.len()).max(1);
    let left = left.saturating_sub(pages.iter().map(had).sum());
    left.checked_div(each).unwrap_or_default().clamp(1, usize::from(SHARDS))
}

impl ProfileList for SubjectStore {
    async fn profiles(
        &self,
        tenant: &TenantId,
        from: Place,
        limit: usize,
    ) -> Result<(Vec<(SubjectId, Profile)>, Option<Place>), Fault> {
        let (subjects, at) = self.subjects(tenant, from, limit).await?;
        let keys = subjects.iter().map(|subject| key(&pk(tenant, subject), PROFILE)).collect();
        let mut whole: HashMap<String, Profile> = HashMap::new();
        for item in self.0.get_all(keys).await? {
            let place = get_text(&item, "pk").unwrap_or_default().to_owned();
            whole.insert(place, from_json(&item, "profile")?.unwrap_or_default());
        }
        let found = subjects.into_iter().filter_map(|subject| {
            let profile = whole.remove(&pk(tenant, &subject))?;
            Some((subject, profile))
        });
        Ok((found.collect(), at))
    }
}

impl Subjects for SubjectStore {
    async fn load(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
    ) -> Result<Vec<Versioned>, Fault> {
        self.parts(tenant, subjects, &[PROFILE, FEATURES]).await
    }

    async fn load_features(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
    ) -> Result<Vec<Versioned>, Fault> {
        self.parts(tenant, subjects, &[FEATURES]).await
    }

    async fn load_profiles(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
    ) -> Result<Vec<Option<Profile>>, Fault> {
        let found = self.parts(tenant, subjects, &[PROFILE]).await?;
        let known = |it: Versioned| (it.profile_version > 0).then_some(it.state.profile);
        Ok(found.into_iter().map(known).collect())
    }

    async fn save_profile(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        read: &Versioned,
    ) -> Result<(), Fault> {
        let item = HashMap::from([
            ("profile".to_owned(), json(&read.state.profile)?),
            ("shard".to_owned(), text(place(tenant, shard(subject)))),
        ]);
        self.put(item, &pk(tenant, subject), PROFILE, read.profile_version).await
    }

    async fn save_series(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        read: &Versioned,
    ) -> Result<(), Fault> {
        let mut item = write(&read.state.series)?;
        if !read.state.goals.is_empty() {
            item.insert("goals".to_owned(), json(&read.state.goals)?);
        }
        self.put(item, &pk(tenant, subject), FEATURES, read.series_version).await
    }

    async fn merge(&self, tenant: &TenantId, merge: &Merge<'_>) -> Result<(), Fault> {
        let Merge { from, was, into, next } = *merge;
        let (gone, kept) = (pk(tenant, from), pk(tenant, into));
        let mut series = write(&next.state.series)?;
        if !next.state.goals.is_empty() {
            series.insert("goals".to_owned(), json(&next.state.goals)?);
        }
        let pointer = HashMap::from([("moved_to".to_owned(), text(into.as_str()))]);
        let mut writes = vec![
            self.replaced(series, &kept, FEATURES, Some(next.series_version))?,
            self.replaced(pointer, &gone, FEATURES, Some(was.series_version))?,
            self.replaced(Item::new(), &kept, &format!("{FROM}{from}"), None)?,
            self.removed(&gone, was.profile_version)?,
        ];
        if was.profile_version > 0 {
            let profile = HashMap::from([
                ("profile".to_owned(), json(&next.state.profile)?),
                ("shard".to_owned(), text(place(tenant, shard(into)))),
            ]);
            writes.push(self.replaced(profile, &kept, PROFILE, Some(next.profile_version))?);
        }
        match self.0.transact(writes).await? {
            true => Ok(()),
            false => Err(Fault::Conflict("a subject was written meanwhile".to_owned())),
        }
    }
}

/// The signals owed are an attribute of their own, which few items have.
fn write(series: &Series) -> Result<Item, Fault> {
    let written = series.encode()?;
    let mut item = HashMap::from([("series".to_owned(), bytes(written.series))]);
    if !written.owed.is_empty() {
        item.insert("owed".to_owned(), bytes(written.owed));
    }
    Ok(item)
}

fn read(item: &Item, slot: &mut Versioned) -> Result<(), Fault> {
    let version =
        get_number(item, "version").and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
    let State { profile, series, goals } = &mut slot.state;
    if get_text(item, "sk") == Some(PROFILE) {
        *profile = from_json(item, "profile")?.unwrap_or_default();
        slot.profile_version = version;
        return Ok(());
    }
    slot.series_version = version;
    slot.moved_to = get_text(item, "moved_to").map(SubjectId::new).transpose()?;
    if slot.moved_to.is_some() {
        return Ok(());
    }
    *goals = from_json(item, "goals")?.unwrap_or_default();
    *series = Series::decode(get_bytes(item, "series"), get_bytes(item, "owed"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceap_engagement::series::{Arrival, Entry, Owed};
    use ceap_kernel::{EventKey, UseCaseId};
    use std::collections::BTreeSet;

    #[test]
    fn as_many_parts_are_asked_at_once_as_fit_into_a_page() {
        let subject = || SubjectId::new("u1").unwrap();
        let had = |counts: &[usize]| -> Vec<(Vec<SubjectId>, bool)> {
            counts.iter().map(|count| (vec![subject(); *count], false)).collect()
        };
        let begun = |shard| Place { shard, after: None };
        let within = Place { shard: 3, after: Some(subject()) };
        assert_eq!(ahead(1000, &[begun(0)], &had(&[0])), 16, "nobody so far");
        assert_eq!(ahead(1000, &[begun(0)], &had(&[100])), 9);
        assert_eq!(ahead(1000, &[begun(0), begun(1)], &had(&[100, 300])), 3);
        assert_eq!(ahead(1000, &[begun(0)], &had(&[999])), 1);
        assert_eq!(ahead(1000, std::slice::from_ref(&within), &had(&[0])), 1, "the end of a part");
        assert_eq!(ahead(1000, &[within, begun(4)], &had(&[7, 200])), 3);
    }

    #[test]
    fn a_feature_item_is_read_as_it_was_written() {
        let mut state = State::default();
        state.series.count("a", 5);
        let (key, use_case) = (EventKey(7), UseCaseId::new("x").unwrap());
        state.series.anchor("a", Entry { time: 5, key, data: serde_json::Map::new() });
        state.series.owe(Owed { time: 5, key, use_case, cause: Arrival { at: 1, key } });
        let mut item = write(&state.series).unwrap();
        item.insert("version".to_owned(), number(3));
        let mut slot = Versioned::default();
        read(&item, &mut slot).unwrap();
        assert_eq!((&slot.state, slot.series_version), (&state, 3));
        item.remove("owed");
        read(&item, &mut slot).unwrap();
        state.series.owe_only(&BTreeSet::new());
        assert_eq!(slot.state, state);
    }
}
