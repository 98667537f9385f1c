//! Reads ahead what queries need.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ceap_kernel::Fault;
use tantivy::{Term, index::SegmentReader, query::Query, schema::IndexRecordOption};

use super::{View, view::away};

/// How many terms a view remembers to have read ahead.
const AHEAD: usize = 10_000;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl View {
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
        if columns.is_empty() {
            return Ok(());
        }
        let (searcher, asked) = (self.searcher(), columns.clone());
        let work = move || {
            let read = |(segment, column): (&SegmentReader, &String)| -> tantivy::Result<()> {
                for column in segment.fast_fields().dynamic_column_handles(column)? {
                    column.file_slice().read_bytes()?;
                }
                Ok(())
            };
            let segments = searcher.segment_readers().iter();
            let parts = segments.flat_map(|segment| asked.iter().map(move |it| (segment, it)));
            searcher.index().search_executor().map(read, parts)
        };
        away(self.trouble(), work).await?;
        lock(&self.columns).extend(columns);
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
}
