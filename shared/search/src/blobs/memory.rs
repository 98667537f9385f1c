//! An object store in memory, which fails, waits and loses answers as it is told: for tests and measurements.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::{Bound, Range},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ceap_kernel::{Fault, Timestamp};
use futures::FutureExt;
use tokio::time::Instant;

use super::{Blob, Blobs, ETag, Entry, Got, Listed, Soon};

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It does what it should.
    Well,
    /// It fails, and nothing has happened.
    Fails(Fault),
    /// It happens, but its caller is told that it failed.
    Lost(Fault),
}

/// What was asked of a store so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Calls that read.
    pub reads: u64,
    /// Bytes that were read.
    pub bytes_read: u64,
    /// Calls that wrote.
    pub writes: u64,
    /// Bytes that were written.
    pub bytes_written: u64,
}

impl Count {
    /// All calls.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.reads.saturating_add(self.writes)
    }
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, (Vec<u8>, u64, Timestamp)>,
    written: u64,
    count: Count,
    now: Timestamp,
    fates: VecDeque<Fate>,
    dead: Option<Fault>,
    delay: Duration,
    per_byte: Duration,
    /// Until when the line is busy, over which all that is read comes.
    busy: Option<Instant>,
}

impl State {
    /// When so many bytes have come that are asked for now.
    fn arrival(&mut self, bytes: usize) -> Instant {
        let first = Instant::now().checked_add(self.delay).unwrap_or_else(Instant::now);
        let takes = self.per_byte.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX));
        if takes.is_zero() {
            return first;
        }
        let begins = self.busy.map_or(first, |busy| busy.max(first));
        let ends = begins.checked_add(takes).unwrap_or(begins);
        self.busy = Some(ends);
        ends
    }
}

/// An object store in memory.
#[derive(Debug, Default)]
pub struct Memory {
    state: Mutex<State>,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next calls go so, one after the other; those after them go well.
    pub fn script(&self, fates: impl IntoIterator<Item = Fate>) {
        self.state().fates = fates.into_iter().collect();
    }

    /// The next `calls` go well, the one after them goes as told, and then every call fails until [`Memory::heal`]:
    /// as for a writer that dies there.
    pub fn die_after(&self, calls: usize, fate: Fate) {
        let well = std::iter::repeat_n(Fate::Well, calls);
        let mut state = self.state();
        state.fates = well.chain([fate]).collect();
        state.dead = Some(Fault::Internal("the process is dead".to_owned()));
    }

    /// From now on everything goes well.
    pub fn heal(&self) {
        let mut state = self.state();
        state.dead = None;
        state.fates.clear();
    }

    /// Every call takes so long until its first byte is there, and so long for each byte that it reads: all of them come
    /// over one line, one after the other.
    pub fn slow(&self, delay: Duration, per_byte: Duration) {
        let mut state = self.state();
        state.delay = delay;
        state.per_byte = per_byte;
    }

    /// What is written from now on is written then.
    pub fn set_now(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// What was asked so far.
    #[must_use]
    pub fn count(&self) -> Count {
        self.state().count
    }

    /// The names and sizes of all objects.
    #[must_use]
    pub fn sizes(&self) -> Vec<(String, usize)> {
        self.state().objects.iter().map(|(name, (bytes, ..))| (name.clone(), bytes.len())).collect()
    }

    /// Takes an object away, as an operator might by mistake.
    pub fn remove(&self, name: &str) {
        self.state().objects.remove(name);
    }

    async fn wait(&self, bytes: usize) {
        let arrival = {
            let mut state = self.state();
            match state.delay.is_zero() && state.per_byte.is_zero() {
                true => return,
                false => state.arrival(bytes),
            }
        };
        tokio::time::sleep_until(arrival).await;
    }

    /// Does what `call` does, unless it is to fail; and tells so, unless the answer is to be lost.
    fn fated<T>(&self, call: impl FnOnce(&mut State) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut state = self.state();
        let fate = match (state.fates.pop_front(), &state.dead) {
            (Some(fate), _) => fate,
            (None, Some(fault)) => Fate::Fails(fault.clone()),
            (None, None) => Fate::Well,
        };
        match fate {
            Fate::Well => call(&mut state),
            Fate::Fails(fault) => Err(fault),
            Fate::Lost(fault) => call(&mut state).and(Err(fault)),
        }
    }
}

impl State {
    fn put(&mut self, name: &str, bytes: Vec<u8>) -> ETag {
        self.count.writes = self.count.writes.saturating_add(1);
        self.count.bytes_written = self.count.bytes_written.saturating_add(bytes.len() as u64);
        self.written = self.written.saturating_add(1);
        self.objects.insert(name.to_owned(), (bytes, self.written, self.now));
        ETag(self.written.to_string())
    }

