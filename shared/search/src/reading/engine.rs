//! What all indexes of a process share.

use std::sync::Arc;

use ceap_kernel::Fault;
use tantivy::Executor;

use super::{Cache, Patience, Reads};
use crate::blobs::Blobs;

/// What all indexes of a process share: the thread that reads, what was read, and the threads on which queries run.
#[derive(Clone)]
pub struct Engine {
    pub(crate) reads: Reads,
    pub(crate) cache: Arc<Cache>,
    pub(crate) executor: Executor,
}

impl Engine {
    /// Starts it. A query runs on up to `threads` segments at once. Threads that wait for the store cost nothing, so there
    /// may be many more than cores: 32 read what a query needs of 32 segments in the time of one.
    ///
    /// # Errors
    /// `Internal` if there can't be so many threads.
    pub fn start(
        blobs: Arc<dyn Blobs>,
        patience: Patience,
        cache: Cache,
        threads: usize,
    ) -> Result<Self, Fault> {
        let executor = Executor::multi_thread(threads.max(1), "search-")
            .map_err(|e| Fault::Internal(format!("no threads for queries: {e}")))?;
        Ok(Self { reads: Reads::start(blobs, patience)?, cache: Arc::new(cache), executor })
    }

    /// What was read and is kept.
    #[must_use]
    pub fn cache(&self) -> &Cache {
        &self.cache
    }
}
