//! Finds documents by their keys.

use roaring::RoaringBitmap;
use tantivy::{DocSet, Searcher, TERMINATED, index::SegmentReader, schema::IndexRecordOption};

use crate::Shape;

/// The living documents with these keys, of each segment in its order; all segments at once. In order, keys are found
/// with fewest reads.
pub fn find(
    searcher: &Searcher,
    shape: &Shape,
    keys: &[String],
) -> tantivy::Result<Vec<RoaringBitmap>> {
    let find = |segment: &SegmentReader| in_segment(segment, shape, keys);
    searcher.index().search_executor().map(find, searcher.segment_readers().iter())
}

fn in_segment(
    segment: &SegmentReader,
    shape: &Shape,
    keys: &[String],
) -> tantivy::Result<RoaringBitmap> {
    let mut found = RoaringBitmap::new();
    let index = segment.inverted_index(shape.key)?;
    for key in keys {
        let Some(mut postings) = index.read_postings(&shape.term(key), IndexRecordOption::Basic)?
        else {
            continue;
        };
        let mut document = postings.doc();
        while document != TERMINATED {
            if segment.alive_bitset().is_none_or(|alive| alive.is_alive(document)) {
                found.insert(document);
            }
            document = postings.advance();
        }
    }
    Ok(found)
}
