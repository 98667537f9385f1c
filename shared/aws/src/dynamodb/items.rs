//! The item catalogue: pk `<tenant>#ITEMS`, sk the item's id.

use super::Table;
use super::item::{Item as Row, from_json, json, key, text};
use crate::fault::fault;
use ceap_engagement::item::catalogue::ItemStore;
use ceap_engagement::item::{Item, Items};
use ceap_kernel::{Fault, ItemId, TenantId};
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};

/// Batches that are written at once.
const CONCURRENCY: usize = 4;

/// A tenant's items.
#[derive(Debug, Clone)]
pub struct Catalogue(Table);

impl Catalogue {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }
}

fn pk(tenant: &TenantId) -> String {
    format!("{tenant}#ITEMS")
}

fn place(tenant: &TenantId, id: &ItemId) -> Row {
    key(&pk(tenant), id.as_str())
}

fn row(tenant: &TenantId, item: &Item) -> Result<Row, Fault> {
    let mut row = place(tenant, &item.id);
    row.insert("item".to_owned(), json(item)?);
    Ok(row)
}

fn read(row: &Row) -> Result<Option<Item>, Fault> {
    from_json(row, "item")
}

impl ItemStore for Catalogue {
    async fn put(&self, tenant: &TenantId, items: &[Item]) -> Result<(), Fault> {
        let rows = items.iter().map(|item| row(tenant, item)).collect::<Result<Vec<_>, _>>()?;
        let batches: Vec<Vec<Row>> = rows.chunks(Table::BATCH).map(<[Row]>::to_vec).collect();
        stream::iter(batches.into_iter().map(Ok))
            .try_for_each_concurrent(CONCURRENCY, |batch| self.0.put_batch(batch))
            .await
    }

    async fn get(&self, tenant: &TenantId, id: &ItemId) -> Result<Option<Item>, Fault> {
        self.0.get(&pk(tenant), id.as_str()).await?.map_or(Ok(None), |row| read(&row))
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ItemId>,
        limit: usize,
    ) -> Result<(Vec<Item>, bool), Fault> {
        let most = i32::try_from(limit).unwrap_or(i32::MAX);
        let page = self
            .0
            .client
            .query()
            .table_name(&self.0.name)
            .key_condition_expression("pk = :items")
            .expression_attribute_values(":items", text(pk(tenant)))
            .set_exclusive_start_key(after.map(|id| place(tenant, id)))
            .consistent_read(true)
            .limit(most)
            .send()
            .await
            .map_err(|error| fault("Query", &error))?;
        let more = page.last_evaluated_key.is_some();
        let found = page.items.unwrap_or_default();
        let items = found.iter().filter_map(|row| read(row).transpose());
        Ok((items.collect::<Result<_, _>>()?, more))
    }

    async fn delete(&self, tenant: &TenantId, id: &ItemId) -> Result<(), Fault> {
        let delete = self.0.client.delete_item().table_name(&self.0.name);
        let deleted = delete.set_key(Some(place(tenant, id))).send().await;
        deleted.map(|_| ()).map_err(|error| fault("DeleteItem", &error))
    }
}

impl Items for Catalogue {
    fn get_many<'a>(
        &'a self,
        tenant: &'a TenantId,
        ids: &'a [ItemId],
    ) -> BoxFuture<'a, Result<BTreeMap<ItemId, Item>, Fault>> {
        let different: BTreeSet<&ItemId> = ids.iter().collect();
        let keys = different.into_iter().map(|id| place(tenant, id)).collect();
        async move {
            let rows = self.0.get_all(keys).await?;
            let items = rows.iter().filter_map(|row| read(row).transpose());
            items.map(|item| item.map(|item| (item.id.clone(), item))).collect()
        }
        .boxed()
    }
}
