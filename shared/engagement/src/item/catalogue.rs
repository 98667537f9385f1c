//! Where items are kept, and looked at.

use super::Item;
use ceap_kernel::{Fault, ItemId, TenantId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Items of one call.
pub const MAX_ITEMS: usize = 1_000;

/// Items of one page.
pub const PAGE: usize = 100;

/// Keeps items.
#[allow(async_fn_in_trait)]
pub trait ItemStore {
    /// Keeps these, in place of those of the same ids. They are not written at once: when it fails,
    /// some may be kept.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; keeping them again does no harm.
    async fn put(&self, tenant: &TenantId, items: &[Item]) -> Result<(), Fault>;

    /// The item, if there is one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn get(&self, tenant: &TenantId, id: &ItemId) -> Result<Option<Item>, Fault>;

    /// At most `limit` items by id, in the order of its bytes, from behind `after` on; and whether
    /// there are more.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ItemId>,
        limit: usize,
    ) -> Result<(Vec<Item>, bool), Fault>;

    /// Forgets an item; one that is not there, too.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn delete(&self, tenant: &TenantId, id: &ItemId) -> Result<(), Fault>;
}

/// Items to keep.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ItemsRequest")]
pub struct Given {
    /// 1 to 1,000, each id once.
    #[schemars(length(min = 1, max = 1000))]
    pub items: Vec<Item>,
}

/// What was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ItemsKept")]
pub struct Kept {
    /// How many.
    pub kept: usize,
}

/// A page of items.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ItemList")]
pub struct List {
    /// By id.
    pub items: Vec<Item>,
    /// Where the next page begins: what to send as `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<ItemId>,
}

impl Given {
    /// Checks all before any is kept.
    ///
    /// # Errors
    /// `Invalid`, naming the item and its field.
    pub fn check(&self) -> Result<(), Fault> {
        if self.items.is_empty() || self.items.len() > MAX_ITEMS {
            return Err(Fault::invalid("items", format!("must be 1 to {MAX_ITEMS}")));
        }
        let mut seen = BTreeSet::new();
        for (n, item) in self.items.iter().enumerate() {
            item.check(&format!("items[{n}]"))?;
            if !seen.insert(&item.id) {
                return Err(Fault::invalid(format!("items[{n}].id"), "is there twice"));
            }
        }
        Ok(())
    }
}

/// Keeps the items given.
///
/// # Errors
/// `Invalid`, naming the item and its field; nothing is kept then. `Unavailable` or `Throttled`.
pub async fn put(tenant: &TenantId, given: &Given, store: &impl ItemStore) -> Result<Kept, Fault> {
    given.check()?;
    store.put(tenant, &given.items).await?;
    Ok(Kept { kept: given.items.len() })
}

/// An item.
///
/// # Errors
/// `NotFound`; `Unavailable` or `Throttled`.
pub async fn get(tenant: &TenantId, id: &ItemId, store: &impl ItemStore) -> Result<Item, Fault> {
    let item = store.get(tenant, id).await?;
    item.ok_or_else(|| Fault::NotFound("there is no such item".to_owned()))
}

/// A page of items, from behind `after` on.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn list(
    tenant: &TenantId,
    after: Option<&ItemId>,
    store: &impl ItemStore,
) -> Result<List, Fault> {
    let (items, more) = store.list(tenant, after, PAGE).await?;
    let next = items.last().filter(|_| more).map(|item| item.id.clone());
    Ok(List { items, next })
}
