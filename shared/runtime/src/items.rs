//! The API of the item catalogue.

use crate::http::{Call, Reply};
use ceap_engagement::item::catalogue::{Given, ItemStore, get, list, put};
use ceap_kernel::access::Role;
use ceap_kernel::{Fault, ItemId};

/// A tenant's items.
#[derive(Debug)]
pub struct ItemApi<S> {
    store: S,
}

impl<S: ItemStore> ItemApi<S> {
    /// Kept in `store`.
    #[must_use]
    pub const fn new(store: S) -> Self {
        Self { store }
    }

    /// Answers a call.
    ///
    /// # Errors
    /// `Forbidden` for a role that may not; `Invalid`, naming the item and its field; `NotFound`;
    /// `Unavailable` or `Throttled`.
    pub async fn answer(&self, call: &Call) -> Result<Reply, Fault> {
        let tenant = &call.principal.tenant;
        match call.route().as_str() {
            "GET /v1/items" => {
                call.require(Role::may_read_customers)?;
                let after = call.query("after").map(ItemId::new).transpose()?;
                Reply::json(200, &list(tenant, after.as_ref(), &self.store).await?)
            }
            "GET /v1/items/{id}" => {
                call.require(Role::may_read_customers)?;
                Reply::json(200, &get(tenant, &named(call)?, &self.store).await?)
            }
            "PUT /v1/items" => {
                call.require(Role::may_send)?;
                let given: Given = call.json("items")?;
                Reply::json(200, &put(tenant, &given, &self.store).await?)
            }
            "DELETE /v1/items/{id}" => {
                call.require(Role::may_send)?;
                self.store.delete(tenant, &named(call)?).await?;
                Ok(Reply::empty())
            }
            other => Err(Fault::NotFound(format!("there is no {other}"))),
        }
    }
}

fn named(call: &Call) -> Result<ItemId, Fault> {
    ItemId::new(call.path("id").unwrap_or_default())
}
