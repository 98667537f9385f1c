//! A stream as it is written: field by field, times as steps, numbers as short as they are.

use super::stream::{Older, Stream};
use crate::feature::summary::Place;
use crate::feature::{Cell, Measure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A stream, written.
#[derive(Debug, Serialize, Deserialize)]
pub struct Columns {
    /// The first time, and from each to the next, in milliseconds.
    steps: Vec<i64>,
    tags: Vec<[u8; 4]>,
    columns: Vec<(String, Vec<Packed>)>,
    floor: Option<Place>,
    older: Vec<(Measure, Older)>,
}

/// A cell, written.
#[derive(Debug, Serialize, Deserialize)]
enum Packed {
    Absent,
    /// A whole number.
    Whole(i64),
    /// A number of hundredths: most amounts are.
    Hundredths(i64),
    Number(f64),
    Hash([u8; 8]),
    /// JSON.
    Value(String),
}

impl From<Stream> for Columns {
    fn from(stream: Stream) -> Self {
        let mut before = 0_i64;
        let steps = stream.places.iter().map(|(time, _)| {
            let step = time.wrapping_sub(before);
            before = *time;
            step
        });
        let column = |(field, cells): (String, Vec<Option<Cell>>)| {
            (field, cells.iter().map(|cell| Packed::of(cell.as_ref())).collect())
        };
        Self {
            steps: steps.collect(),
            tags: stream.places.iter().map(|(_, tag)| tag.to_be_bytes()).collect(),
            columns: stream.columns.into_iter().map(column).collect(),
            floor: stream.floor,
            older: stream.older.into_iter().collect(),
        }
    }
}

impl From<Columns> for Stream {
    fn from(columns: Columns) -> Self {
        let mut time = 0_i64;
        let place = |(step, tag): (&i64, &[u8; 4])| {
            time = time.wrapping_add(*step);
            (time, u32::from_be_bytes(*tag))
        };
        let places: Vec<Place> = columns.steps.iter().zip(&columns.tags).map(place).collect();
        let rows = places.len();
        let column = |(field, packed): (String, Vec<Packed>)| {
            let mut cells: Vec<Option<Cell>> = packed.into_iter().map(Packed::cell).collect();
            cells.resize(rows, None);
            (field, cells)
        };
        Self {
            columns: columns.columns.into_iter().map(column).collect::<BTreeMap<_, _>>(),
            places,
            floor: columns.floor,
            older: columns.older.into_iter().collect(),
        }
    }
}

impl Packed {
    fn of(cell: Option<&Cell>) -> Self {
        match cell {
            None => Self::Absent,
            Some(Cell::Number(number)) => {
                let short = whole(*number).map(Self::Whole);
                let hundredths = || {
                    let hundredths = whole((number * 100.0).round())?;
                    (from_hundredths(hundredths) == *number).then_some(Self::Hundredths(hundredths))
                };
                short.or_else(hundredths).unwrap_or(Self::Number(*number))
            }
            Some(Cell::Hash(hash)) => Self::Hash(hash.to_be_bytes()),
            Some(Cell::Value(value)) => Self::Value(value.to_string()),
        }
    }

    fn cell(self) -> Option<Cell> {
        Some(match self {
            Self::Absent => return None,
            Self::Whole(number) => Cell::Number(float(number)),
            Self::Hundredths(number) => Cell::Number(from_hundredths(number)),
            Self::Number(number) => Cell::Number(number),
            Self::Hash(bytes) => Cell::Hash(u64::from_be_bytes(bytes)),
            Self::Value(json) => Cell::Value(serde_json::from_str(&json).ok()?),
        })
    }
}

fn from_hundredths(hundredths: i64) -> f64 {
    float(hundredths) / 100.0
}

/// As a whole number, where it is one that a float holds exactly.
#[allow(clippy::cast_possible_truncation)]
fn whole(number: f64) -> Option<i64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() < LIMIT).then_some(number as i64)
}

/// Exact: the whole numbers here are below 2^53.
#[allow(clippy::cast_precision_loss)]
fn float(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cell_survives() {
        let numbers = [0.0, 1.0, -7.0, 11.77, 0.1, 1e15 + 0.3, 1e100, -1e-100, 0.005, 2.675];
        let cells = numbers.into_iter().map(Cell::Number);
        let others = [Cell::Hash(u64::MAX), Cell::Value(json!({"ü": [1, 2.50, null, "\""]}))];
        for cell in cells.chain(others) {
            let packed = postcard::to_allocvec(&Packed::of(Some(&cell))).unwrap();
            let read: Packed = postcard::from_bytes(&packed).unwrap();
            assert_eq!(read.cell(), Some(cell));
        }
        assert_eq!(Packed::of(None).cell(), None);
    }
}
