//! Searches the newest of an index.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ceap_kernel::Fault;
use tantivy::query::Query;
use tokio::sync::Mutex;

use crate::{
    Archive, Engine, View,
    reading::{Extent, Library, missing},
};

/// A view, and when it was last known to show the newest manifest.
type Seen = (Arc<View>, Instant);

/// Searches the newest of an index: it looks for another manifest once in a while, and opens only what it does not know.
pub struct Searcher {
    library: Library,
    fresh_for: Duration,
    seen: Mutex<Option<Seen>>,
}

impl Searcher {
    /// A searcher that believes its manifest the newest for as long as `fresh_for`.
    #[must_use]
    pub fn new(archive: Archive, engine: Engine, fresh_for: Duration) -> Self {
        let library = Library::new(archive, engine);
        Self { library, fresh_for, seen: Mutex::new(None) }
    }

    /// The newest view.
    ///
    /// # Errors
    /// The store's. A segment that is named, but is not there, is `Unavailable`: only building the index anew helps.
    pub async fn view(&self) -> Result<Arc<View>, Fault> {
        let mut seen = self.seen.lock().await;
        if let Some((view, at)) = seen.as_ref()
            && at.elapsed() < self.fresh_for
        {
            return Ok(Arc::clone(view));
        }
        self.newest(&mut seen).await
    }

    /// Looks for another manifest, and opens it if there is one. A segment of it may vanish meanwhile, because another
    /// manifest has replaced it: so once more, if it is another.
    async fn newest(&self, seen: &mut Option<Seen>) -> Result<Arc<View>, Fault> {
        let asked = Instant::now();
        let mut current = self.library.changed(seen.as_ref().map(|(view, _)| &**view)).await?;
        let mut tried = None;
        while let Some((manifest, etag)) = current {
            match self.library.open((manifest, etag.clone()), Extent::Tails).await {
                Ok(view) => {
                    *seen = Some((Arc::new(view), asked));
                    break;
                }
                Err(Fault::NotFound(what)) if tried.as_ref() == Some(&etag) => {
                    return Err(missing(&what));
                }
                Err(Fault::NotFound(_)) => tried = Some(etag),
                Err(fault) => return Err(fault),
            }
            current = self.library.changed(None).await?;
        }
        match seen {
            Some((view, at)) => {
                *at = asked;
                Ok(Arc::clone(view))
            }
            None => Err(Fault::Internal("an index without a manifest".to_owned())),
        }
    }

    /// Runs a query on the newest view, its terms read ahead. If a segment of it is not there any more, it runs on the one after it.
    ///
    /// # Errors
    /// As [`View::run`] and [`Searcher::view`].
    pub async fn search<T, R>(&self, query: &dyn Query, run: R) -> Result<T, Fault>
    where
        T: Send + 'static,
        R: Fn(&tantivy::Searcher, &dyn Query) -> tantivy::Result<T> + Clone + Send + 'static,
    {
        let view = self.view().await?;
        match run_on(&view, query, run.clone()).await {
            Err(Fault::NotFound(what)) => {
                let mut seen = self.seen.lock().await;
                let newest = self.newest(&mut seen).await?;
                drop(seen);
                if newest.etag() == view.etag() {
                    return Err(missing(&what));
                }
                run_on(&newest, query, run).await
            }
            other => other,
        }
    }
}

async fn run_on<T, R>(view: &View, query: &dyn Query, run: R) -> Result<T, Fault>
where
    T: Send + 'static,
    R: Fn(&tantivy::Searcher, &dyn Query) -> tantivy::Result<T> + Send + 'static,
{
    view.prepare(query).await?;
    let query = query.box_clone();
    view.run(move |searcher| run(searcher, &*query)).await
}
