//! What a tenant keeps beside its use cases, and they may name.

use crate::model::{Model, Shelf};
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
    /// Models that were loaded beforehand, where nothing is loaded later: in a simulation.
    pub ready: BTreeMap<ModelId, Arc<dyn Model>>,
}
