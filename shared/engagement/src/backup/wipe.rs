//! All of a tenant taken away, until nothing of it comes any more.
//!
//! What was on its way when it began (records of the stream, messages in queues, the search index that hears of what is
//! deleted) may write anew. So there is pass after pass, each some time after the one before, until one finds nothing.

use super::archive::Bucket;
use super::export::manifest;
use super::manifest::{Manifest, Of, Walk, walks};
use super::{Items, Slice, Step, Table, belongs};
use crate::pipeline::delay::Delays;
use ceap_kernel::blobs::ETag;
use ceap_kernel::{Clock, Fault, SignedDuration, TenantId, Timestamp};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Seconds from one pass to the next: what a stream, a queue and a function that was called hold by then is done.
pub const SETTLES_S: i64 = 900;

/// The least of it, however fast a demo's clock is: the search index hears of what was deleted ten seconds later, and writes.
const AT_LEAST_S: i64 = 20;

/// How long is waited between two passes.
#[must_use]
pub fn settles(delays: Delays) -> SignedDuration {
    let least = SignedDuration::from_secs(AT_LEAST_S);
    delays.time(SignedDuration::from_secs(SETTLES_S)).max(least)
}

/// Passes until it is given up: somebody writes again and again.
const PASSES: u32 = 20;

/// Items or objects deleted at once.
const AT_ONCE: usize = 32;

/// Pages of a walk before it is noted how far it is.
const PAGES: usize = 16;

/// Wipes tenants.
#[derive(Debug)]
pub struct Wiper<I, C> {
    /// The tables.
    pub items: I,
    /// The buckets whose objects below `<tenant>/` go.
    pub buckets: Vec<Bucket>,
    /// Where it is noted how far it is, and where exports are, which stay.
    pub archive: Bucket,
    /// The wall clock.
    pub clock: C,
    /// How long a step goes on before it hands over to the next.
    pub budget: SignedDuration,
    /// How long is waited between two passes: [`settles`].
    pub settles: SignedDuration,
}

/// How far a wipe is: `wipes/<tenant>.json` in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wiped {
    /// When it began.
    pub began: Timestamp,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// Which pass this is, from 1 on.
    pub pass: u32,
    /// When the pass is due.
    pub due: Timestamp,
    /// What this pass found.
    pub found: u64,
    /// Items that were taken away in all.
    pub items: u64,
    /// Objects, the same.
    pub objects: u64,
    /// The ways through it.
    pub walks: Vec<Walk>,
}

/// The name of what is noted of a tenant's wipe. No tenant is called `wipes`' own folder: exports lie below a tenant and
/// an export, so this name, which has one part below, is none of theirs.
pub(super) fn wiped(tenant: &TenantId) -> String {
    format!("wipes/{tenant}.json")
}

impl<I: Items, C: Clock> Wiper<I, C> {
    /// Goes on with a wipe for a while.
    ///
    /// # Errors
    /// `Invalid` without the tenant's name as confirmation, or when the export that it names is not finished; `Internal`
    /// when there is no end to what comes; else as the stores say.
    pub async fn step(&self, asked: Step) -> Result<Step, Fault> {
        let began = self.clock.now();
        self.allowed(&asked).await?;
        let place = wiped(&asked.tenant);
        let (mut wiped, mut etag) = self.open(&asked, &place).await?;
        if wiped.finished.is_some() || !asked.under_way {
            return Ok(told(asked, &wiped));
        }
        if self.clock.now() < wiped.due {
            return Ok(Step { settles: Some(wiped.due), ..told(asked, &wiped) });
        }
        while let Some(n) = wiped.walks.iter().position(|walk| !walk.done) {
            self.further(&asked.tenant, &mut wiped, n).await?;
            etag = self.archive.write(&place, &wiped, Some(&etag)).await?;
            if self.clock.now().duration_since(began) >= self.budget {
                return Ok(told(asked, &wiped));
            }
        }
        let now = self.clock.now();
        if wiped.pass > 1 && wiped.found == 0 {
            wiped.finished = Some(now);
            self.archive.write(&place, &wiped, Some(&etag)).await?;
            return Ok(told(asked, &wiped));
        }
        if wiped.pass >= PASSES {
            return Err(Fault::Internal(format!("after {PASSES} passes there is still more")));
        }
        wiped = Wiped {
            pass: wiped.pass.saturating_add(1),
            due: now.saturating_add(self.settles).unwrap_or(now),
            found: 0,
            walks: self.walks(),
            ..wiped
        };
        self.archive.write(&place, &wiped, Some(&etag)).await?;
        Ok(Step { settles: Some(wiped.due), ..told(asked, &wiped) })
    }

