//! An index's objects, read and written as what they are.

use std::sync::Arc;

use ceap_kernel::Fault;
use roaring::RoaringBitmap;

use crate::{
    Manifest, Place, Shape, Tombstones,
    blobs::{Blobs, ETag, Got},
    tombstones,
};

/// The objects of one index.
#[derive(Clone)]
pub struct Archive {
    /// The store.
    pub blobs: Arc<dyn Blobs>,
    /// Their names.
    pub place: Place,
    /// What their documents look like.
    pub shape: Arc<Shape>,
}

/// The manifest, and which one it is; `None` if there is none yet.
pub type Current = (Manifest, Option<ETag>);

impl Archive {
    /// The newest manifest.
    ///
    /// # Errors
    /// The store's; `Internal` if it is of another shape.
    pub async fn manifest(&self) -> Result<Current, Fault> {
        Ok(self.changed(None).await?.unwrap_or_else(|| (Manifest::empty(self.shape.stamp()), None)))
    }

    /// The newest manifest, if it is another than the `known` one.
    ///
    /// # Errors
    /// The store's; `Internal` if it is of another shape.
    pub async fn changed(&self, known: Option<&ETag>) -> Result<Option<Current>, Fault> {
        match self.blobs.get(&self.place.manifest(), known).await? {
            Got::Unchanged => Ok(None),
            Got::Absent => Ok(Some((Manifest::empty(self.shape.stamp()), None))),
            Got::Blob(blob) => {
                let manifest = Manifest::parse(&blob.bytes, self.shape.stamp())?;
                Ok(Some((manifest, Some(blob.etag))))
            }
        }
    }

    /// Writes a manifest over the one with this tag, or as the first.
    ///
    /// # Errors
    /// `Conflict` if the newest is another.
    pub async fn swap(&self, manifest: &Manifest, over: Option<&ETag>) -> Result<ETag, Fault> {
        let (name, bytes) = (self.place.manifest(), manifest.bytes()?);
        match over {
            Some(etag) => self.blobs.put_over(&name, bytes, etag).await,
            None => self.blobs.put_new(&name, bytes).await,
        }
    }

    /// Writes an object under a name that nothing else has.
    pub(crate) async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), Fault> {
        match self.blobs.put_new(name, bytes).await {
            // Names are never made twice: this is the object itself, whose answer was lost.
            Ok(_) | Err(Fault::Conflict(_)) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// Reads tombstones.
    pub(crate) async fn tombstones(&self, at: &Tombstones) -> Result<RoaringBitmap, Fault> {
        tombstones::parse(&self.blobs.range(&at.name, at.start..at.end).await?)
    }
}
