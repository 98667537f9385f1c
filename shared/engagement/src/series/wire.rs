//! A feature item as it is written: one binary value, and one more for the signals owed, which few items have.

use super::{Arrival, Entry, Owed, Seen, Series, Stream};
use crate::feature::StreamId;
use ceap_kernel::{EventKey, Fault, UseCaseId};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::sync::Arc;

/// Bytes below which compressing is not tried.
const SMALL: usize = 256;

/// Bytes that anything written unfolds to at most: an item is 400 KB (DynamoDB quotas), and nothing
/// here compresses to a hundredth.
const MAX_UNFOLDED: u64 = 40_000_000;

const PLAIN: u8 = 0;
const DEFLATED: u8 = 1;

/// A feature item, written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encoded {
    /// All but the signals owed.
    pub series: Vec<u8>,
    /// The signals owed; empty when there are none.
    pub owed: Vec<u8>,
}

impl Encoded {
    /// Its bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.series.len().saturating_add(self.owed.len())
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.series.is_empty() && self.owed.is_empty()
    }
}

type Key = [u8; 8];

/// Triggering events of one type: time, key, and data as JSON.
type Anchors = (String, Vec<(i64, Key, String)>);

#[derive(Serialize, Deserialize)]
struct Item {
    seen: Vec<(i64, Vec<Key>)>,
    events: BTreeMap<String, Seen>,
    newest: i64,
    anchors: Vec<Anchors>,
    streams: Vec<(Key, Stream)>,
}

#[derive(Serialize, Deserialize)]
struct Debts(Vec<(String, Vec<Debt>)>);

/// A signal owed: time and key of the triggering event, time and key of the arrival that caused it.
type Debt = (i64, Key, i64, Key);

impl Series {
    /// As it is written.
    ///
    /// # Errors
    /// `Internal` when it cannot be.
    pub fn encode(&self) -> Result<Encoded, Fault> {
        let owed = if self.owed.is_empty() { Vec::new() } else { pack(plain(&self.debts())?)? };
        Ok(Encoded { series: pack(self.plain()?)?, owed })
    }

    /// As it was written.
    ///
    /// # Errors
    /// `Internal` when it is unreadable.
    pub fn decode(series: &[u8], owed: &[u8]) -> Result<Self, Fault> {
        let item: Item = unpack(series)?;
        let mut read = Self {
            anchors: item.anchors.into_iter().map(entries).collect::<Result<_, _>>()?,
            streams: item
                .streams
                .into_iter()
                .map(|(id, stream)| (StreamId(u64::from_be_bytes(id)), Arc::new(stream)))
                .collect(),
            seen: item
                .seen
                .into_iter()
                .map(|(hour, keys)| (hour, keys.into_iter().map(key).collect()))
                .collect(),
            events: item.events,
            owed: BTreeSet::new(),
            newest: item.newest,
        };
        if !owed.is_empty() {
            for (use_case, events) in unpack::<Debts>(owed)?.0 {
                let use_case = UseCaseId::new(use_case)?;
                read.owed.extend(events.into_iter().map(|(time, bytes, at, cause)| Owed {
                    time,
                    key: key(bytes),
                    use_case: use_case.clone(),
                    cause: Arrival { at, key: key(cause) },
                }));
            }
        }
        Ok(read)
    }

    /// All but the signals owed, not compressed.
    pub(super) fn plain(&self) -> Result<Vec<u8>, Fault> {
        let entry = |entry: &Entry| {
            let data = serde_json::to_string(&entry.data).unwrap_or_default();
            (entry.time, entry.key.0.to_be_bytes(), data)
        };
        plain(&Item {
            seen: self
                .seen
                .iter()
                .map(|(hour, keys)| (*hour, keys.iter().map(|key| key.0.to_be_bytes()).collect()))
                .collect(),
            events: self.events.clone(),
            newest: self.newest,
            anchors: self
                .anchors
                .iter()
                .map(|(kind, entries)| (kind.clone(), entries.iter().map(entry).collect()))
                .collect(),
            streams: self
                .streams
                .iter()
                .map(|(id, stream)| (id.0.to_be_bytes(), Stream::clone(stream)))
                .collect(),
        })
    }

    fn debts(&self) -> Debts {
        let mut debts: BTreeMap<&UseCaseId, Vec<Debt>> = BTreeMap::new();
        for owed in &self.owed {
            let events = debts.entry(&owed.use_case).or_default();
            let (key, cause) = (owed.key.0.to_be_bytes(), owed.cause.key.0.to_be_bytes());
            events.push((owed.time, key, owed.cause.at, cause));
        }
        Debts(debts.into_iter().map(|(id, events)| (id.to_string(), events)).collect())
    }
}

fn key(bytes: Key) -> EventKey {
    EventKey(u64::from_be_bytes(bytes))
}

fn entries((kind, entries): Anchors) -> Result<(String, Vec<Entry>), Fault> {
    let entry = |(time, bytes, data): (i64, Key, String)| {
        let data = serde_json::from_str(&data).map_err(|error| unreadable(&error))?;
        Ok(Entry { time, key: key(bytes), data })
    };
    Ok((kind, entries.into_iter().map(entry).collect::<Result<_, Fault>>()?))
}

fn plain(value: &impl Serialize) -> Result<Vec<u8>, Fault> {
    postcard::to_allocvec(value).map_err(|error| unwritable(&error))
}

/// Compressed, where that is shorter; the first byte tells.
pub(super) fn pack(plain: Vec<u8>) -> Result<Vec<u8>, Fault> {
    if plain.len() >= SMALL {
        let mut encoder = DeflateEncoder::new(vec![DEFLATED], Compression::default());
        encoder.write_all(&plain).map_err(|error| unwritable(&error))?;
        let deflated = encoder.finish().map_err(|error| unwritable(&error))?;
        if deflated.len() <= plain.len() {
            return Ok(deflated);
        }
    }
    let mut packed = plain;
    packed.insert(0, PLAIN);
    Ok(packed)
}

fn unpack<T: DeserializeOwned>(packed: &[u8]) -> Result<T, Fault> {
    let read = |bytes: &[u8]| postcard::from_bytes(bytes).map_err(|error| unreadable(&error));
    match packed.split_first() {
        Some((&PLAIN, plain)) => read(plain),
        Some((&DEFLATED, deflated)) => {
            let mut plain = Vec::new();
            let mut decoder = DeflateDecoder::new(deflated).take(MAX_UNFOLDED);
            decoder.read_to_end(&mut plain).map_err(|error| unreadable(&error))?;
            read(&plain)
        }
        _ => Err(unreadable(&"it is of no known form")),
    }
}

fn unwritable(error: &dyn std::fmt::Display) -> Fault {
    Fault::Internal(format!("unwritable feature item: {error}"))
}

fn unreadable(error: &dyn std::fmt::Display) -> Fault {
    Fault::Internal(format!("unreadable feature item: {error}"))
}
