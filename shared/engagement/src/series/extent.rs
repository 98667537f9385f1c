//! How much a feature item keeps, so that it stays small.

use super::stream::{BUCKETS, Extent, KEPT, TOLD_APART};
use super::{Arrival, Entry, Owed, SEEN_HOURS, Series, Stream, hour, wire};
use crate::feature::{StreamId, StreamRule};
use crate::use_case::{LATENESS, Plan};
use ceap_kernel::{EventKey, Fault};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Bytes of a feature item.
pub const MAX_ITEM_BYTES: usize = 100_000;

/// Of these, bytes for names, keys and the signals owed.
const BESIDES: usize = 1_000;

/// Triggering events that are kept to be judged again.
const MAX_ANCHORS: usize = 1_000;

/// Bytes that they take together.
const MAX_ANCHOR_BYTES: usize = 20_000;

/// Bytes of an anchor besides its data.
const ANCHOR_BYTES: usize = 16;

/// Bytes of a signal that is owed.
const OWED_BYTES: usize = 32;

/// Bytes that signals take, with what they are derived from, which were emitted with batches before.
const LINGERING_BYTES: usize = 4_000;

impl Series {
    /// Forgets signals that no batch will ask for again: those whose cause would be no repeat any more,
    /// and, of those that this batch did not cause, the older where there are many.
    pub fn forgive(&mut self, batch: &BTreeSet<Arrival>) {
        if self.owed.is_empty() {
            return;
        }
        let newest = self.seen.keys().next_back().copied().unwrap_or_default();
        let since = newest.saturating_sub(SEEN_HOURS);
        let mut room = LINGERING_BYTES;
        let mut kept = BTreeSet::new();
        for owed in self.owed.iter().rev() {
            if batch.contains(&owed.cause) {
                kept.insert(owed.clone());
            } else if hour(owed.cause.at) >= since
                && let Some(left) = room.checked_sub(self.weight(owed))
            {
                room = left;
                kept.insert(owed.clone());
            }
        }
        self.owed = kept;
    }

    /// Bytes that a signal takes while it is owed.
    fn weight(&self, owed: &Owed) -> usize {
        let anchors = self.anchors.values().flatten();
        let anchor = anchors.filter(|it| it.key == owed.key).map(bytes).sum::<usize>();
        anchor.saturating_add(OWED_BYTES)
    }

    /// Drops what no judgement can need any more, and sums up what does not fit. What a signal of this `batch`
    /// is derived from stays.
    pub fn prune(&mut self, plan: &Plan, batch: &BTreeSet<Arrival>) {
        let newest = match self.owed.iter().find(|owed| batch.contains(&owed.cause)) {
            Some(owed) => self.newest.min(owed.time.saturating_add(lateness())),
            None => self.newest,
        };
        self.prune_anchors(plan, newest.saturating_sub(lateness()));
        self.streams.retain(|id, _| plan.stream(*id).is_some());
        for (id, stream) in &mut self.streams {
            if let Some((rule, delay)) = plan.stream(*id) {
                trim(stream, rule, &extent(newest, delay));
            }
        }
        self.streams.retain(|_, stream| **stream != Stream::default());
        self.fit(plan, newest);
    }

    /// Keeps the newest triggering events that may be judged again, as many as there is room for.
    fn prune_anchors(&mut self, plan: &Plan, from: i64) {
        let owed: BTreeSet<EventKey> = self.owed.iter().map(|owed| owed.key).collect();
        let mut all: Vec<(i64, EventKey, usize)> = self
            .anchors
            .iter()
            .filter(|(kind, _)| plan.judges_again(kind))
            .flat_map(|(_, entries)| entries)
            .map(|entry| (entry.time, entry.key, bytes(entry)))
            .collect();
        all.sort_unstable_by(|a, b| b.cmp(a));
        let mut room = MAX_ANCHOR_BYTES;
        let fits = |(time, key, bytes): &(i64, EventKey, usize)| {
            room = room.checked_sub(*bytes).filter(|_| *time > from)?;
            Some((*time, *key))
        };
        let kept: BTreeSet<(i64, EventKey)> =
            all.iter().take(MAX_ANCHORS).map_while(fits).collect();
        for entries in self.anchors.values_mut() {
            entries.retain(|it| kept.contains(&(it.time, it.key)) || owed.contains(&it.key));
        }
        self.anchors.retain(|_, entries| !entries.is_empty());
    }

    /// Sums up the older half of what takes most room, until the item fits.
    fn fit(&mut self, plan: &Plan, newest: i64) {
        while !self.fits()
            && let Some((id, extent)) = self.largest(plan, newest)
            && let (Some(stream), Some((rule, _))) = (self.streams.get_mut(&id), plan.stream(id))
        {
            trim(stream, rule, &extent);
        }
    }

    fn fits(&self) -> bool {
        let owed =
            if self.owed.is_empty() { 0 } else { self.owed.len().saturating_mul(OWED_BYTES) };
        let room = MAX_ITEM_BYTES.saturating_sub(BESIDES).saturating_sub(owed);
        // What fits as it is need not be compressed to know.
        let fits = || -> Result<bool, Fault> {
            let plain = self.plain()?;
            Ok(plain.len() <= room || wire::pack(plain)?.len() <= room)
        };
        fits().unwrap_or(true)
    }

    /// Of the streams that can be cut, the one that takes most room, and what to keep of it.
    fn largest(&self, plan: &Plan, newest: i64) -> Option<(StreamId, Extent)> {
        let size = |stream: &Stream| postcard::to_allocvec(stream).map_or(0, |bytes| bytes.len());
        let cuts = self.streams.iter().filter_map(|(id, stream)| {
            let (_, delay) = plan.stream(*id)?;
            Some((size(stream), *id, stream.cut(&extent(newest, delay))?))
        });
        cuts.max_by_key(|(size, id, _)| (*size, *id)).map(|(_, id, extent)| (id, extent))
    }
}

/// What is kept of a stream as long as there is room.
pub(super) fn extent(newest: i64, delay: i64) -> Extent {
    let judged_from = newest.saturating_sub(lateness()).saturating_sub(delay);
    Extent { judged_from, rows: KEPT, told_apart: TOLD_APART, buckets: BUCKETS }
}

fn trim(stream: &mut Arc<Stream>, rule: &StreamRule, extent: &Extent) {
    if stream.exceeds(rule, extent) {
        Arc::make_mut(stream).trim(rule, extent);
    }
}

fn bytes(entry: &Entry) -> usize {
    let data = serde_json::to_vec(&entry.data).map_or(0, |json| json.len());
    data.saturating_add(ANCHOR_BYTES)
}

pub(super) fn lateness() -> i64 {
    LATENESS.as_secs().saturating_mul(1000)
}