    async fn allowed(&self, asked: &Step) -> Result<(), Fault> {
        if asked.confirm.as_deref() != Some(asked.tenant.as_str()) {
            let why = "must be the tenant's name once more: all of it will be deleted";
            return Err(Fault::invalid("confirm", why));
        }
        if asked.under_way || asked.export.is_none() {
            return Ok(());
        }
        let place = manifest(&asked.tenant, asked.name()?);
        if self.archive.read::<Manifest>(&place).await?.is_none() {
            return Err(Fault::invalid("export", "is not finished, or there is none"));
        }
        Ok(())
    }

    /// Those of what opens doors first.
    fn walks(&self) -> Vec<Walk> {
        let mut walks = walks(self.buckets.iter().map(|bucket| bucket.name));
        walks.reverse();
        walks
    }

    async fn open(&self, asked: &Step, place: &str) -> Result<(Wiped, ETag), Fault> {
        let known = self.archive.read::<Wiped>(place).await?;
        let known = match known {
            Some((wiped, etag)) if asked.under_way => return Ok((wiped, etag)),
            known => known.map(|(_, etag)| etag),
        };
        let now = self.clock.now();
        let wiped = Wiped {
            began: now,
            finished: None,
            pass: 1,
            due: now,
            found: 0,
            items: 0,
            objects: 0,
            walks: self.walks(),
        };
        let etag = self.archive.write(place, &wiped, known.as_ref()).await?;
        Ok((wiped, etag))
    }

    /// Takes walk `n` some pages further, and away what it finds.
    async fn further(&self, tenant: &TenantId, wiped: &mut Wiped, n: usize) -> Result<(), Fault> {
        let Some(walk) = wiped.walks.get_mut(n) else { return Ok(()) };
        let (count, found) = match walk.of.clone() {
            Of::Table(table) => (&mut wiped.items, self.items(tenant, table, walk).await?),
            Of::Bucket(name) => (&mut wiped.objects, self.objects(tenant, &name, walk).await?),
        };
        *count = count.saturating_add(found);
        wiped.found = wiped.found.saturating_add(found);
        Ok(())
    }

    async fn items(&self, tenant: &TenantId, table: Table, walk: &mut Walk) -> Result<u64, Fault> {
        let slice = Slice { table, segment: walk.segment, twin: false, keys: true };
        let mut found = 0_u64;
        for _ in 0..PAGES {
            let page = self.items.page(tenant, slice, walk.next.as_ref()).await?;
            let own = page.items.iter().filter(|item| belongs(tenant, item));
            let gone = stream::iter(own).map(|item| self.items.delete(table, item));
            let gone: Vec<()> = gone.buffer_unordered(AT_ONCE).try_collect().await?;
            found = found.saturating_add(u64::try_from(gone.len()).unwrap_or(u64::MAX));
            walk.next = page.next;
            walk.done = walk.next.is_none();
            if walk.done {
                break;
            }
        }
        Ok(found)
    }

    async fn objects(&self, tenant: &TenantId, name: &str, walk: &mut Walk) -> Result<u64, Fault> {
        let Some(bucket) = self.buckets.iter().find(|bucket| bucket.name == name) else {
            walk.done = true;
            return Ok(0);
        };
        let after = walk.next.as_ref().and_then(Value::as_str);
        let listed = bucket.blobs.list(&format!("{tenant}/"), after).await?;
        let gone = stream::iter(&listed.entries).map(|entry| bucket.blobs.delete(&entry.name));
        let gone: Vec<()> = gone.buffer_unordered(AT_ONCE).try_collect().await?;
        walk.next = listed.next.map(Value::String);
        walk.done = walk.next.is_none();
        Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
    }
}

fn told(asked: Step, wiped: &Wiped) -> Step {
    let done = wiped.finished.is_some();
    Step { items: wiped.items, objects: wiped.objects, ..asked.answered(done) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_waits_for_the_search_index_too() {
        assert_eq!(settles(Delays::default()), SignedDuration::from_mins(15));
        assert_eq!(settles(Delays::scaled(0.004)), SignedDuration::from_secs(20));
    }
}
