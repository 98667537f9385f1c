//! Which versions of records documents are made of.

use std::collections::BTreeMap;

use ceap_helpdesk::search::{Of, Stamp};
use tantivy::{Searcher, index::SegmentReader};

use super::{
    collect::LeftOut,
    shape::{OF, STAMP, number_of, of_number},
};

/// Numbers read at once.
const PIECE: usize = 4096;

/// The columns that are read.
pub fn columns() -> Vec<String> {
    [OF, STAMP].map(str::to_owned).into()
}

/// The versions of these documents, of those that are there. Their numbers are looked for in the whole column: that is
/// one read where the dictionary takes one for each.
pub fn stamps(searcher: &Searcher, of: &[Of]) -> tantivy::Result<BTreeMap<Of, Stamp>> {
    let sought = LeftOut::new(of.iter().filter_map(|of| number_of(*of)));
    let segment = |segment: &SegmentReader| in_segment(segment, &sought);
    let segments = searcher.segment_readers().iter();
    let found = searcher.index().search_executor().map(segment, segments)?;
    Ok(found.into_iter().flatten().collect())
}

fn in_segment(segment: &SegmentReader, sought: &LeftOut) -> tantivy::Result<Vec<(Of, Stamp)>> {
    let columns = segment.fast_fields();
    let (numbers, stamps) = (columns.u64(OF)?.values, columns.u64(STAMP)?.values);
    let (mut found, mut piece) = (Vec::new(), vec![0; PIECE]);
    let alive = |document| segment.alive_bitset().is_none_or(|alive| alive.is_alive(document));
    for start in (0..segment.max_doc()).step_by(PIECE) {
        let rest = segment.max_doc().saturating_sub(start);
        piece.truncate(usize::try_from(rest).unwrap_or(PIECE));
        numbers.get_range(u64::from(start), &mut piece);
        for (document, number) in (start..).zip(&piece) {
            if sought.has(|| *number) && alive(document) {
                let of = of_number(*number);
                found.extend(of.map(|of| (of, Stamp(stamps.get_val(document)))));
            }
        }
    }
    Ok(found)
}
