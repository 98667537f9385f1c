//! Reads ahead what queries need.

use std::{
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ceap_kernel::Fault;
use tantivy::{TantivyError, Term, index::SegmentReader, query::Query, schema::IndexRecordOption};

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

/// How many terms a view remembers to have read ahead.
const AHEAD: usize = 10_000;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
        let (searcher, engine) = (self.searcher(), self.engine().clone());
        let parts = self.parts(warm);
        let work = move || {
            let read = |part: Part| -> tantivy::Result<()> {
                match part {
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
                    Part::Terms(open, range) => engine
                        .cache
                        .prefetch(&engine.reads, &open.object, &range)
                        .map_err(|fault| TantivyError::SystemError(fault.to_string())),
                }
            };
            searcher.index().search_executor().map(read, parts.into_iter())
        };
        away(self.trouble(), work).await.map(|_| ())
    }

    /// Reads ahead the terms of a query, of all segments at once. Without it, ranking asks one segment after the other
    /// how many of its documents have a term, and waits each time.
    ///
    /// # Errors
    /// The store's. What was read by then is kept.
    pub async fn prepare(&self, query: &dyn Query) -> Result<(), Fault> {
        let terms = self.not_ahead(query);
        if terms.is_empty() {
            return Ok(());
        }
        let (searcher, asked) = (self.searcher(), terms.clone());
        let work = move || {
            let read = |(segment, (term, places)): (&SegmentReader, &(Term, bool))| -> tantivy::Result<()> {
                let option = match places {
                    true => IndexRecordOption::WithFreqsAndPositions,
                    false => IndexRecordOption::WithFreqs,
                };
                segment.inverted_index(term.field())?.read_postings(term, option)?;
                Ok(())
            };
            let segments = searcher.segment_readers().iter();
            let parts = segments.flat_map(|segment| terms.iter().map(move |term| (segment, term)));
            searcher.index().search_executor().map(read, parts)
        };
        away(self.trouble(), work).await?;
        let mut ahead = lock(&self.ahead);
        if ahead.len() > AHEAD {
            ahead.clear();
        }
        ahead.extend(asked);
        Ok(())
    }

    /// Reads columns ahead, of all segments at once.
    ///
    /// # Errors
    /// The store's. What was read by then is kept.
    pub async fn columns(&self, columns: &[String]) -> Result<(), Fault> {
        let ahead = |column: &&String| !lock(&self.columns).contains(*column);
        let columns: Vec<String> = columns.iter().filter(ahead).cloned().collect();
        if !columns.is_empty() {
            self.warm(&Warm { columns: columns.clone(), ..Warm::default() }).await?;
            lock(&self.columns).extend(columns);
        }
        Ok(())
    }

    /// The terms of a query that were not read ahead yet.
    fn not_ahead(&self, query: &dyn Query) -> Vec<(Term, bool)> {
        let ahead = lock(&self.ahead);
        let mut terms = Vec::new();
        query.query_terms(&mut |term, places| {
            let term = (term.clone(), places);
            if !ahead.contains(&term) {
                terms.push(term);
            }
        });
        terms
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
