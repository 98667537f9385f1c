//! What a tenant keeps beside its use cases: what they may name, and what events must look like.

use crate::affinity::port::Affinities;
use crate::item::Items;
use crate::model::{Model, Shelf};
use crate::pipeline::recommend::{NoShop, Shop};
use crate::schema::Compiled;
use crate::template::Collection;
use ceap_kernel::ModelId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a use case's document may name.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// Templates and partials.
    pub templates: Collection,
    /// Models: what each is.
    pub models: Shelf,
    /// Schemas of events, by type.
    pub schemas: BTreeMap<String, Compiled>,
    /// Models that were loaded beforehand, where nothing is loaded later: in a simulation.
    pub ready: BTreeMap<ModelId, Arc<dyn Model>>,
    /// Affinity models and items, for a simulation.
    pub shop: Option<OwnShop>,
}

/// Affinity models and items.
#[derive(Debug, Clone)]
pub struct OwnShop {
    /// Affinity models.
    pub affinities: Arc<dyn Affinities>,
    /// Items.
    pub items: Arc<dyn Items>,
}

impl Stored {
    /// Affinity models and items; empty ones where a simulation was given none.
    #[must_use]
    pub fn shop(&self) -> Shop<'_> {
        match &self.shop {
            Some(shop) => Shop { affinities: &*shop.affinities, items: &*shop.items },
            None => Shop { affinities: &NoShop, items: &NoShop },
        }
    }
}
