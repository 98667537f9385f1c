//! What a subject's feature item holds: its events as features need them, recent triggering events,
//! the events it has seen, counters by type, and the signals that are emitted again should their batch come again.

mod absorb;
mod backfill;
mod columns;
mod extent;
mod stream;
mod wire;

pub use extent::MAX_ITEM_BYTES;
pub use stream::{EXACT, KEPT, Stream, TOLD_APART};
pub use wire::Encoded;

use crate::feature::summary::Place;
use crate::feature::{Cell, StreamId, StreamRule};
use ceap_kernel::{EventKey, Timestamp, UseCaseId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Events a subject remembers, to ignore repeats.
pub const MEMORY: usize = 1_000;

/// Hours that a repeat is remembered.
const SEEN_HOURS: i64 = 24;

/// Event types counted by name; the rest are counted together under `*`.
const MAX_TYPES: usize = 200;

/// Bytes that their names take together at most.
const MAX_TYPE_BYTES: usize = 8 * 1024;

/// A triggering event as conditions and templates need it: of `data` only what the tenant's documents
/// name.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Milliseconds since 1970.
    pub time: i64,
    /// Which event.
    pub key: EventKey,
    /// The fields named.
    pub data: Map<String, Value>,
}

impl Entry {
    /// Its place among its subject's events.
    #[must_use]
    pub fn place(&self) -> Place {
        place(self.time, self.key)
    }
}

/// The place of an event among its subject's.
#[must_use]
pub fn place(time: i64, key: EventKey) -> Place {
    // The half that is not used is as good as random, too.
    (time, u32::try_from(key.0 >> 32).unwrap_or_default())
}

/// How often a type was seen, and when (event time) first and last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Events, repeats excluded.
    pub count: u64,
    /// Milliseconds since 1970.
    pub first: i64,
    /// Milliseconds since 1970.
    pub last: i64,
}

/// A signal that is owed to the batch of its cause, each time that batch comes: which entry triggered which use case.
/// All else is derived from the entries, so that an item stays small however many signals it owes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Owed {
    /// Milliseconds since 1970 of the triggering event.
    pub time: i64,
    /// The triggering event.
    pub key: EventKey,
    /// The use case triggered.
    pub use_case: UseCaseId,
    /// Which arrival made it hold: the triggering event's own, or that of one that came after it.
    pub cause: Arrival,
}

/// An arrival of an event. One that a source sends again arrives again; a batch that comes again brings the same arrivals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Arrival {
    /// Milliseconds since 1970.
    pub at: i64,
    /// Which event.
    pub key: EventKey,
}

fn hour(millis: i64) -> i64 {
    millis.div_euclid(3_600_000)
}

/// A subject's feature item.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// Triggering events by type, each ordered by (time, key).
    anchors: BTreeMap<String, Vec<Entry>>,
    /// What features are computed over.
    streams: BTreeMap<StreamId, Arc<Stream>>,
    /// Keys of the events honoured, by the hour of their arrival.
    seen: BTreeMap<i64, Vec<EventKey>>,
    /// Counters by event type.
    events: BTreeMap<String, Seen>,
    /// Signals owed.
    owed: BTreeSet<Owed>,
    /// Milliseconds since 1970 of the newest event.
    newest: i64,
}

impl Series {
    /// Whether the event was honoured already.
    #[must_use]
    pub fn has_seen(&self, key: EventKey) -> bool {
        self.seen.values().any(|keys| keys.contains(&key))
    }

    /// Remembers the event, and forgets those beyond 24 hours of arrival or the newest 1,000.
    pub fn remember(&mut self, key: EventKey, arrived: Timestamp) {
        self.seen.entry(hour(arrived.as_millisecond())).or_default().push(key);
        self.forget_repeats();
    }

    fn forget_repeats(&mut self) {
        let Some(newest) = self.seen.keys().next_back().copied() else { return };
        self.seen.retain(|hour, _| *hour >= newest.saturating_sub(SEEN_HOURS));
        let total: usize = self.seen.values().map(Vec::len).sum();
        let mut surplus = total.saturating_sub(MEMORY);
        while surplus > 0
            && let Some(mut oldest) = self.seen.first_entry()
        {
            let keys = oldest.get_mut();
            let gone = surplus.min(keys.len());
            keys.drain(..gone);
            surplus = surplus.saturating_sub(gone);
            if keys.is_empty() {
                oldest.remove();
            }
        }
    }

    /// Counts an event of `kind` at `time` (milliseconds since 1970).
    pub fn count(&mut self, kind: &str, time: i64) {
        self.tally(kind, &Seen { count: 1, first: time, last: time });
    }

