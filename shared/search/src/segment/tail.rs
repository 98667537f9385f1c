//! What opening a segment reads.

use std::{collections::BTreeMap, ops::Range};

use ceap_kernel::Fault;
use serde::{Deserialize, Serialize};
use tantivy::directory::OwnedBytes;

/// Bytes of an object that are in memory.
#[derive(Clone, Default)]
pub struct Hot {
    /// By where they begin; they don't overlap.
    spans: BTreeMap<u64, OwnedBytes>,
}

impl Hot {
    /// The whole object.
    pub fn whole(bytes: OwnedBytes) -> Self {
        Self { spans: BTreeMap::from([(0, bytes)]) }
    }

    /// The bytes in `range`, if all of them are here.
    pub fn read(&self, range: &Range<u64>) -> Option<OwnedBytes> {
        let (start, span) = self.spans.range(..=range.start).next_back()?;
        let from = usize::try_from(range.start.checked_sub(*start)?).ok()?;
        let to = usize::try_from(range.end.checked_sub(*start)?).ok()?;
        (from <= to && to <= span.len()).then(|| span.slice(from..to))
    }
}

/// What is said at the beginning of a tail.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Contents {
    /// Where each of Tantivy's files is, by its extension.
    pub files: BTreeMap<String, Range<u64>>,
    /// Which bytes of the object follow, in this order.
    pub hot: Vec<Range<u64>>,
}

/// What opening a segment reads.
pub struct Tail {
    /// Where each of Tantivy's files is, by its extension.
    pub files: BTreeMap<String, Range<u64>>,
    /// The bytes that are in memory.
    pub hot: Hot,
}

fn broken() -> Fault {
    Fault::Internal("a segment whose tail is broken".to_owned())
}

impl Tail {
    /// Reads a tail: the length of its contents (4 bytes, little-endian), they as JSON, and the bytes.
    pub fn parse(bytes: OwnedBytes) -> Result<Self, Fault> {
        let (length, rest) = bytes.as_slice().split_first_chunk::<4>().ok_or_else(broken)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| broken())?;
        let json = rest.get(..length).ok_or_else(broken)?;
        let contents: Contents = serde_json::from_slice(json).map_err(|_| broken())?;
        let mut at = length.saturating_add(4);
        let mut spans = BTreeMap::new();
        for range in contents.hot {
            let size = range.end.checked_sub(range.start).ok_or_else(broken)?;
            let end = at.saturating_add(usize::try_from(size).map_err(|_| broken())?);
            if end > bytes.len() {
                return Err(broken());
            }
            spans.insert(range.start, bytes.slice(at..end));
            at = end;
        }
        Ok(Self { files: contents.files, hot: Hot { spans } })
    }

    /// Reads a tail at the end of a whole object, all of which is in memory from then on.
    pub fn of_whole(object: OwnedBytes, tail: u64) -> Result<Self, Fault> {
        let at = usize::try_from(tail).map_err(|_| broken())?;
        if at > object.len() {
            return Err(broken());
        }
        let tail = Self::parse(object.slice(at..object.len()))?;
        Ok(Self { files: tail.files, hot: Hot::whole(object) })
    }
}

/// Writes a tail behind `object`.
pub fn write(contents: &Contents, object: &mut Vec<u8>) -> Result<(), Fault> {
    let json = serde_json::to_vec(contents).map_err(|e| Fault::Internal(e.to_string()))?;
    let length = u32::try_from(json.len()).map_err(|_| broken())?;
    object.extend_from_slice(&length.to_le_bytes());
    object.extend_from_slice(&json);
    for range in &contents.hot {
        let at = |at: u64| usize::try_from(at).map_err(|_| broken());
        object.extend_from_within(at(range.start)?..at(range.end)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_holds_what_it_says() {
        let mut object = b"0123456789".to_vec();
        let files = BTreeMap::from([("idx".to_owned(), 0..6)]);
        write(&Contents { files, hot: vec![2..4, 6..10] }, &mut object).unwrap();
        let tail = Tail::parse(OwnedBytes::new(object[10..].to_vec())).unwrap();
        let read = |range| tail.hot.read(&range).map(|bytes| bytes.to_vec());
        assert_eq!(read(2..4), Some(b"23".to_vec()));
        assert_eq!(read(7..9), Some(b"78".to_vec()));
        assert_eq!((read(1..4), read(3..5), read(5..7)), (None, None, None));
        let whole = Tail::of_whole(OwnedBytes::new(object), 10).unwrap();
        assert_eq!(whole.hot.read(&(1..5)).unwrap().as_slice(), b"1234");
        assert_eq!(whole.files["idx"], 0..6);
    }
}
