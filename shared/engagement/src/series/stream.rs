//! The events of one stream: the newest one by one, older ones summed up.
//!
//! All that is kept follows from which events there were, not from the order in which they came.

use super::columns::Columns;
use crate::feature::sketch::Sketch;
use crate::feature::summary::{Place, Summary};
use crate::feature::{Cell, Measure, Op, StreamRule, Windowed};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

/// Matching events up to which a window is exact.
pub const EXACT: usize = 1_000;

/// Events that are kept one by one: as many again as a window is exact for, so that an instant can be
/// judged the same after that many newer events as before them.
pub const KEPT: usize = 2 * EXACT;

/// Events below which none are summed up for want of room.
const FEWEST: usize = 8;

/// Different values that are told apart beyond the events that are kept one by one.
pub const TOLD_APART: usize = 1_024;

/// Buckets of one feature: those of its window, and of another window's length before it.
pub const BUCKETS: usize = 130;

/// Buckets of `last`, `since` and `recent`: what lies before the newest value is not asked for, but by an
/// instant that is judged late.
const NEWEST: usize = 4;

/// What is computed over the events that are not kept one by one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Older {
    /// By bucket of the window.
    Buckets(BTreeMap<i64, Summary>),
    /// Different values.
    Distinct(Sketch),
}

/// How much of a stream is kept.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// The earliest instant that may be judged yet, in milliseconds since 1970.
    pub judged_from: i64,
    /// Events that are kept one by one.
    pub rows: usize,
    /// Different values that are told apart beyond them.
    pub told_apart: usize,
    /// Buckets of one feature.
    pub buckets: usize,
}

/// The events of one stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Columns", into = "Columns")]
pub struct Stream {
    /// Which events are kept one by one, in their order.
    pub(super) places: Vec<Place>,
    /// What is kept of each, by field.
    pub(super) columns: BTreeMap<String, Vec<Option<Cell>>>,
    /// The newest event that is not kept one by one.
    pub(super) floor: Option<Place>,
    /// Those up to the floor.
    pub(super) older: BTreeMap<Measure, Older>,
}

impl Stream {
    /// Takes an event; a repeat of one that is kept changes nothing.
    pub fn insert(&mut self, rule: &StreamRule, place: Place, cells: &BTreeMap<String, Cell>) {
        if self.floor.is_some_and(|floor| place <= floor) {
            self.age(rule, place, cells);
            return;
        }
        let Err(at) = self.places.binary_search(&place) else { return };
        let rows = self.places.len();
        for field in rule.fields.keys() {
            self.columns.entry(field.clone()).or_insert_with(|| vec![None; rows]);
        }
        self.places.insert(at, place);
        for (field, column) in &mut self.columns {
            column.insert(at, cells.get(field).cloned());
        }
    }

    /// Keeps no more than `extent` says.
    pub fn trim(&mut self, rule: &StreamRule, extent: &Extent) {
        self.columns.retain(|field, _| rule.fields.contains_key(field));
        self.older.retain(|measure, _| rule.measures.contains(measure));
        let needless = self.after(rule.window.after(extent.judged_from));
        self.forget(needless);
        let surplus = self.places.len().saturating_sub(extent.rows);
        for row in 0..surplus {
            if let Some((place, cells)) = self.row(row) {
                self.age(rule, place, &cells);
                self.floor = Some(place);
            }
        }
        self.forget(surplus);
        let floor = self.floor.map_or(i64::MIN, |floor| floor.0);
        for (measure, older) in &mut self.older {
            // As of an instant up to a window before the floor, what lies in its window is known.
            let near = measure.window.after(measure.window.after(floor));
            let first = measure.window.after(extent.judged_from).max(near);
            older.forget(measure.window.bucket(first));
            older.limit(measure.op, extent);
        }
        self.older.retain(|_, older| !older.is_empty());
    }

