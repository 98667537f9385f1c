//! Writes an index: changes become segments, segments become larger segments.
//!
//! Everything that is written is a new object, and nothing names it until the manifest does, by one conditional write.
//! So a writer may die anywhere: what it left unnamed is collected later ([`Writer::collect`]). If the manifest has
//! changed meanwhile, that write fails, and the work is fitted to the new one.

mod apply;
mod batch;
mod build;
mod collect;
mod find;
mod merge;
mod policy;

pub use apply::Applied;
pub use batch::{Batch, Change, What};
pub use collect::Collected;
pub use merge::Merged;
pub use policy::Policy;

use std::{sync::Arc, time::Duration};

use ceap_kernel::{Clock, Fault, SignedDuration, Timestamp};

use crate::{
    Archive, Engine, Manifest, Position,
    reading::{Extent, Library, Patience, View, missing, patiently},
};

/// What a writer may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Memory for the documents of one segment while it is built, in bytes: a batch that needs more becomes several
    /// segments. At least 15 MB.
    pub building: usize,
    /// How often a change is fitted to a manifest that has changed again, before its caller is told to come later.
    pub tries: u32,
    /// How long no manifest may have named an object before it is collected. No write may take longer than half of it,
    /// nor any search longer than all of it.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { building: 64 << 20, tries: 8, grace: Duration::from_hours(1) }
    }
}

/// Writes an index.
pub struct Writer {
    archive: Archive,
    library: Library,
    clock: Arc<dyn Clock>,
    limits: Limits,
    patience: Patience,
}

impl Writer {
    /// A writer of an index. It finds the older versions of what it writes with the engine, all segments at once.
    #[must_use]
    pub fn new(
        archive: Archive,
        engine: Engine,
        clock: Arc<dyn Clock>,
        limits: Limits,
        patience: Patience,
    ) -> Self {
        let library = Library::new(archive.clone(), engine);
        Self { archive, library, clock, limits, patience }
    }

    /// The newest view. One that is not all there is `Unavailable`.
    ///
    /// # Errors
    /// The store's.
    pub async fn newest(&self) -> Result<View, Fault> {
        let current = self.manifest().await?;
        self.view(current, Extent::Tails).await.map_err(given_up)
    }

    /// The newest manifest.
    ///
    /// # Errors
    /// The store's.
    pub async fn newest_manifest(&self) -> Result<Manifest, Fault> {
        Ok(self.manifest().await?.0)
    }

    /// Up to where the changes of a source are in it.
    ///
    /// # Errors
    /// The store's.
    pub async fn position(&self, source: &str) -> Result<Option<Position>, Fault> {
        Ok(self.manifest().await?.0.watermark.remove(source))
    }

    async fn manifest(&self) -> Result<crate::archive::Current, Fault> {
        patiently(self.patience, || self.archive.manifest()).await
    }

    async fn view(&self, current: crate::archive::Current, extent: Extent) -> Result<View, Fault> {
        self.library.open(current, extent).await
    }

    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), Fault> {
        patiently(self.patience, || self.archive.put(name, bytes.clone())).await
    }

    /// Refuses to name an object that may be collected by now, or soon.
    fn in_time(&self, since: Timestamp) -> Result<(), Fault> {
        let grace = SignedDuration::try_from(self.limits.grace).unwrap_or(SignedDuration::MAX);
        let took = self.clock.now().duration_since(since);
        match took.saturating_mul(2) < grace {
            true => Ok(()),
            false => {
                Err(Fault::Unavailable("writing to the search index took too long".to_owned()))
            }
        }
    }

    /// Waits before another try, longer each time.
    async fn pause(&self, tried: u32) {
        tokio::time::sleep(self.patience.pause.saturating_mul(tried.saturating_add(1))).await;
    }
}

/// Whether the same write, fitted to the newest manifest, may succeed: `NotFound` says that a segment has been replaced.
fn again(fault: &Fault) -> bool {
    fault.retryable() || matches!(fault, Fault::NotFound(_))
}

/// What a caller is told whose tries have all failed. A batch that can't be applied now must not count as broken.
fn given_up(last: Fault) -> Fault {
    match last {
        Fault::NotFound(what) => missing(&what),
        other => other,
    }
}

fn exhausted() -> Fault {
    Fault::Conflict("the search index changes too fast: try later".to_owned())
}
