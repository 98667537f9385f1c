//! What was read, kept in memory and in a folder.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use ceap_kernel::Fault;
use tantivy::directory::OwnedBytes;

use super::{bounded::Bounded, folder::Folder, reads::Reads};

/// Small reads are made of blocks of this size: about what a function of Lambda reads in the thirtieth part of the time that
/// S3's first byte takes. A cold search reads some hundred of them at once, all over one line.
const BLOCK: u64 = 64 << 10;

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub struct Capacity {
    /// In memory, in bytes.
    pub memory: u64,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { memory: 256 << 20 }
    }
}

/// An object that never changes.
#[derive(Debug)]
pub struct Object {
    /// The segment's id, which is also what the folder's files begin with.
    pub id: Arc<str>,
    /// Its name in the store.
    pub name: Arc<str>,
    /// Its size, in bytes.
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    id: Arc<str>,
    start: u64,
    end: u64,
}

impl Key {
    fn file(&self) -> String {
        format!("{}-{}-{}", self.id, self.start, self.end)
    }

    fn size(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// A read that is under way, which all who ask for the same wait for.
type Flight = Arc<OnceLock<Result<Arc<[u8]>, Fault>>>;

/// What was read, kept in memory and in a folder. It is one for all of a process's indexes.
pub struct Cache {
    memory: Mutex<Bounded<Key, Arc<[u8]>>>,
    flights: Mutex<HashMap<Key, Flight>>,
    folder: Option<Folder>,
}

impl Cache {
    /// Keeps so much in memory, and more in the folder if there is one.
    #[must_use]
    pub fn new(capacity: Capacity, folder: Option<Folder>) -> Self {
        let memory = Mutex::new(Bounded::new(capacity.memory));
        Self { memory, flights: Mutex::default(), folder }
    }

    /// The bytes of what is in memory.
    #[must_use]
    pub fn in_memory(&self) -> u64 {
        self.memory().weight()
    }

    fn memory(&self) -> MutexGuard<'_, Bounded<Key, Arc<[u8]>>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A range of an object; the calling thread waits for what is not kept.
    ///
    /// What is larger than a block (the values of a column) is kept as it was asked for, because it is asked for again
    /// so, and then need not be put together.
    pub(super) fn read(
        &self,
        reads: &Reads,
        object: &Object,
        range: Range<u64>,
    ) -> Result<OwnedBytes, Fault> {
        if range.is_empty() {
            return Ok(OwnedBytes::empty());
        }
        if range.end.saturating_sub(range.start) > BLOCK {
            let key = Key { id: Arc::clone(&object.id), start: range.start, end: range.end };
            return Ok(OwnedBytes::new(self.get(reads, object, key)?));
        }
        let blocks = blocks(object, &range);
        if let [block] = blocks.as_slice() {
            let (from, to) = within(block, &range);
            let bytes = OwnedBytes::new(self.get(reads, object, block.clone())?);
            return Ok(bytes.slice(from..to));
        }
        // Two neighbours, which one read gets if neither is kept.
        self.run(reads, object, &blocks)?;
        let mut joined = Vec::new();
        for block in blocks {
            let (from, to) = within(&block, &range);
            let bytes = self.get(reads, object, block)?;
            joined.extend_from_slice(bytes.get(from..to).unwrap_or_default());
        }
        Ok(OwnedBytes::new(joined))
    }

    /// Gets with one read those blocks that are not kept, of blocks that follow each other.
    fn run(&self, reads: &Reads, object: &Object, blocks: &[Key]) -> Result<(), Fault> {
        let missing: Vec<&Key> = blocks.iter().filter(|key| self.kept(key).is_none()).collect();
        let (Some(first), Some(last)) = (missing.first(), missing.last()) else { return Ok(()) };
        let all = Key { id: Arc::clone(&object.id), start: first.start, end: last.end };
        self.once(&all, || {
            let bytes: Arc<[u8]> = reads.wait(Arc::clone(&object.name), all.start..all.end)?.into();
            for key in missing {
                let (from, to) = within(&all, &(key.start..key.end));
                self.keep(key.clone(), bytes.get(from..to).unwrap_or_default().into());
            }
            Ok(bytes)
        })?;
        Ok(())
    }

    fn get(&self, reads: &Reads, object: &Object, key: Key) -> Result<Arc<[u8]>, Fault> {
        if let Some(bytes) = self.kept(&key) {
            return Ok(bytes);
        }
        self.once(&key, || {
            // Another may have read it since.
            if let Some(bytes) = self.kept(&key) {
                return Ok(bytes);
            }
            let name = Arc::clone(&object.name);
            let bytes: Arc<[u8]> = reads.wait(name, key.start..key.end)?.into();
            self.keep(key.clone(), Arc::clone(&bytes));
            Ok(bytes)
        })
    }

    /// Reads what a query's terms ask for at once only once: those of one word in several fields are next to each other.
    fn once(
        &self,
        key: &Key,
        read: impl FnOnce() -> Result<Arc<[u8]>, Fault>,
    ) -> Result<Arc<[u8]>, Fault> {
        let flight = Arc::clone(self.flights().entry(key.clone()).or_default());
        let landed = flight.get_or_init(read).clone();
        self.flights().remove(key);
        landed
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<Key, Flight>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, key: &Key) -> Option<Arc<[u8]>> {
        let found = self.memory().get(key);
        found.or_else(|| {
            let size = usize::try_from(key.size()).ok()?;
            let bytes: Arc<[u8]> = self.folder.as_ref()?.get(&key.file(), size)?.into();
            self.memory().put(key.clone(), Arc::clone(&bytes), key.size());
            Some(bytes)
        })
    }

    fn keep(&self, key: Key, bytes: Arc<[u8]>) {
        if let Some(folder) = &self.folder {
            folder.put(&key.file(), &bytes);
        }
        let size = key.size();
        self.memory().put(key, bytes, size);
    }
}

/// The blocks in which a range lies.
fn blocks(object: &Object, range: &Range<u64>) -> Vec<Key> {
    let first = range.start.saturating_sub(range.start.checked_rem(BLOCK).unwrap_or(0));
    let starts = std::iter::successors(Some(first), |start| start.checked_add(BLOCK));
    let starts = starts.take_while(|start| *start < range.end);
    let key = |start: u64| Key {
        id: Arc::clone(&object.id),
        start,
        end: start.saturating_add(BLOCK).min(object.bytes),
    };
    starts.map(key).collect()
}

/// Which of a key's bytes are in a range.
fn within(key: &Key, range: &Range<u64>) -> (usize, usize) {
    let at = |at: u64| {
        let at = at.clamp(key.start, key.end).saturating_sub(key.start);
        usize::try_from(at).unwrap_or(usize::MAX)
    };
    (at(range.start), at(range.end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        blobs::{Blobs, memory::Memory},
        reading::Patience,
    };
    use std::time::Duration;

    #[tokio::test]
    async fn what_is_asked_for_at_once_is_read_once() {
        let store = Arc::new(Memory::default());
        store.put_new("a", vec![7; 100_000]).await.unwrap();
        store.slow(Duration::from_millis(20), Duration::ZERO);
        let reads = Reads::start(store.clone(), Patience::default()).unwrap();
        let cache = Cache::new(Capacity::default(), None);
        let object = Object { id: "1".into(), name: "a".into(), bytes: 100_000 };
        let read = |range: Range<u64>| cache.read(&reads, &object, range).unwrap().len();
        std::thread::scope(|scope| {
            for at in 0..8 {
                scope.spawn(move || assert_eq!(read(at..at + 10), 10));
                scope
                    .spawn(move || assert_eq!(read(65_530 + at % 4..65_540), 10 - at as usize % 4));
            }
        });
        // The first block, both, and the second.
        assert!(store.count().reads <= 3, "{:?}", store.count());
        assert!(cache.flights().is_empty());
        let gone = Object { id: "2".into(), name: "b".into(), bytes: 100 };
        assert!(cache.read(&reads, &gone, 0..10).is_err());
        assert!(cache.flights().is_empty());
    }
}
