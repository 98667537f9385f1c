//! Buckets: the archive, in which exports are, and those that are exported.

use super::manifest::json;
use ceap_kernel::Fault;
use ceap_kernel::blobs::{Blobs, ETag, Got};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// A bucket.
pub struct Bucket {
    /// Its name in archives: `files`.
    pub name: &'static str,
    /// Its own name.
    pub bucket: String,
    /// What is in it.
    pub blobs: Box<dyn Blobs>,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

impl Bucket {
    /// A document, and which content it is; none if there is none.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<(T, ETag)>, Fault> {
        let Got::Blob(blob) = self.blobs.get(name, None).await? else { return Ok(None) };
        let unreadable = |error| Fault::Internal(format!("{name} cannot be read: {error}"));
        let value = serde_json::from_slice(&blob.bytes).map_err(unreadable)?;
        Ok(Some((value, blob.etag)))
    }

    /// Writes a document over the one that is `known`, or as a new one.
    ///
    /// # Errors
    /// `Conflict` if it is another by now: another execution does the same.
    pub(super) async fn write(
        &self,
        name: &str,
        value: &impl Serialize,
        known: Option<&ETag>,
    ) -> Result<ETag, Fault> {
        let bytes = json(value)?.into_bytes();
        match known {
            Some(known) => self.blobs.put_over(name, bytes, known).await,
            None => self.blobs.put_new(name, bytes).await,
        }
    }

    /// Writes an object over whatever is there: what a step wrote that was not noted is written anew.
    pub(super) async fn replace(&self, name: &str, bytes: Vec<u8>) -> Result<(), Fault> {
        match self.blobs.put_new(name, bytes.clone()).await {
            Err(Fault::Conflict(_)) => {}
            written => return written.map(drop),
        }
        match self.blobs.get(name, None).await? {
            Got::Blob(blob) if blob.bytes == bytes => Ok(()),
            Got::Blob(blob) => self.blobs.put_over(name, bytes, &blob.etag).await.map(drop),
            Got::Absent | Got::Unchanged => {
                Err(Fault::Unavailable(format!("{name} came and went")))
            }
        }
    }
}
