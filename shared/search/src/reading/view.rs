//! The segments of one manifest, open.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use ceap_kernel::Fault;
use roaring::RoaringBitmap;
use tantivy::{Searcher, Term};

use super::directory::Trouble;
use crate::{Manifest, blobs::ETag};

/// A segment's deleted documents, if it has any.
pub type Dead = Option<Arc<RoaringBitmap>>;

/// The segments of one manifest, open: what is searched is what the manifest says, however it changes meanwhile.
pub struct View {
    manifest: Manifest,
    etag: Option<ETag>,
    searcher: Searcher,
    trouble: Arc<Trouble>,
    dead: Vec<Dead>,
    /// Terms that were read ahead, and whether with their places.
    pub(super) ahead: Mutex<HashSet<(Term, bool)>>,
    /// Columns that were read ahead.
    pub(super) columns: Mutex<HashSet<String>>,
}

impl View {
    pub(super) fn new(
        manifest: Manifest,
        etag: Option<ETag>,
        searcher: Searcher,
        trouble: Arc<Trouble>,
        dead: Vec<Dead>,
    ) -> Self {
        let (ahead, columns) = (Mutex::default(), Mutex::default());
        Self { manifest, etag, searcher, trouble, dead, ahead, columns }
    }

    /// What it shows.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Which manifest that is; `None` if the index has none yet.
    #[must_use]
    pub fn etag(&self) -> Option<&ETag> {
        self.etag.as_ref()
    }

    /// The deleted documents of each segment, in the manifest's order.
    pub(crate) fn dead(&self) -> impl Iterator<Item = Option<&RoaringBitmap>> {
        self.dead.iter().map(Option::as_deref)
    }

    /// What went wrong while it was read.
    pub(super) fn trouble(&self) -> &Arc<Trouble> {
        &self.trouble
    }

    /// Tantivy's searcher, for what waits for the store on a thread of its own.
    pub(crate) fn searcher(&self) -> Searcher {
        self.searcher.clone()
    }

    /// Runs a query on a thread of its own, which may wait for the store.
    ///
    /// # Errors
    /// What the store failed with if it failed, whatever Tantivy made of it: an answer that some read is missing from is
    /// none. `NotFound` says that a segment is not there. Else what Tantivy fails with, as `Internal`.
    pub async fn run<T, Q>(&self, query: Q) -> Result<T, Fault>
    where
        T: Send + 'static,
        Q: FnOnce(&Searcher) -> tantivy::Result<T> + Send + 'static,
    {
        let searcher = self.searcher();
        away(&self.trouble, move || query(&searcher)).await
    }
}

/// Runs on a thread that may wait, and looks whether anything went wrong with a read meanwhile.
pub async fn away<T: Send + 'static>(
    trouble: &Trouble,
    work: impl FnOnce() -> tantivy::Result<T> + Send + 'static,
) -> Result<T, Fault> {
    let before = trouble.times();
    let outcome = tokio::task::spawn_blocking(work).await;
    if trouble.times() != before {
        let unknown = || Fault::Unavailable("a part of the search index was not read".to_owned());
        return Err(trouble.last().unwrap_or_else(unknown));
    }
    match outcome {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(Fault::Internal(format!("Tantivy failed: {error}"))),
        Err(panic) => Err(Fault::Internal(format!("Tantivy panicked: {panic}"))),
    }
}

/// What a segment that the newest manifest names, but that is not there, means for whoever asked: the same may succeed
/// once who keeps the index has built it anew.
pub fn missing(what: &str) -> Fault {
    tracing::error!(
        what,
        "a part of a search index is missing: it is built anew when it is next fed"
    );
    Fault::Unavailable(format!("a part of the search index is missing: {what}"))
}
