//! Deletes what nobody reads any more.

use std::collections::{BTreeMap, BTreeSet};

use ceap_kernel::{Fault, Timestamp};

use super::Writer;
use crate::blobs::{ETag, Got};

/// Objects that no manifest names, and since when that is known.
type Marks = BTreeMap<String, Timestamp>;

/// What was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Objects that are no more.
    pub deleted: usize,
    /// Objects that will be no more, once the grace is over.
    pub marked: usize,
}

impl Writer {
    /// Deletes the objects that the manifest has not named since a call at least the grace ago, whether it did before
    /// (then searchers with an older manifest may have read them) or never (then a writer died, or its work was of no
    /// use).
    ///
    /// # Errors
    /// The store's. What was deleted by then is found deleted the next time.
    pub async fn collect(&self) -> Result<Collected, Fault> {
        let now = self.clock.now();
        let before = now.saturating_sub(self.limits.grace).unwrap_or(Timestamp::MIN);
        // The objects are listed before the manifest is read: so what is there and not named is of an earlier one, or of
        // a write that is under way. Names are never made twice, so what was named once is never named again.
        let there = self.objects().await?;
        let (manifest, _) = self.manifest().await?;
        let named = manifest.names(&self.archive.place);
        let (known, etag) = self.marks().await?;
        let since = |name: String| {
            let since = known.get(&name).copied().unwrap_or(now);
            (name, since)
        };
        let unnamed = there.into_iter().filter(|name| !named.contains(name)).map(since);
        let (old, marks): (Marks, Marks) = unnamed.partition(|(_, since)| *since < before);
        for name in old.keys() {
            self.archive.blobs.delete(name).await?;
        }
        if marks != known {
            self.mark(&marks, etag.as_ref()).await?;
        }
        Ok(Collected { deleted: old.len(), marked: marks.len() })
    }

    /// The objects that the manifest names, but that are not there: the index must be built anew.
    ///
    /// # Errors
    /// The store's.
    pub async fn missing(&self) -> Result<Vec<String>, Fault> {
        // The manifest is read before the objects are listed: so what it names was put by then, and nothing of it is
        // deleted for as long as the grace.
        let (manifest, _) = self.manifest().await?;
        let there = self.objects().await?;
        let named = manifest.names(&self.archive.place);
        Ok(named.into_iter().filter(|name| !there.contains(name)).collect())
    }

    async fn objects(&self) -> Result<BTreeSet<String>, Fault> {
        let (prefix, mut after, mut found) = (self.archive.place.parts(), None, BTreeSet::new());
        loop {
            let listed = self.archive.blobs.list(&prefix, after.as_deref()).await?;
            found.extend(listed.entries.into_iter().map(|entry| entry.name));
            match listed.next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }

    async fn marks(&self) -> Result<(Marks, Option<ETag>), Fault> {
        match self.archive.blobs.get(&self.archive.place.marks(), None).await? {
            Got::Absent | Got::Unchanged => Ok((Marks::new(), None)),
            Got::Blob(blob) => {
                let marks = serde_json::from_slice(&blob.bytes)
                    .map_err(|e| Fault::Internal(format!("marks that are none: {e}")))?;
                Ok((marks, Some(blob.etag)))
            }
        }
    }

    async fn mark(&self, marks: &Marks, over: Option<&ETag>) -> Result<(), Fault> {
        let bytes = serde_json::to_vec(marks).map_err(|e| Fault::Internal(e.to_string()))?;
        let name = self.archive.place.marks();
        let put = match over {
            Some(etag) => self.archive.blobs.put_over(&name, bytes, etag).await,
            None => self.archive.blobs.put_new(&name, bytes).await,
        };
        match put {
            // Another collects too, and marks the same.
            Ok(_) | Err(Fault::Conflict(_)) => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}
