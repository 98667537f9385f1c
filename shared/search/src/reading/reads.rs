//! The thread that drives reads.

use std::{
    ops::Range,
    sync::{Arc, mpsc::sync_channel},
    time::Duration,
};

use ceap_kernel::Fault;
use futures::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use tokio::sync::{
    mpsc::{UnboundedSender, unbounded_channel},
    oneshot,
};

use crate::blobs::Blobs;

/// The largest read. Larger ranges are several reads at once: one connection to S3 gives about 80 MB a second.
const PART: u64 = 4 << 20;
/// How many reads of one range are under way at once.
const AT_ONCE: usize = 8;

/// How long a read is tried.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How often at most.
    pub tries: u32,
    /// How long it waits after the first failure; twice as long after each further one.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: 4, pause: Duration::from_millis(50) }
    }
}

type Job = BoxFuture<'static, ()>;

/// A store whose calls are driven by a thread that does nothing else.
///
/// Connections are driven by the runtime that opened them. So a store over HTTP is best given to this alone, and not
/// also called by others: a connection that a blocked runtime opened would wait for it.
#[derive(Clone)]
pub struct Reads {
    blobs: Arc<dyn Blobs>,
    patience: Patience,
    jobs: UnboundedSender<Job>,
}

fn gone() -> Fault {
    Fault::Internal("the thread that reads has ended".to_owned())
}

impl Reads {
    /// Starts the thread, which ends when this and its clones are dropped.
    ///
    /// # Errors
    /// `Internal` if there can be no thread.
    pub fn start(blobs: Arc<dyn Blobs>, patience: Patience) -> Result<Self, Fault> {
        let refused = |e: std::io::Error| Fault::Internal(format!("no thread for reads: {e}"));
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused)?;
        let (jobs, mut queue) = unbounded_channel::<Job>();
        let drive = move || {
            runtime.block_on(async {
                while let Some(job) = queue.recv().await {
                    tokio::spawn(job);
                }
            });
        };
        std::thread::Builder::new()
            .name("search-reads".to_owned())
            .spawn(drive)
            .map_err(refused)?;
        Ok(Self { blobs, patience, jobs })
    }

    /// The store, which only calls of [`Reads::call`] may use.
    pub fn blobs(&self) -> Arc<dyn Blobs> {
        Arc::clone(&self.blobs)
    }

    /// A range of an object; the calling thread waits for it.
    ///
    /// # Errors
    /// The store's, after as many tries as patience allows.
    pub fn wait(&self, name: Arc<str>, range: Range<u64>) -> Result<Vec<u8>, Fault> {
        let (answer, answered) = sync_channel(1);
        let (blobs, patience) = (Arc::clone(&self.blobs), self.patience);
        let job = async move {
            let _ = answer.send(read(&*blobs, patience, &name, range).await);
        };
        self.jobs.send(job.boxed()).map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())?
    }

    /// A range of an object; the calling task waits for it.
    ///
    /// # Errors
    /// The store's, after as many tries as patience allows.
    pub async fn range(&self, name: Arc<str>, range: Range<u64>) -> Result<Vec<u8>, Fault> {
        let (answer, answered) = oneshot::channel();
        let (blobs, patience) = (Arc::clone(&self.blobs), self.patience);
        let job = async move {
            let _ = answer.send(read(&*blobs, patience, &name, range).await);
        };
        self.jobs.send(job.boxed()).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    /// What `call` does with the store, tried as patiently; the calling task waits for it.
    ///
    /// # Errors
    /// The call's.
    pub async fn call<T, C>(&self, call: C) -> Result<T, Fault>
    where
        T: Send + 'static,
        C: Fn(Arc<dyn Blobs>) -> BoxFuture<'static, Result<T, Fault>> + Send + Sync + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let (blobs, patience) = (Arc::clone(&self.blobs), self.patience);
        let job = async move {
            let _ = answer.send(patiently(patience, || call(Arc::clone(&blobs))).await);
        };
        self.jobs.send(job.boxed()).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

/// Tries until it succeeds, fails for good, or has been tried often enough.
pub async fn patiently<T, F>(patience: Patience, mut call: impl FnMut() -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    let mut pause = patience.pause;
    for _ in 1..patience.tries {
        match call().await {
            Err(fault) if fault.retryable() => {
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2);
            }
            other => return other,
        }
    }
    call().await
}

/// Reads a range, in parts if it is large.
pub async fn read(
    blobs: &dyn Blobs,
    patience: Patience,
    name: &str,
    range: Range<u64>,
) -> Result<Vec<u8>, Fault> {
    let size = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0);
    let starts = std::iter::successors(Some(range.start), |start| {
        start.checked_add(PART).filter(|next| *next < range.end)
    });
    let parts: Vec<Range<u64>> =
        starts.map(|start| start..start.saturating_add(PART).min(range.end)).collect();
    let read = |part: Range<u64>| patiently(patience, move || blobs.range(name, part.clone()));
    let mut parts = stream::iter(parts.into_iter().map(read)).buffered(AT_ONCE);
    let mut bytes = Vec::with_capacity(size);
    while let Some(part) = parts.try_next().await? {
        bytes.extend_from_slice(&part);
    }
    match bytes.len() == size {
        true => Ok(bytes),
        false => Err(Fault::Internal(format!("{name} gave {} bytes of {size}", bytes.len()))),
    }
}
