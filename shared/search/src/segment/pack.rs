//! Makes one object of a segment that Tantivy has written.

use std::ops::Range;

use ceap_kernel::Fault;
use tantivy::{Index, ReloadPolicy, index::SegmentReader};

use super::{
    Shelf,
    tail::{Contents, write},
};
use crate::{Piece, Shape};

/// Ranges that are nearer to each other than this are one: saying where another begins takes about as much.
const NEAR: u64 = 64;

/// A segment, ready to be put.
pub struct Packed {
    /// What the manifest says of it.
    pub piece: Piece,
    /// The object.
    pub object: Vec<u8>,
}

fn wrong(error: impl std::fmt::Display) -> Fault {
    Fault::Internal(format!("a segment could not be packed: {error}"))
}

/// Makes one object of the only segment on the shelf; `None` if there is none, or one without documents.
pub fn pack(shelf: &Shelf, shape: &Shape) -> Result<Option<Packed>, Fault> {
    shelf.forget();
    let mut index = Index::open(shelf.clone()).map_err(wrong)?;
    index.set_tokenizers(shape.tokenizers.clone());
    let metas = index.searchable_segment_metas().map_err(wrong)?;
    let Some(meta) = metas.first().filter(|meta| meta.max_doc() > 0) else { return Ok(None) };
    let (id, documents) = (meta.id().uuid_string(), meta.max_doc());
    touch(&index, shape).map_err(wrong)?;

    let mut contents = Contents::default();
    let mut object = Vec::new();
    for (path, bytes) in shelf.starting(&id) {
        let start = object.len() as u64;
        object.extend_from_slice(&bytes);
        let name = path.to_string_lossy();
        let extension = name.strip_prefix(&id).unwrap_or_default().trim_start_matches('.');
        contents.files.insert(extension.to_owned(), start..object.len() as u64);
        let shift = |range: Range<usize>| {
            start.saturating_add(range.start as u64)..start.saturating_add(range.end as u64)
        };
        contents.hot.extend(shelf.touched(&path).into_iter().map(shift));
    }
    contents.hot = united(contents.hot);
    let tail = object.len() as u64;
    write(&contents, &mut object)?;
    let piece = Piece { id, bytes: object.len() as u64, tail, documents, tombstones: None };
    Ok(Some(Packed { piece, object }))
}

/// Opens whatever a query may open of every segment.
fn touch(index: &Index, shape: &Shape) -> tantivy::Result<()> {
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    reader.searcher().segment_readers().iter().try_for_each(|segment| touch_all(segment, shape))
}

fn touch_all(segment: &SegmentReader, shape: &Shape) -> tantivy::Result<()> {
    for (field, entry) in shape.schema.fields() {
        if entry.is_indexed() {
            segment.inverted_index(field)?;
        }
        if entry.is_fast() {
            // The names of the columns, not their values.
            segment.fast_fields().dynamic_column_handles(entry.name())?;
            segment.fast_fields().dynamic_subpath_column_handles(entry.name())?;
        }
    }
    Ok(())
}

/// The ranges in order, those that overlap or nearly touch made one.
fn united(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut united: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match united.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(NEAR) => {
                last.end = last.end.max(range.end);
            }
            Some(_) | None => united.push(range),
        }
    }
    united
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_ranges_are_one() {
        assert_eq!(united(vec![200..300, 0..10, 5..20, 30..40, 7..7]), [0..40, 200..300]);
    }
}
