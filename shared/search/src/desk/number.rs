//! Documents whose number lies within bounds.

use std::ops::{Bound, RangeInclusive};

use tantivy::{
    DocId, DocSet, Score, SeekDangerResult, TERMINATED, TantivyError,
    columnar::Column,
    f64_to_u64,
    index::SegmentReader,
    query::{ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight},
};

use super::column;

/// Documents read at once at first, if they are sought here and there.
const FEW: u32 = 128;
/// Documents read at once at most, if they are read one after the other.
const MANY: u32 = 1 << 16;

/// Documents that have a number in a field that lies within bounds.
#[derive(Debug, Clone)]
pub struct Numbers {
    field: String,
    /// As integers in the same order.
    range: Option<RangeInclusive<u64>>,
}

impl Numbers {
    /// Those within these bounds.
    pub fn new(field: &str, from: Bound<f64>, to: Bound<f64>) -> Self {
        let range = least(from).zip(most(to)).map(|(from, to)| from..=to);
        Self { field: field.to_owned(), range: range.filter(|range| !range.is_empty()) }
    }
}

/// The least number within a bound, if there is one. Both zeros are the same number, of which the negative one is the
/// lesser integer.
fn least(from: Bound<f64>) -> Option<u64> {
    match from {
        Bound::Unbounded => Some(f64_to_u64(f64::NEG_INFINITY)),
        Bound::Included(number) | Bound::Excluded(number) if number.is_nan() => None,
        Bound::Included(number) => Some(f64_to_u64(if number == 0.0 { -0.0 } else { number })),
        Bound::Excluded(f64::INFINITY) => None,
        Bound::Excluded(number) => Some(f64_to_u64(number.next_up())),
    }
}

/// The greatest number within a bound, if there is one.
fn most(to: Bound<f64>) -> Option<u64> {
    match to {
        Bound::Unbounded => Some(f64_to_u64(f64::INFINITY)),
        Bound::Included(number) | Bound::Excluded(number) if number.is_nan() => None,
        Bound::Included(number) => Some(f64_to_u64(if number == 0.0 { 0.0 } else { number })),
        Bound::Excluded(f64::NEG_INFINITY) => None,
        Bound::Excluded(number) => Some(f64_to_u64(number.next_down())),
    }
}

impl Query for Numbers {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Numbers {
    fn scorer(&self, segment: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let Some(range) = self.range.clone() else { return Ok(Box::new(EmptyScorer)) };
        let Some(column) = column::numbers(segment, &self.field)? else {
            return Ok(Box::new(EmptyScorer));
        };
        if *range.start() > column.max_value() || *range.end() < column.min_value() {
            return Ok(Box::new(EmptyScorer));
        }
        Ok(Box::new(ConstScorer::from(Within::new(column, range, segment.max_doc()))))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Err(TantivyError::InvalidArgument("numbers are not scored".to_owned()))
    }
}

/// The documents of a column whose number lies within a range, read a piece at a time.
struct Within {
    column: Column<u64>,
    range: RangeInclusive<u64>,
    /// Documents of the segment.
    end: DocId,
    /// Those found in the last piece, from the current one on in reverse order.
    found: Vec<DocId>,
    /// Where the next piece begins.
    next: DocId,
    /// How large the next piece is.
    size: u32,
}

impl Within {
    fn new(column: Column<u64>, range: RangeInclusive<u64>, end: DocId) -> Self {
        let mut within = Self { column, range, end, found: Vec::new(), next: 0, size: FEW };
        within.read();
        within
    }

    /// Reads pieces until something is found.
    fn read(&mut self) {
        while self.found.is_empty() && self.next < self.end {
            let to = self.next.saturating_add(self.size).min(self.end);
            let (range, piece) = (self.range.clone(), self.next..to);
            self.column.get_docids_for_value_range(range, piece, &mut self.found);
            self.found.reverse();
            self.next = to;
            self.size = self.size.saturating_mul(2).min(MANY);
        }
    }
}

impl DocSet for Within {
    fn advance(&mut self) -> DocId {
        self.found.pop();
        self.read();
        self.doc()
    }

    fn doc(&self) -> DocId {
        self.found.last().copied().unwrap_or(TERMINATED)
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if target >= self.next {
            self.found.clear();
            // Far from where the last piece ended, not much of the next one may be wanted.
            if target.saturating_sub(self.next) > FEW {
                self.size = FEW;
            }
            self.next = target;
        } else {
            while self.doc() < target {
                self.found.pop();
            }
        }
        self.read();
        self.doc()
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target >= self.end {
            return SeekDangerResult::SeekLowerBound(TERMINATED);
        }
        // One number is read sooner than a piece.
        match self.column.first(target).filter(|number| self.range.contains(number)) {
            Some(_) => {
                self.found.clear();
                self.found.push(target);
                self.next = target.saturating_add(1);
                self.size = FEW;
                SeekDangerResult::Found
            }
            None => SeekDangerResult::SeekLowerBound(target.saturating_add(1)),
        }
    }

    fn size_hint(&self) -> u32 {
        // Half of those that have a number: nothing more is known of them.
        self.column.values.num_vals().div_ceil(2)
    }

    fn cost(&self) -> u64 {
        // Every number is looked at.
        u64::from(self.end)
    }
}
