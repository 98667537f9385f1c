//! What was read at once, outside of a request.

use super::{Kept, Record, places};
use crate::store::{Item, Key, Store};
use ceap_kernel::{Fault, TenantId};
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// Items by their keys.
#[derive(Debug, Default)]
pub(crate) struct Known(HashMap<Key, Item>);

impl Known {
    /// Reads them all with one call.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn read(
        store: &dyn Store,
        tenant: &TenantId,
        mut keys: Vec<Key>,
    ) -> Result<Self, Fault> {
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            return Ok(Self::default());
        }
        let items = store.get(tenant, &keys).await?;
        Ok(Self(items.into_iter().map(|item| (item.key.clone(), item)).collect()))
    }

    /// What is at a key, as it is kept.
    pub fn item(&self, key: &Key) -> Option<&Item> {
        self.0.get(key)
    }

    /// A record, if there is one with this id.
    ///
    /// # Errors
    /// `Internal` if it cannot be read.
    pub fn record<R: Record>(&self, id: u64) -> Result<Option<R>, Fault> {
        let item = self.0.get(&places::record(R::KIND, id));
        Ok(item.map(Kept::<R>::read).transpose()?.map(|kept| kept.record))
    }

    /// What is at a key, if anything is.
    ///
    /// # Errors
    /// `Internal` if it cannot be read.
    pub fn value<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Fault> {
        let read = |item: &Item| serde_json::from_str(&item.body);
        // The key may hold what nobody is to see, so only its kind is told.
        let kind = key.partition.split('#').next().unwrap_or_default();
        let wrong = |error| Fault::Internal(format!("unreadable {kind}: {error}"));
        self.0.get(key).map(read).transpose().map_err(wrong)
    }
}
