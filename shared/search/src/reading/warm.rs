//! Reads ahead what queries need.

use std::{ops::Range, sync::Arc};

use ceap_kernel::Fault;
use tantivy::{TantivyError, index::SegmentReader};

use super::{View, directory::Open, view::away};

/// What to read ahead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warm {
    /// Fields whose columns filters, sorting and counting read.
    pub columns: Vec<String>,
    /// Fields whose lengths ranking reads.
    pub norms: Vec<String>,
    /// The term dictionaries, whole: about a sixth of an index of texts. Without it a query waits once for each term,
    /// all segments at once.
    pub terms: bool,
}

enum Part {
    Column(SegmentReader, String),
    Norm(SegmentReader, String),
    Terms(Arc<Open>, Range<u64>),
}

impl View {
    /// Reads ahead what queries need, of all segments at once, as many as there are threads.
    ///
    /// # Errors
    /// The store's. What was read by then is kept.
    pub async fn warm(&self, warm: &Warm) -> Result<(), Fault> {
        let (searcher, source) = (self.searcher(), self.source().clone());
        let parts = self.parts(warm);
        let work = move || {
            let read = |part: Part| match part {
                Part::Column(segment, field) => {
                    for column in segment.fast_fields().dynamic_column_handles(&field)? {
                        column.file_slice().read_bytes()?;
                    }
                    Ok(())
                }
                Part::Norm(segment, field) => {
                    let field = segment.schema().get_field(&field)?;
                    segment.fieldnorms_readers().get_field(field)?;
                    Ok(())
                }
                Part::Terms(open, range) => source
                    .cache
                    .prefetch(&source.reads, &open.object, &range)
                    .map_err(|fault| TantivyError::SystemError(fault.to_string())),
            };
            searcher.index().search_executor().map(read, parts.into_iter())
        };
        away(self.trouble(), work).await.map(|_| ())
    }

    fn parts(&self, warm: &Warm) -> Vec<Part> {
        let searcher = self.searcher();
        let mut parts = Vec::new();
        for segment in searcher.segment_readers() {
            let column = |field: &String| Part::Column(segment.clone(), field.clone());
            let norm = |field: &String| Part::Norm(segment.clone(), field.clone());
            parts.extend(warm.columns.iter().map(column).chain(warm.norms.iter().map(norm)));
        }
        for (known, _) in self.opened().iter().filter(|_| warm.terms) {
            let terms = known.files.get("term");
            parts.extend(terms.map(|range| Part::Terms(Arc::clone(&known.open), range.clone())));
        }
        parts
    }
}
