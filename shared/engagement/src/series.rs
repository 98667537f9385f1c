//! What a subject's feature item holds: its recent events as features need them, the events it has
//! seen, counters by type, and the signals whose emission is not yet acknowledged.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ceap_kernel::{EventKey, Timestamp, UseCaseId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Events a subject remembers, to ignore repeats, and events of one type that its features see.
pub const MEMORY: usize = 1_000;

/// Hours that a repeat is remembered.
const SEEN_HOURS: i64 = 24;

/// Event types counted by name; the rest are counted together under `*`.
const MAX_TYPES: usize = 200;

/// Bytes that the events of one type may take together (the item holds at most 400 KB).
const MAX_SERIES_BYTES: usize = 64 * 1024;

/// An event as features and conditions need it: of `data` only what the tenant's documents name.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Milliseconds since 1970.
    pub time: i64,
    /// Which event.
    pub key: EventKey,
    /// The fields named.
    pub data: Map<String, Value>,
}

/// A triple `[time, key, data]` in JSON: the names would take more room than the values.
impl Serialize for Entry {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.data.is_empty() {
            (self.time, self.key.0).serialize(serializer)
        } else {
            (self.time, self.key.0, &self.data).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Row {
            Full(i64, u64, Map<String, Value>),
            Bare(i64, u64),
        }
        Ok(match Row::deserialize(deserializer)? {
            Row::Full(time, key, data) => Self { time, key: EventKey(key), data },
            Row::Bare(time, key) => Self { time, key: EventKey(key), data: Map::new() },
        })
    }
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

/// A signal that waits for its emission to be acknowledged: which entry triggered which use case.
/// All else is derived from the entries, so that an item stays small however many signals it owes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Owed {
    /// Milliseconds since 1970 of the triggering event.
    pub time: i64,
    /// The triggering event.
    pub key: EventKey,
    /// The use case triggered.
    pub use_case: UseCaseId,
}

