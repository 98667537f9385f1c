//! An index in memory: the naive scan, which every other has to agree with.

use super::{Change, Hits, Index, Of, Opened, Stamp, Step, Wanted, Writing};
use crate::search::{Document, Scanned};
use crate::store::Soon;
use ceap_kernel::{Fault, TenantId, Timestamp};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Indexes in memory.
#[derive(Debug, Default)]
pub struct Memory(Mutex<HashMap<TenantId, Arc<Held>>>);

/// What one holds.
#[derive(Debug, Clone, Default)]
struct Held {
    documents: BTreeMap<Of, (Document, Stamp)>,
    positions: BTreeMap<String, u64>,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Arc<Held>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self, tenant: &TenantId) -> Arc<Held> {
        self.lock().get(tenant).cloned().unwrap_or_default()
    }

    /// A tenant's, to be written.
    #[must_use]
    pub const fn of(&self, tenant: TenantId) -> Own<'_> {
        Own { all: self, tenant }
    }
}

impl Index for Memory {
    fn open<'a>(&'a self, tenant: &'a TenantId) -> Soon<'a, Result<Box<dyn Opened>, Fault>> {
        let held = self.held(tenant);
        Box::pin(async move { Ok(Box::new(held) as Box<dyn Opened>) })
    }
}

impl Opened for Arc<Held> {
    fn fed_at(&self) -> Option<Timestamp> {
        let position = self.positions.get(crate::search::feed::SOURCE)?;
        Timestamp::from_millisecond(i64::try_from(*position).ok()?).ok()
    }

    fn stamps<'a>(&'a self, of: &'a [Of]) -> Soon<'a, Result<BTreeMap<Of, Stamp>, Fault>> {
        let known = of.iter().filter_map(|of| Some((*of, self.documents.get(of)?.1)));
        let known = known.collect();
        Box::pin(async move { Ok(known) })
    }

    fn find<'a>(&'a self, wanted: Wanted<'a>) -> Soon<'a, Result<Hits, Fault>> {
        let documents = self.documents.values().map(|(document, _)| document);
        let hits = scan(documents, &wanted);
        Box::pin(async move { Ok(hits) })
    }
}

/// What is wanted of these documents.
#[must_use]
pub fn scan<'a>(documents: impl Iterator<Item = &'a Document>, wanted: &Wanted<'_>) -> Hits {
    let left_out = |it: &Document| wanted.without.contains(&Of { kind: it.kind, id: it.id });
    let found = documents.filter(|it| !left_out(it) && Scanned::new(it).meets(wanted.filter));
    let mut places: Vec<_> = found.map(|it| wanted.sort.place(it)).collect();
    let count = u64::try_from(places.len()).unwrap_or(u64::MAX);
    let compare = |a: &_, b: &_| wanted.sort.directed(wanted.backward, a, b);
    places.retain(|it| wanted.after.is_none_or(|after| compare(it, after) == Ordering::Greater));
    places.sort_by(compare);
    places.truncate(wanted.most);
    Hits { places, count }
}

/// The index of one tenant.
#[derive(Debug)]
pub struct Own<'m> {
    all: &'m Memory,
    tenant: TenantId,
}

impl Own<'_> {
    /// All that it holds.
    #[must_use]
    pub fn documents(&self) -> BTreeMap<Of, (Document, Stamp)> {
        self.all.held(&self.tenant).documents.clone()
    }
}

impl Writing for Own<'_> {
    fn open(&self) -> Soon<'_, Result<Box<dyn Opened>, Fault>> {
        self.all.open(&self.tenant)
    }

    fn position<'a>(&'a self, source: &'a str) -> Soon<'a, Result<Option<u64>, Fault>> {
        let position = self.all.held(&self.tenant).positions.get(source).copied();
        Box::pin(async move { Ok(position) })
    }

    fn apply<'a>(&'a self, step: &'a Step, changes: Vec<Change>) -> Soon<'a, Result<bool, Fault>> {
        Box::pin(async move {
            let mut all = self.all.lock();
            let held = Arc::make_mut(all.entry(self.tenant.clone()).or_default());
            let known = held.positions.get(step.source);
            if known.is_some_and(|known| *known >= step.position) {
                return Ok(false);
            }
            held.positions.insert(step.source.to_owned(), step.position);
            for Change { of, now } in changes {
                match now {
                    Some(now) => drop(held.documents.insert(of, now)),
                    None => drop(held.documents.remove(&of)),
                }
            }
            Ok(true)
        })
    }
}
