//! Which of a tenant's builds serves: the one object of theirs that changes.

use std::sync::Arc;

use ceap_kernel::{Fault, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::shape::VERSION;
use crate::{
    Place,
    blobs::{Blobs, ETag, Got},
};

/// A build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Its name, which is never made twice.
    pub build: String,
    /// Its layout ([`VERSION`]).
    pub version: u32,
    /// When it became what it is.
    pub at: Timestamp,
}

/// A tenant's builds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// The one that serves, if there is one yet.
    pub current: Option<Made>,
    /// The one that is being made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Made>,
    /// Those that are to be deleted once nobody reads them any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<Made>,
}

/// A pointer, and which content that is; `None` if there is none yet.
pub type Pointed = (Pointer, Option<ETag>);

impl Pointer {
    /// The build that serves, if it is of this layout.
    pub fn serving(&self) -> Option<&str> {
        let current = self.current.as_ref().filter(|made| made.version == VERSION);
        current.map(|made| made.build.as_str())
    }
}

/// Where all that belongs to a tenant's index is.
fn root(tenant: &TenantId) -> String {
    format!("{tenant}/search/")
}

/// The pointer's name.
pub fn name(tenant: &TenantId) -> String {
    format!("{}current.json", root(tenant))
}

/// Where a build is.
pub fn place(tenant: &TenantId, build: &str) -> Place {
    Place::new(format!("{}{build}/", root(tenant)))
}

/// The pointer, if it is another than the `known` one.
pub async fn changed(
    blobs: &Arc<dyn Blobs>,
    tenant: &TenantId,
    known: Option<&ETag>,
) -> Result<Option<Pointed>, Fault> {
    match blobs.get(&name(tenant), known).await? {
        Got::Unchanged => Ok(None),
        Got::Absent => Ok(Some((Pointer::default(), None))),
        Got::Blob(blob) => {
            let pointer = serde_json::from_slice(&blob.bytes)
                .map_err(|e| Fault::Internal(format!("which search index serves: {e}")))?;
            Ok(Some((pointer, Some(blob.etag))))
        }
    }
}

/// Writes the pointer over the one with this tag, or as the first.
///
/// `Conflict` if it is another by now.
pub async fn swap(
    blobs: &Arc<dyn Blobs>,
    tenant: &TenantId,
    pointer: &Pointer,
    over: Option<&ETag>,
) -> Result<(), Fault> {
    let bytes = serde_json::to_vec(pointer).map_err(|e| Fault::Internal(e.to_string()))?;
    let name = name(tenant);
    match over {
        Some(etag) => blobs.put_over(&name, bytes, etag).await.map(|_| ()),
        None => blobs.put_new(&name, bytes).await.map(|_| ()),
    }
}