/// A subject's feature item.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Entries by event type, each ordered by (time, key).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    entries: BTreeMap<String, Vec<Entry>>,
    /// Keys of the events honoured, by the hour of their arrival.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "packed")]
    seen: BTreeMap<i64, Vec<EventKey>>,
    /// Counters by event type.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    events: BTreeMap<String, Seen>,
    /// Signals owed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    owed: BTreeSet<Owed>,
    /// Milliseconds since 1970 of the newest event.
    #[serde(default)]
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
        let hour = arrived.as_second().div_euclid(3600);
        self.seen.entry(hour).or_default().push(key);
        let newest = self.seen.keys().next_back().copied().unwrap_or(hour);
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
        let known = self.events.contains_key(kind) || self.events.len() < MAX_TYPES;
        let name = if known { kind } else { "*" };
        let seen = self.events.entry(name.to_owned()).or_insert(Seen {
            count: 0,
            first: time,
            last: time,
        });
        seen.count = seen.count.saturating_add(1);
        seen.first = seen.first.min(time);
        seen.last = seen.last.max(time);
        self.newest = self.newest.max(time);
    }

    /// Keeps an entry of `kind` in its place by time.
    pub fn insert(&mut self, kind: &str, entry: Entry) {
        let entries = self.entries.entry(kind.to_owned()).or_default();
        let place = entries.partition_point(|e| (e.time, e.key) < (entry.time, entry.key));
        entries.insert(place, entry);
    }

    /// Drops what no judgement can need any more: entries before `horizon(kind)`, then the oldest
    /// beyond 1,000 or 64 KiB of one type. Entries that an owed signal is derived from stay.
    pub fn prune(&mut self, horizon: impl Fn(&str) -> i64) {
        let owed: BTreeSet<EventKey> = self.owed.iter().map(|owed| owed.key).collect();
        for (kind, entries) in &mut self.entries {
            let from = horizon(kind);
            let mut room = (MEMORY, MAX_SERIES_BYTES);
            let mut kept: Vec<Entry> = std::mem::take(entries)
                .into_iter()
                .rev()
                .filter(|entry| {
                    let size = serde_json::to_vec(entry).map(|json| json.len()).unwrap_or(0);
                    let fits = room.0 > 0 && room.1 >= size && entry.time > from;
                    if fits {
                        room = (room.0.saturating_sub(1), room.1.saturating_sub(size));
                    }
                    fits || owed.contains(&entry.key)
                })
                .collect();
            kept.reverse();
            *entries = kept;
        }
        self.entries.retain(|_, entries| !entries.is_empty());
    }

    /// Entries of `kind`, ordered by time.
    #[must_use]
    pub fn of(&self, kind: &str) -> &[Entry] {
        self.entries.get(kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// The entry of `kind` that is the event `key` at `time`.
    #[must_use]
    pub fn entry(&self, kind: &str, time: i64, key: EventKey) -> Option<&Entry> {
        let entries = self.of(kind);
        let place = entries.partition_point(|e| (e.time, e.key) < (time, key));
        entries.get(place).filter(|entry| entry.key == key)
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

    /// Signals whose emission is not yet acknowledged.
    #[must_use]
    pub fn owed(&self) -> &BTreeSet<Owed> {
        &self.owed
    }

    /// Owes a signal.
    pub fn owe(&mut self, owed: Owed) {
        self.owed.insert(owed);
    }

    /// Forgets the signals owed, once their emission is acknowledged.
    pub fn settle(&mut self) {
        self.owed.clear();
    }
}

/// Keys as base64 of their 8 bytes each: a third of the room they take as JSON numbers.
mod packed {
    use super::{BTreeMap, Engine, EventKey, STANDARD_NO_PAD};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub fn serialize<S: Serializer>(
        seen: &BTreeMap<i64, Vec<EventKey>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let packed: BTreeMap<i64, String> = seen
            .iter()
            .map(|(hour, keys)| {
                let bytes: Vec<u8> = keys.iter().flat_map(|key| key.0.to_be_bytes()).collect();
                (*hour, STANDARD_NO_PAD.encode(bytes))
            })
            .collect();
        packed.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<i64, Vec<EventKey>>, D::Error> {
        BTreeMap::<i64, String>::deserialize(deserializer)?
            .into_iter()
            .map(|(hour, text)| {
                let bytes = STANDARD_NO_PAD.decode(text).map_err(D::Error::custom)?;
                let (keys, _) = bytes.as_chunks::<8>();
                Ok((hour, keys.iter().map(|key| EventKey(u64::from_be_bytes(*key))).collect()))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(time: i64, key: u64) -> Entry {
        Entry { time, key: EventKey(key), data: Map::new() }
    }

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

    #[test]
    fn survives_its_own_json() {
        let mut series = Series::default();
        series.remember(EventKey(u64::MAX), Timestamp::UNIX_EPOCH);
        series.count("a", 5);
        series.insert("a", entry(5, u64::MAX));
        let mut full = entry(6, 2);
        full.data.insert("v".into(), Value::from(1.5));
        series.insert("a", full);
        series.owe(Owed { time: 5, key: EventKey(7), use_case: UseCaseId::new("x").unwrap() });
        let json = serde_json::to_string(&series).unwrap();
        assert_eq!(serde_json::from_str::<Series>(&json).unwrap(), series);
    }

    #[test]
    fn what_a_signal_is_derived_from_is_not_pruned() {
        let mut series = Series::default();
        for key in 0..10 {
            series.insert("a", entry(i64::try_from(key).unwrap(), key));
        }
        series.owe(Owed { time: 1, key: EventKey(1), use_case: UseCaseId::new("x").unwrap() });
        series.prune(|_| 7);
        let left: Vec<u64> = series.of("a").iter().map(|entry| entry.key.0).collect();
        assert_eq!(left, [1, 8, 9]);
        assert!(series.entry("a", 1, EventKey(1)).is_some());
        assert!(series.entry("a", 2, EventKey(2)).is_none());
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
