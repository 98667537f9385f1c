//! Profiles and feature items, each under its own version.

use crate::World;
use crate::world::Stores;
use ceap_engagement::pipeline::ingest::{State, Subjects, Versioned};
use ceap_engagement::pipeline::merge::Merge;
use ceap_engagement::profile::Profile;
use ceap_engagement::profile_list::{Place, ProfileList, shard};
use ceap_engagement::series::{Encoded, MAX_ITEM_BYTES, Series};
use ceap_kernel::{Fault, SubjectId, TenantId};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a DynamoDB item.
const MAX_ITEM: usize = 400_000;

type Items<T> = BTreeMap<(TenantId, SubjectId), (u64, T)>;

fn save<T>(
    items: &mut Items<T>,
    key: (TenantId, SubjectId),
    read: u64,
    item: T,
) -> Result<(), Fault> {
    let stored = items.get(&key).map_or(0, |(version, _)| *version);
    if stored != read {
        return Err(Fault::Conflict("the subject changed meanwhile".to_owned()));
    }
    items.insert(key, (stored + 1, item));
    Ok(())
}

fn decode(written: &Encoded) -> Series {
    Series::decode(&written.series, &written.owed).unwrap()
}

/// What is stored of a subject.
fn read(stores: &Stores, key: &(TenantId, SubjectId), profile: bool) -> Versioned {
    let mut read = Versioned::default();
    if let Some((version, json)) = stores.profiles.get(key).filter(|_| profile) {
        read.profile_version = *version;
        read.state.profile = serde_json::from_str(json).unwrap();
    }
    read.moved_to = stores.moved.get(key).cloned();
    if let Some((version, written)) = stores.series.get(key) {
        read.series_version = *version;
        read.state.goals = stores.goals_owed.get(key).cloned().unwrap_or_default();
        read.state.series = decode(written);
    }
    read
}

fn distinct(tenant: &TenantId, subjects: &[SubjectId]) -> Vec<(TenantId, SubjectId)> {
    let distinct: BTreeSet<_> = subjects.iter().collect();
    assert_eq!(distinct.len(), subjects.len(), "BatchGetItem refuses repeats");
    subjects.iter().map(|subject| (tenant.clone(), subject.clone())).collect()
}

impl Subjects for World {
    async fn load(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
    ) -> Result<Vec<Versioned>, Fault> {
        let keys = distinct(tenant, subjects);
        self.step("subjects.load", |stores| {
            Ok(keys.iter().map(|key| read(stores, key, true)).collect())
        })
        .await
    }

    async fn load_features(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
    ) -> Result<Vec<Versioned>, Fault> {
        let keys = distinct(tenant, subjects);
        self.step("subjects.load_features", |stores| {
            Ok(keys.iter().map(|key| read(stores, key, false)).collect())
        })
        .await
    }

    async fn load_profiles(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
    ) -> Result<Vec<Option<Profile>>, Fault> {
        let keys = distinct(tenant, subjects);
        self.step("subjects.load_profiles", |stores| {
            let profile = |key| stores.profiles.get(key);
            let found = keys.iter().map(profile);
            Ok(found.map(|it| it.map(|(_, json)| serde_json::from_str(json).unwrap())).collect())
        })
        .await
    }

    async fn save_profile(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        read: &Versioned,
    ) -> Result<(), Fault> {
        let json = serde_json::to_string(&read.state.profile).unwrap();
        assert!(json.len() < MAX_ITEM, "an item of {} bytes", json.len());
        let key = (tenant.clone(), subject.clone());
        self.step("subjects.save_profile", |stores| {
            save(&mut stores.profiles, key, read.profile_version, json)
        })
        .await
    }

    async fn save_series(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        read: &Versioned,
    ) -> Result<(), Fault> {
        let written = read.state.series.encode().unwrap();
        assert!(written.len() <= MAX_ITEM_BYTES, "an item of {} bytes", written.len());
        let key = (tenant.clone(), subject.clone());
        self.step("subjects.save_series", |stores| {
            save(&mut stores.series, key.clone(), read.series_version, written)?;
            stores.goals_owed.insert(key, read.state.goals.clone());
            Ok(())
        })
        .await
    }

    async fn merge(&self, tenant: &TenantId, merge: &Merge<'_>) -> Result<(), Fault> {
        let Merge { from, was, into, next } = *merge;
        let written = next.state.series.encode().unwrap();
        assert!(written.len() <= MAX_ITEM_BYTES, "an item of {} bytes", written.len());
        let json = serde_json::to_string(&next.state.profile).unwrap();
        let (gone, kept) = ((tenant.clone(), from.clone()), (tenant.clone(), into.clone()));
        self.step("subjects.merge", |stores| {
            let series = |key| stores.series.get(key).map_or(0, |(version, _)| *version);
            let profile = |key| stores.profiles.get(key).map_or(0, |(version, _)| *version);
            let changed = series(&gone) != was.series_version
                || profile(&gone) != was.profile_version
                || series(&kept) != next.series_version
                || (was.profile_version > 0 && profile(&kept) != next.profile_version);
            if changed {
                return Err(Fault::Conflict("a subject changed meanwhile".to_owned()));
            }
            if was.profile_version > 0 {
                stores.profiles.remove(&gone);
                stores.profiles.insert(kept.clone(), (next.profile_version + 1, json));
            }
            let nothing = Series::default().encode().unwrap();
            stores.series.insert(gone.clone(), (was.series_version + 1, nothing));
            stores.goals_owed.remove(&gone);
            stores.joined.entry(kept.clone()).or_default().insert(gone.1.clone());
            stores.moved.insert(gone, kept.1.clone());
            stores.goals_owed.insert(kept.clone(), next.state.goals.clone());
            stores.series.insert(kept, (next.series_version + 1, written));
            Ok(())
        })
        .await
    }
}

impl ProfileList for World {
    async fn profiles(
        &self,
        tenant: &TenantId,
        from: Place,
        limit: usize,
    ) -> Result<(Vec<(SubjectId, Profile)>, Option<Place>), Fault> {
        self.step("profiles.list", |stores| {
            let of = stores.profiles.iter().filter(|((of, _), _)| of == tenant);
            let mut found: Vec<(SubjectId, Profile)> = of
                .map(|((_, id), (_, json))| (id.clone(), serde_json::from_str(json).unwrap()))
                .filter(|(id, _)| {
                    let after = from.after.as_ref().is_none_or(|after| id > after);
                    shard(id) > from.shard || (shard(id) == from.shard && after)
                })
                .collect();
            found.sort_by_key(|(id, _)| (shard(id), id.clone()));
            let more = found.len() > limit;
            found.truncate(limit);
            let last =
                found.last().map(|(id, _)| Place { shard: shard(id), after: Some(id.clone()) });
            Ok((found, last.filter(|_| more)))
        })
        .await
    }
}

impl World {
    /// The state of a subject as it is stored.
    #[must_use]
    pub fn state(&self, tenant: &TenantId, subject: &SubjectId) -> State {
        let key = (tenant.clone(), subject.clone());
        let stores = self.stores();
        let profile = stores.profiles.get(&key);
        let series = stores.series.get(&key);
        State {
            profile: profile
                .map(|(_, json)| serde_json::from_str(json).unwrap())
                .unwrap_or_default(),
            goals: stores.goals_owed.get(&key).cloned().unwrap_or_default(),
            series: series.map(|(_, written)| decode(written)).unwrap_or_default(),
        }
    }
}
