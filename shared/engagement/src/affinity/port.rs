//! Where affinity models are kept and found.

use super::Affinity;
use ceap_kernel::{AffinityName, Fault, ModelId, TenantId, Timestamp};
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Which model: the newest of a name, or a certain one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", rename = "AffinityModel")]
pub enum Which {
    /// The newest that was computed under this name.
    Newest(AffinityName),
    /// The one of this SHA-256.
    Pinned(ModelId),
}

/// A name is too short to be a SHA-256.
impl TryFrom<String> for Which {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        match ModelId::new(text.clone()) {
            Ok(id) => Ok(Self::Pinned(id)),
            Err(_) => AffinityName::new(text).map(Self::Newest),
        }
    }
}

impl From<Which> for String {
    fn from(which: Which) -> Self {
        match which {
            Which::Newest(name) => name.into(),
            Which::Pinned(id) => id.into(),
        }
    }
}

/// A model, ready to recommend.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The SHA-256 of its file.
    pub id: ModelId,
    /// It.
    pub affinity: Arc<Affinity>,
}

/// Finds affinity models.
pub trait Affinities: fmt::Debug + Send + Sync {
    /// The model, if there is one; the newest of a name may be a minute old.
    ///
    /// Fails with `Invalid` when its file can't be read; `Unavailable` or `Throttled`.
    fn load<'a>(
        &'a self,
        tenant: &'a TenantId,
        which: &'a Which,
    ) -> BoxFuture<'a, Result<Option<Loaded>, Fault>>;
}

/// Keeps affinity models.
#[allow(async_fn_in_trait)]
pub trait AffinityKeeper {
    /// Keeps a model's file by its hash, and makes it the newest of `name`, unless one that was
    /// learnt of later history is; only then it is found there. The same again changes nothing.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn keep(
        &self,
        tenant: &TenantId,
        name: &AffinityName,
        id: &ModelId,
        file: Vec<u8>,
        as_of: Timestamp,
    ) -> Result<(), Fault>;
}
