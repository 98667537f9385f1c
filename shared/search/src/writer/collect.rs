//! Deletes what nobody reads any more.

use ceap_kernel::{Fault, Timestamp};

use super::{Writer, again, exhausted};
use crate::{Dropped, place};

/// What was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Objects that the manifest named once.
    pub dropped: usize,
    /// Objects that no manifest ever named: a writer died before.
    pub orphans: usize,
}

impl Writer {
    /// Deletes what the manifest does not name and has not named for the grace, and what is older than the grace and was
    /// never named.
    ///
    /// # Errors
    /// The store's. What was deleted by then is found deleted the next time.
    pub async fn collect(&self) -> Result<Collected, Fault> {
        let before = self.clock.now().saturating_sub(self.limits.grace).unwrap_or(Timestamp::MIN);
        // The list is read before the manifest: what is put and named in between is too young, or it is named.
        let written = self.written_before(before).await?;
        let (manifest, _) = self.manifest().await?;
        let orphans: Vec<&String> = written
            .iter()
            .filter(|name| !manifest.names(&self.archive.place, name))
            .collect();
        for name in &orphans {
            self.archive.blobs.delete(name).await?;
        }
        let old: Vec<Dropped> =
            manifest.dropped.into_iter().filter(|dropped| dropped.at < before).collect();
        for dropped in &old {
            self.archive.blobs.delete(&dropped.name).await?;
        }
        self.forget(&old).await?;
        Ok(Collected { dropped: old.len(), orphans: orphans.len() })
    }

    async fn written_before(&self, before: Timestamp) -> Result<Vec<String>, Fault> {
        let (prefix, mut after, mut found) = (self.archive.place.parts(), None, Vec::new());
        loop {
            let listed = self.archive.blobs.list(&prefix, after.as_deref()).await?;
            let old = listed.entries.into_iter().filter(|entry| entry.written_at < before);
            found.extend(old.map(|entry| entry.name));
            match listed.next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// Takes deleted objects off the manifest.
    async fn forget(&self, deleted: &[Dropped]) -> Result<(), Fault> {
        if deleted.is_empty() {
            return Ok(());
        }
        let commit = place::token();
        let mut last = exhausted();
        for tried in 0..self.limits.tries.max(1) {
            let (manifest, etag) = self.manifest().await?;
            if manifest.has(&commit) {
                return Ok(());
            }
            let mut next = manifest.next(&commit);
            next.dropped.retain(|dropped| !deleted.contains(dropped));
            match self.archive.swap(&next, etag.as_ref()).await {
                Err(fault) if again(&fault) => last = fault,
                other => return other.map(|_| ()),
            }
            self.pause(tried).await;
        }
        Err(last)
    }
}
