//! Which documents of a segment are deleted: a Roaring bitmap of their numbers
//! (<https://roaringbitmap.org>), which Tantivy gets as its own file of those alive.

use std::{io::Write, path::Path};

use ceap_kernel::Fault;
use roaring::RoaringBitmap;
use tantivy::{
    BitSet,
    directory::{Directory, ManagedDirectory, TerminatingWrite},
    fastfield::write_alive_bitset,
};

use crate::{Tombstones, segment::Shelf};

/// An object of tombstones that is being written.
pub struct Ledger {
    /// Its name.
    pub name: String,
    /// What is in it so far.
    pub bytes: Vec<u8>,
}

impl Ledger {
    /// An empty one.
    pub fn new(name: String) -> Self {
        Self { name, bytes: Vec::new() }
    }

    /// Enters the deleted documents of a segment.
    pub fn enter(&mut self, dead: &RoaringBitmap) -> Result<Tombstones, Fault> {
        let start = self.bytes.len() as u64;
        dead.serialize_into(&mut self.bytes).map_err(|e| Fault::Internal(e.to_string()))?;
        let documents = u32::try_from(dead.len()).unwrap_or(u32::MAX);
        Ok(Tombstones { name: self.name.clone(), start, end: self.bytes.len() as u64, documents })
    }
}

/// As they were kept.
pub fn parse(bytes: &[u8]) -> Result<RoaringBitmap, Fault> {
    RoaringBitmap::deserialize_from(bytes)
        .map_err(|e| Fault::Internal(format!("tombstones that are none: {e}")))
}

/// Tantivy's file of the documents alive, of a segment with so many.
pub fn alive_file(dead: &RoaringBitmap, documents: u32) -> Result<Vec<u8>, Fault> {
    let mut alive = BitSet::with_max_value_and_full(documents);
    for document in dead {
        alive.remove(document);
    }
    footed(&alive).map_err(|e| Fault::Internal(e.to_string()))
}

/// Only Tantivy can write the foot that it expects at the end of a file, and it writes it when it writes a file.
fn footed(alive: &BitSet) -> tantivy::Result<Vec<u8>> {
    let (shelf, path) = (Shelf::default(), Path::new("alive"));
    let directory = ManagedDirectory::wrap(Box::new(shelf.clone()))?;
    let mut file = directory.open_write(path)?;
    write_alive_bitset(alive, &mut file)?;
    file.flush()?;
    file.terminate()?;
    Ok(shelf.file(path).map(|bytes| bytes.to_vec()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tombstones_are_read_as_they_were_written() {
        let dead: RoaringBitmap = [1, 5, 70_000].into_iter().collect();
        let mut ledger = Ledger::new("name".to_owned());
        ledger.enter(&RoaringBitmap::from([7])).unwrap();
        let entered = ledger.enter(&dead).unwrap();
        assert_eq!(entered.documents, 3);
        let bytes = &ledger.bytes[entered.start as usize..entered.end as usize];
        assert_eq!(parse(bytes).unwrap(), dead);
        assert!(parse(b"no").is_err());
    }
}
