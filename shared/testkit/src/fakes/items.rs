//! The item catalogue, and what goes together.

use crate::World;
use ceap_engagement::affinity::Affinity;
use ceap_engagement::affinity::port::{Affinities, AffinityKeeper, Loaded, Which};
use ceap_engagement::item::catalogue::ItemStore;
use ceap_engagement::item::{Item, Items};
use ceap_engagement::pipeline::recommend::Shop;
use ceap_kernel::{AffinityName, Fault, ItemId, ModelId, TenantId, Timestamp};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;

impl World {
    /// Its items and affinity models.
    #[must_use]
    pub fn shop(&self) -> Shop<'_> {
        Shop { affinities: self, items: self }
    }
}

impl ItemStore for World {
    async fn put(&self, tenant: &TenantId, items: &[Item]) -> Result<(), Fault> {
        let rows = items.iter().map(|item| ((tenant.clone(), item.id.clone()), item.clone()));
        self.step("items.put", |stores| {
            stores.items.extend(rows);
            Ok(())
        })
        .await
    }

    async fn get(&self, tenant: &TenantId, id: &ItemId) -> Result<Option<Item>, Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("items.get", |stores| Ok(stores.items.get(&key).cloned())).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ItemId>,
        limit: usize,
    ) -> Result<(Vec<Item>, bool), Fault> {
        self.step("items.list", |stores| {
            let of = stores.items.iter().filter(|((of, _), _)| of == tenant);
            let behind = of.filter(|((_, id), _)| after.is_none_or(|after| id > after));
            let mut found: Vec<Item> = behind.map(|(_, item)| item.clone()).collect();
            let more = found.len() > limit;
            found.truncate(limit);
            Ok((found, more))
        })
        .await
    }

    async fn delete(&self, tenant: &TenantId, id: &ItemId) -> Result<(), Fault> {
        let key = (tenant.clone(), id.clone());
        self.step("items.delete", |stores| {
            stores.items.remove(&key);
            Ok(())
        })
        .await
    }
}

impl Items for World {
    fn get_many<'a>(
        &'a self,
        tenant: &'a TenantId,
        ids: &'a [ItemId],
    ) -> BoxFuture<'a, Result<BTreeMap<ItemId, Item>, Fault>> {
        self.step("items.get_many", |stores| {
            let found = ids.iter().filter_map(|id| {
                let item = stores.items.get(&(tenant.clone(), id.clone()))?;
                Some((id.clone(), item.clone()))
            });
            Ok(found.collect())
        })
        .boxed()
    }
}

impl Affinities for World {
    fn load<'a>(
        &'a self,
        tenant: &'a TenantId,
        which: &'a Which,
    ) -> BoxFuture<'a, Result<Option<Loaded>, Fault>> {
        self.step("affinities.load", |stores| {
            let id = match which {
                Which::Pinned(id) => Some(id.clone()),
                Which::Newest(name) => {
                    let newest = stores.affinity_names.get(&(tenant.clone(), name.clone()));
                    newest.map(|(id, _)| id.clone())
                }
            };
            let Some(id) = id else { return Ok(None) };
            let Some(file) = stores.affinities.get(&(tenant.clone(), id.clone())) else {
                return Ok(None);
            };
            let affinity = Arc::new(Affinity::read(file)?);
            Ok(Some(Loaded { id, affinity }))
        })
        .boxed()
    }
}

impl AffinityKeeper for World {
    async fn keep(
        &self,
        tenant: &TenantId,
        name: &AffinityName,
        id: &ModelId,
        file: Vec<u8>,
        as_of: Timestamp,
    ) -> Result<(), Fault> {
        let (name, key) = ((tenant.clone(), name.clone()), (tenant.clone(), id.clone()));
        self.step("affinities.keep", |stores| {
            let later = stores.affinity_names.get(&name).is_some_and(|(_, kept)| *kept > as_of);
            if !later {
                stores.affinity_names.insert(name, (key.1.clone(), as_of));
            }
            stores.affinities.insert(key, file);
            Ok(())
        })
        .await
    }
}