    /// What is known of the window that ends at `at` (milliseconds since 1970), but for the event
    /// `not`. Exact when it holds up to 1,000 events; else it begins where the bucket does that its
    /// first instant falls in.
    #[must_use]
    pub fn summary(&self, windowed: &Windowed, at: i64, not: Option<Place>) -> Option<Summary> {
        let window = windowed.window;
        let after = window.after(at);
        let whole = self.floor.is_none_or(|floor| floor.0 <= after);
        if whole && self.range(after, at).len() <= EXACT {
            return self.sum_up(windowed, self.range(after, at), not, |_, _| true);
        }
        let buckets = (window.bucket(after.saturating_add(1)), window.bucket(at));
        let before = window.start(buckets.0).saturating_sub(1);
        let newer = self.sum_up(windowed, self.range(before, at), not, |_, _| true)?;
        Some(match (self.older.get(&windowed.measure()), newer) {
            (Some(Older::Distinct(sketch)), Summary::Distinct(hashes)) => {
                Summary::Count(sketch.distinct(hashes, buckets.0, buckets.1))
            }
            (Some(Older::Buckets(known)), mut sum) => {
                known.range(buckets.0..=buckets.1).for_each(|(_, bucket)| sum.merge(bucket));
                sum
            }
            (_, sum) => sum,
        })
    }

    /// What is known of those of its window that `meets` says yes to, among the events that are kept
    /// one by one.
    #[must_use]
    pub fn matching(
        &self,
        windowed: &Windowed,
        at: i64,
        not: Option<Place>,
        meets: impl Fn(Place, Map<String, Value>) -> bool,
    ) -> Option<Summary> {
        let rows = self.range(windowed.window.after(at), at);
        self.sum_up(windowed, rows, not, |place, row| meets(place, self.data(row)))
    }

    /// The instant (milliseconds since 1970) from which on a window may end and be known as it was
    /// then.
    #[must_use]
    pub fn reaches(&self) -> i64 {
        self.floor.map_or(i64::MIN, |floor| floor.0)
    }

    /// Events that are kept one by one.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.places.len()
    }

    /// Half of `extent` in what takes most room and can be done without most easily: events one by
    /// one, then different values, then buckets. `None` when nothing is left to cut.
    #[must_use]
    pub fn cut(&self, extent: &Extent) -> Option<Extent> {
        let largest = |size: fn(&Older) -> usize| {
            self.older.values().map(size).max().filter(|size| *size > 1)
        };
        let half = |size: usize| size.checked_div(2).unwrap_or_default();
        if self.places.len() > FEWEST {
            return Some(Extent { rows: half(self.places.len()), ..*extent });
        }
        let told_apart = |older: &Older| match older {
            Older::Distinct(sketch) => sketch.len(),
            Older::Buckets(_) => 0,
        };
        if let Some(size) = largest(told_apart) {
            return Some(Extent { told_apart: half(size), ..*extent });
        }
        let buckets = |older: &Older| match older {
            Older::Distinct(_) => 0,
            Older::Buckets(buckets) => buckets.len(),
        };
        largest(buckets).map(|size| Extent { buckets: half(size), ..*extent })
    }

    /// Whether it keeps more than `extent` says.
    #[must_use]
    pub fn exceeds(&self, rule: &StreamRule, extent: &Extent) -> bool {
        let mut trimmed = self.columns.keys().any(|field| !rule.fields.contains_key(field));
        trimmed |= self.older.keys().any(|measure| !rule.measures.contains(measure));
        trimmed |= self.after(rule.window.after(extent.judged_from)) > 0;
        trimmed || self.places.len() > extent.rows || !self.older.is_empty()
    }

    /// The event in a row, and what is kept of it.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<(Place, BTreeMap<String, Cell>)> {
        let cells = self
            .columns
            .iter()
            .filter_map(|(field, column)| Some((field.clone(), column.get(row)?.clone()?)));
        Some((*self.places.get(row)?, cells.collect()))
    }

    fn sum_up(
        &self,
        windowed: &Windowed,
        rows: Range<usize>,
        not: Option<Place>,
        meets: impl Fn(Place, usize) -> bool,
    ) -> Option<Summary> {
        let mut summary = Summary::none(windowed.op)?;
        let column = windowed.field.as_ref().and_then(|field| self.columns.get(field));
        let places = self.places.get(rows.clone()).unwrap_or_default();
        for (row, place) in rows.zip(places) {
            if Some(*place) != not && meets(*place, row) {
                let cell = column.and_then(|column| column.get(row)?.as_ref());
                summary.add(*place, cell);
            }
        }
        Some(summary)
    }

    /// The rows whose time lies in (after, until].
    fn range(&self, after: i64, until: i64) -> Range<usize> {
        let start = self.after(after);
        start..self.after(until).max(start)
    }

    /// The first row after an instant.
    fn after(&self, instant: i64) -> usize {
        self.places.partition_point(|(time, _)| *time <= instant)
    }

    fn data(&self, row: usize) -> Map<String, Value> {
        let fields = self.columns.iter().filter_map(|(field, column)| {
            Some((field.clone(), column.get(row)?.as_ref()?.value()?))
        });
        fields.collect()
    }

    /// Adds an event to those that are not kept one by one.
    pub(super) fn age(&mut self, rule: &StreamRule, place: Place, cells: &BTreeMap<String, Cell>) {
        for measure in &rule.measures {
            let cell = measure.field.as_ref().and_then(|field| cells.get(field));
            let older =
                self.older.entry(measure.clone()).or_insert_with(|| Older::none(measure.op));
            older.add(measure, place, cell);
        }
    }

    pub(super) fn forget(&mut self, rows: usize) {
        if rows > 0 {
            self.places.drain(..rows);
            self.columns.values_mut().for_each(|column| drop(column.drain(..rows)));
        }
    }
}