    fn read(&mut self, bytes: usize) {
        self.count.reads = self.count.reads.saturating_add(1);
        self.count.bytes_read = self.count.bytes_read.saturating_add(bytes as u64);
    }
}

impl Blobs for Memory {
    fn range<'a>(&'a self, name: &'a str, range: Range<u64>) -> Soon<'a, Vec<u8>> {
        async move {
            let found = self.fated(|state| {
                let object = state.objects.get(name);
                let (bytes, ..) = object.ok_or_else(|| Fault::NotFound(format!("no {name}")))?;
                let at = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
                let bytes = bytes.get(at(range.start)..at(range.end)).map(<[u8]>::to_vec);
                let bytes = bytes
                    .ok_or_else(|| Fault::Internal(format!("{name} ends before {}", range.end)))?;
                state.read(bytes.len());
                Ok(bytes)
            });
            self.wait(found.as_ref().map_or(0, Vec::len)).await;
            found
        }
        .boxed()
    }

    fn get<'a>(&'a self, name: &'a str, known: Option<&'a ETag>) -> Soon<'a, Got> {
        async move {
            let found = self.fated(|state| {
                let got = match state.objects.get(name) {
                    None => Got::Absent,
                    Some((_, etag, _))
                        if known.is_some_and(|known| known.0 == etag.to_string()) =>
                    {
                        Got::Unchanged
                    }
                    Some((bytes, etag, _)) => {
                        Got::Blob(Blob { bytes: bytes.clone(), etag: ETag(etag.to_string()) })
                    }
                };
                state.read(size(&got));
                Ok(got)
            });
            self.wait(found.as_ref().map_or(0, size)).await;
            found
        }
        .boxed()
    }

    fn put_new<'a>(&'a self, name: &'a str, bytes: Vec<u8>) -> Soon<'a, ETag> {
        async move {
            self.wait(0).await;
            self.fated(|state| match state.objects.contains_key(name) {
                true => Err(Fault::Conflict(format!("{name} is there already"))),
                false => Ok(state.put(name, bytes)),
            })
        }
        .boxed()
    }

    fn put_over<'a>(&'a self, name: &'a str, bytes: Vec<u8>, known: &'a ETag) -> Soon<'a, ETag> {
        async move {
            self.wait(0).await;
            self.fated(|state| match state.objects.get(name) {
                Some((_, etag, _)) if known.0 == etag.to_string() => Ok(state.put(name, bytes)),
                Some(_) | None => Err(Fault::Conflict(format!("{name} has changed"))),
            })
        }
        .boxed()
    }

    fn list<'a>(&'a self, prefix: &'a str, after: Option<&'a str>) -> Soon<'a, Listed> {
        async move {
            self.wait(0).await;
            self.fated(|state| {
                state.read(0);
                let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
                let found = state.objects.range::<str, _>((from, Bound::Unbounded));
                let mut entries: Vec<Entry> = found
                    .take_while(|(name, _)| name.starts_with(prefix))
                    .take(1_001)
                    .map(|(name, (bytes, _, written_at))| Entry {
                        name: name.clone(),
                        bytes: bytes.len() as u64,
                        written_at: *written_at,
                    })
                    .collect();
                let more = entries.len() > 1_000;
                entries.truncate(1_000);
                let next = entries.last().filter(|_| more).map(|entry| entry.name.clone());
                Ok(Listed { entries, next })
            })
        }
        .boxed()
    }

    fn delete<'a>(&'a self, name: &'a str) -> Soon<'a, ()> {
        async move {
            self.wait(0).await;
            self.fated(|state| {
                state.count.writes = state.count.writes.saturating_add(1);
                state.objects.remove(name);
                Ok(())
            })
        }
        .boxed()
    }
}

fn size(got: &Got) -> usize {
    match got {
        Got::Absent | Got::Unchanged => 0,
        Got::Blob(blob) => blob.bytes.len(),
    }
}