    fn tally(&mut self, kind: &str, more: &Seen) {
        let bytes = self.events.keys().map(String::len).sum::<usize>();
        let room =
            self.events.len() < MAX_TYPES && bytes.saturating_add(kind.len()) <= MAX_TYPE_BYTES;
        let known = room || self.events.contains_key(kind);
        let name = if known { kind } else { "*" };
        let seen = self.events.entry(name.to_owned()).or_insert(Seen { count: 0, ..*more });
        seen.count = seen.count.saturating_add(more.count);
        seen.first = seen.first.min(more.first);
        seen.last = seen.last.max(more.last);
        self.newest = self.newest.max(more.last);
    }

    /// Keeps a triggering event of `kind` in its place by time.
    pub fn anchor(&mut self, kind: &str, entry: Entry) {
        let entries = self.anchors.entry(kind.to_owned()).or_default();
        let at = entries.partition_point(|e| (e.time, e.key) < (entry.time, entry.key));
        entries.insert(at, entry);
    }

    /// Takes an event into the stream `id`.
    pub fn insert(
        &mut self,
        id: StreamId,
        rule: &StreamRule,
        place: Place,
        cells: &BTreeMap<String, Cell>,
    ) {
        Arc::make_mut(self.streams.entry(id).or_default()).insert(rule, place, cells);
    }

    /// The types of the triggering events that are kept.
    pub fn anchored(&self) -> impl Iterator<Item = &str> {
        self.anchors.keys().map(String::as_str)
    }

    /// The triggering events of `kind` that are kept, ordered by time.
    #[must_use]
    pub fn anchors(&self, kind: &str) -> &[Entry] {
        self.anchors.get(kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// The triggering event `key` of `kind` at `time`.
    #[must_use]
    pub fn entry(&self, kind: &str, time: i64, key: EventKey) -> Option<&Entry> {
        let entries = self.anchors(kind);
        let at = entries.partition_point(|e| (e.time, e.key) < (time, key));
        entries.get(at).filter(|entry| entry.time == time && entry.key == key)
    }

    /// What features over the stream `id` are computed over.
    #[must_use]
    pub fn stream(&self, id: StreamId) -> Option<&Stream> {
        self.streams.get(&id).map(Arc::as_ref)
    }

    /// Milliseconds since 1970 of the newest event.
    #[must_use]
    pub fn newest(&self) -> i64 {
        self.newest
    }

    /// Counters by event type.
    #[must_use]
    pub fn events(&self) -> &BTreeMap<String, Seen> {
        &self.events
    }

    /// The signals owed.
    #[must_use]
    pub fn owed(&self) -> &BTreeSet<Owed> {
        &self.owed
    }

    /// Owes a signal.
    pub fn owe(&mut self, owed: Owed) {
        self.owed.insert(owed);
    }

    /// Owes only what these are the cause of.
    pub fn owe_only(&mut self, causes: &BTreeSet<Arrival>) {
        self.owed.retain(|owed| causes.contains(&owed.cause));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_the_newest_thousand_of_a_day() {
        let mut series = Series::default();
        let start = Timestamp::from_second(1_800_000_000).unwrap();
        for key in 0..1_500 {
            series.remember(EventKey(key), start);
        }
        assert!(!series.has_seen(EventKey(499)));
        assert!(series.has_seen(EventKey(500)) && series.has_seen(EventKey(1_499)));
        series.remember(EventKey(9_999), Timestamp::from_second(1_800_000_000 + 90_000).unwrap());
        assert!(!series.has_seen(EventKey(1_499)));
    }

    fn arrival(key: u64) -> Arrival {
        Arrival { at: 9, key: EventKey(key) }
    }

    #[test]
    fn survives_its_own_bytes() {
        let mut series = Series::default();
        series.remember(EventKey(u64::MAX), Timestamp::UNIX_EPOCH);
        series.count("a", 5);
        let mut full = Entry { time: 6, key: EventKey(2), data: Map::new() };
        full.data.insert("v".into(), Value::from(1.5));
        series.anchor("a", full);
        series.anchor("a", Entry { time: 5, key: EventKey(u64::MAX), data: Map::new() });
        for name in ["x", "y"] {
            let use_case = UseCaseId::new(name).unwrap();
            series.owe(Owed { time: 5, key: EventKey(7), use_case, cause: arrival(8) });
        }
        let written = series.encode().unwrap();
        assert_eq!(Series::decode(&written.series, &written.owed).unwrap(), series);
        series.owe_only(&BTreeSet::from([arrival(8)]));
        assert_eq!(series.owed().len(), 2);
        series.owe_only(&BTreeSet::from([arrival(7)]));
        assert_eq!(Series::decode(&written.series, &[]).unwrap(), series);
        assert!(Series::decode(&written.series[..20], &[]).is_err());
        assert!(Series::decode(&[], &[]).is_err());
    }

    #[test]
    fn a_subject_with_many_types_stays_bounded() {
        let mut series = Series::default();
        for n in 0..500 {
            series.count(&format!("type_{n}"), n);
        }
        assert_eq!(series.events().len(), 201);
        assert_eq!(series.events()["*"].count, 300);
    }
}