impl Older {
    pub(super) fn none(op: Op) -> Self {
        match op {
            Op::Distinct => Self::Distinct(Sketch::default()),
            _ => Self::Buckets(BTreeMap::new()),
        }
    }

    fn add(&mut self, measure: &Measure, place: Place, cell: Option<&Cell>) {
        let bucket = measure.window.bucket(place.0);
        match self {
            Self::Distinct(sketch) => {
                cell.iter().for_each(|cell| sketch.add(bucket, cell.hash()));
            }
            Self::Buckets(buckets) => {
                if let Some(none) = Summary::none(measure.op) {
                    let bucket = buckets.entry(bucket).or_insert(none);
                    bucket.add(place, cell);
                    bucket.settle();
                }
            }
        }
    }

    /// Adds what another of the same measure knows.
    pub(super) fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Distinct(mine), Self::Distinct(more)) => mine.merge(more),
            (Self::Buckets(mine), Self::Buckets(more)) => {
                for (bucket, summary) in more {
                    match mine.entry(*bucket) {
                        Entry::Vacant(none) => drop(none.insert(summary.clone())),
                        Entry::Occupied(known) => {
                            let known = known.into_mut();
                            known.merge(summary);
                            known.settle();
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn forget(&mut self, first: i64) {
        match self {
            Self::Distinct(sketch) => sketch.forget(first),
            Self::Buckets(buckets) => buckets.retain(|bucket, _| *bucket >= first),
        }
    }

    fn limit(&mut self, op: Op, extent: &Extent) {
        match self {
            Self::Distinct(sketch) => sketch.limit(extent.told_apart),
            Self::Buckets(buckets) => {
                let newest = matches!(op, Op::Last | Op::Since | Op::Recent);
                let most = if newest { extent.buckets.min(NEWEST) } else { extent.buckets };
                while buckets.len() > most {
                    buckets.pop_first();
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Distinct(sketch) => sketch.is_empty(),
            Self::Buckets(buckets) => buckets.is_empty(),
        }
    }
}

impl Stream {
    /// The same events, kept as `rule` says: `history` and those that are kept one by one. What was
    /// summed up is left behind: history has these.
    #[must_use]
    pub fn rebuilt(
        &self,
        rule: &StreamRule,
        history: impl IntoIterator<Item = (Place, BTreeMap<String, Cell>)>,
        extent: &Extent,
    ) -> Self {
        let mut events: BTreeMap<Place, BTreeMap<String, Cell>> = history.into_iter().collect();
        for (place, cells) in (0..self.rows()).filter_map(|row| self.row(row)) {
            let known = events.entry(place).or_default();
            for (field, cell) in cells {
                known.entry(field).or_insert(cell);
            }
        }
        let mut rebuilt = Self::default();
        let older = events.len().saturating_sub(extent.rows);
        for (nth, (place, cells)) in events.iter().enumerate() {
            if nth < older {
                rebuilt.age(rule, *place, cells);
                rebuilt.floor = Some(*place);
            } else {
                rebuilt.insert(rule, *place, cells);
            }
        }
        rebuilt.trim(rule, extent);
        rebuilt
    }
}
