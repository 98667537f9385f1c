//! The port to a lease: whose turn it is to write, so that two writers don't do the same work.
//!
//! Nothing is right or wrong because of it. A writer whose lease ran out while it wrote loses at most its work, for the
//! manifest then has changed under it.

use std::{
    collections::BTreeMap,
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ceap_kernel::{Clock, Fault, Timestamp};
use futures::FutureExt;

use crate::blobs::Soon;

pub use ceap_kernel::lease::{Held, Lease, Taken};

/// Does the work while the lease `name` is held, and gives the lease back; `None` if it is another's.
///
/// # Errors
/// The work's, or that the lease could not be taken. One that can't be renewed is no reason to stop.
pub async fn in_turn<T>(
    leases: &dyn Lease,
    name: &str,
    clock: &dyn Clock,
    term: Duration,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<Option<T>, Fault> {
    let Taken::Mine(mut held) = leases.take(name, clock.now(), term).await? else {
        return Ok(None);
    };
    let mut work = pin!(work);
    let third = term.checked_div(3).unwrap_or(term);
    loop {
        if let Ok(done) = tokio::time::timeout(third, work.as_mut()).await {
            if let Err(fault) = leases.release(&held).await {
                tracing::warn!(%fault, name, "a lease was not given back: it runs out");
            }
            return done.map(Some);
        }
        match leases.renew(&held, clock.now(), term).await {
            Ok(renewed) => held = renewed,
            Err(fault) => tracing::warn!(%fault, name, "a lease was not renewed"),
        }
    }
}

/// Leases in memory, for tests.
#[derive(Debug, Default)]
pub struct Memory {
    held: Mutex<(u64, BTreeMap<String, Held>)>,
}

fn end(now: Timestamp, term: Duration) -> Result<Timestamp, Fault> {
    now.checked_add(term).map_err(|e| Fault::Internal(format!("a lease without end: {e}")))
}

impl Lease for Memory {
    fn take<'a>(&'a self, name: &'a str, now: Timestamp, term: Duration) -> Soon<'a, Taken> {
        async move {
            let mut state = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            let (tokens, held) = &mut *state;
            if let Some(other) = held.get(name).filter(|held| held.until > now) {
                return Ok(Taken::Other(other.until));
            }
            *tokens = tokens.saturating_add(1);
            let mine =
                Held { name: name.to_owned(), token: tokens.to_string(), until: end(now, term)? };
            held.insert(name.to_owned(), mine.clone());
            Ok(Taken::Mine(mine))
        }
        .boxed()
    }

    fn renew<'a>(&'a self, held: &'a Held, now: Timestamp, term: Duration) -> Soon<'a, Held> {
        async move {
            let mut state = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            match state.1.get_mut(&held.name) {
                Some(current) if current.token == held.token => {
                    current.until = end(now, term)?;
                    Ok(current.clone())
                }
                Some(_) | None => Err(Fault::Conflict(format!("{} is another's", held.name))),
            }
        }
        .boxed()
    }

    fn release<'a>(&'a self, held: &'a Held) -> Soon<'a, ()> {
        async move {
            let mut state = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            if state.1.get(&held.name).is_some_and(|current| current.token == held.token) {
                state.1.remove(&held.name);
            }
            Ok(())
        }
        .boxed()
    }
}
