//! Keeps an index as the records are, by feeding it what changed. All records stand on the feed, so that an index that
//! was never fed is built of all there is.
//!
//! It may be done by two at once, and stop at any moment: every step is done whole or not at all, says up to where it
//! goes, and what it left out is still missing when the next one looks.

use super::Kind;
use super::dependents;
use super::feed::{self, Entry};
use super::finder::{missing, unsettled};
use super::index::{Change, Opened, Step, Writing};
use super::making::{Made, documents};
use crate::account::Account;
use crate::store::Store;
use ceap_kernel::{Clock, Fault, TenantId, Timestamp};
use std::sync::Arc;

/// Places of the feed that are read at once, of each list.
const READ: usize = 2_000;

/// Places that are not worth a step when nothing is lacking.
const FEW: usize = 500;

/// Documents of one step.
const STEP: usize = 1_000;

/// Records that are read at once.
const AT_ONCE: usize = 100;

/// Bytes of texts after which a step is large enough.
const HEAVY: usize = 64 << 20;

/// What an index is kept with.
pub struct Keeper<'a> {
    /// The records.
    pub store: &'a dyn Store,
    /// Whose they are.
    pub tenant: &'a TenantId,
    /// What the account is set up with.
    pub account: &'a Account,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// What a step of feeding did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fed {
    /// Documents that were written or taken away.
    pub changed: usize,
    /// Whether there is more to do.
    pub more: bool,
}

/// Feeds an index part of what it lacks.
///
/// # Errors
/// Of the store and of the index.
pub async fn feed(keeper: &Keeper<'_>, writing: &dyn Writing) -> Result<Fed, Fault> {
    let opened = writing.open().await?;
    let fed_at = opened.fed_at();
    let Some(lack) = lack(keeper, &*opened).await? else {
        return Ok(Fed { changed: 0, more: false });
    };
    let stale = dependents::stale(keeper.store, keeper.tenant, &*opened, &lack.entries).await?;
    let (mut changes, count) = made(keeper, &stale.entries).await?;
    // What they depend on comes last: once it is in the index, nobody would look for them.
    let (reached, more) = if stale.more || count < stale.entries.len() {
        (Timestamp::MIN, true)
    } else {
        let (own, count) = made(keeper, &lack.entries).await?;
        changes.extend(own);
        lack.reached(count)
    };
    let changed = changes.len();
    let step = Step { source: feed::SOURCE, position: position(fed_at, reached) };
    let done = writing.apply(&step, changes).await?;
    Ok(Fed { changed: if done { changed } else { 0 }, more: more || !done })
}

/// What an index lacks of a part of the feed.
struct Lack {
    entries: Vec<Entry>,
    /// The rank behind which there may be more, if there may.
    more_after: Option<String>,
    read_at: Timestamp,
}

impl Lack {
    /// Up to when the index is fed with the first of these, and whether there is more to do.
    fn reached(&self, count: usize) -> (Timestamp, bool) {
        let last = self.entries.get(count.saturating_sub(1)).map(|it| &it.rank);
        let whole = count >= self.entries.len();
        let end = if whole { self.more_after.as_ref() } else { last };
        (end.map_or(self.read_at, |rank| feed::time(rank)), end.is_some())
    }
}

/// The first that an index lacks. `None` if that is nothing, and little of it would have to be read again next time.
async fn lack(keeper: &Keeper<'_>, opened: &dyn Opened) -> Result<Option<Lack>, Fault> {
    let mut after = opened.fed_at().map(|at| feed::at(unsettled(at)));
    loop {
        let read_at = keeper.clock.now();
        let (store, tenant) = (keeper.store, keeper.tenant);
        let part = feed::read(store, tenant, Kind::ALL, after.as_deref(), READ).await?;
        let (seen, more_after) = (part.entries.len(), part.more_after);
        let entries = missing(opened, part.entries).await?;
        match more_after {
            Some(rank) if entries.is_empty() => after = Some(rank),
            None if entries.is_empty() && seen < FEW => return Ok(None),
            more_after => return Ok(Some(Lack { entries, more_after, read_at })),
        }
    }
}

/// Further than an index was fed, if only a little.
fn position(fed_at: Option<Timestamp>, reached: Timestamp) -> u64 {
    let millisecond = |at: Timestamp| u64::try_from(at.as_millisecond()).unwrap_or_default();
    let least = fed_at.map_or(1, |at| millisecond(at).saturating_add(1));
    millisecond(reached).max(least)
}

/// The documents of the first of these, as many as fit in a step, and how many that is.
async fn made(keeper: &Keeper<'_>, entries: &[Entry]) -> Result<(Vec<Change>, usize), Fault> {
    let (mut changes, mut weight) = (Vec::new(), 0_usize);
    for part in entries.chunks(AT_ONCE) {
        if changes.len() >= STEP || weight > HEAVY {
            break;
        }
        let made = documents(keeper.store, keeper.tenant, keeper.account, part).await?;
        for Made { of, now, .. } in made {
            weight = weight.saturating_add(now.as_ref().map_or(0, |(it, _)| it.weight()));
            changes
                .push(Change { of, now: now.map(|(it, stamp)| (Arc::unwrap_or_clone(it), stamp)) });
        }
    }
    let count = changes.len();
    Ok((changes, count))
}
