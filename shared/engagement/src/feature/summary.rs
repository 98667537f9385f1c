//! What is known of many events together: adding one, and adding another summary, in any order.

use super::cell::Cell;
use super::exact::ExactSum;
use super::{Op, Unit};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Which event: milliseconds since 1970, and 32 bits of its key, which put those of one instant in
/// an order and tell repeats.
pub type Place = (i64, u32);

/// What is known of many events together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Summary {
    /// How many.
    Count(u64),
    /// The sum.
    Sum(ExactSum),
    /// How many numbers, and their sum.
    Mean(u64, ExactSum),
    /// How many numbers, their sum, and the sum of their squares.
    Stddev(u64, ExactSum, ExactSum),
    /// The smallest number.
    Min(Option<f64>),
    /// The largest number.
    Max(Option<f64>),
    /// The oldest value, as JSON.
    First(Option<(Place, String)>),
    /// The newest value, as JSON.
    Last(Option<(Place, String)>),
    /// When the newest event was.
    Since(Option<i64>),
    /// The hashes of the values.
    Distinct(BTreeSet<u64>),
    /// The newest different values, as JSON, each with its newest event.
    Recent(BTreeMap<String, Place>),
}

/// Values that `recent` lists.
pub const RECENT: usize = 20;

impl Summary {
    /// Of no events; none for what is no aggregate.
    #[must_use]
    pub fn none(op: Op) -> Option<Self> {
        Some(match op {
            Op::Count => Self::Count(0),
            Op::Sum => Self::Sum(ExactSum::default()),
            Op::Mean => Self::Mean(0, ExactSum::default()),
            Op::Stddev => Self::Stddev(0, ExactSum::default(), ExactSum::default()),
            Op::Min => Self::Min(None),
            Op::Max => Self::Max(None),
            Op::First => Self::First(None),
            Op::Last => Self::Last(None),
            Op::Since => Self::Since(None),
            Op::Distinct => Self::Distinct(BTreeSet::new()),
            Op::Recent => Self::Recent(BTreeMap::new()),
            Op::Ratio => return None,
        })
    }

    /// Adds an event, of which `cell` is the field that is asked for.
    pub fn add(&mut self, place: Place, cell: Option<&Cell>) {
        let number = || cell.and_then(Cell::number);
        let marked = || Some((place, cell?.value()?.to_string()));
        match self {
            Self::Count(count) => *count = count.saturating_add(1),
            Self::Sum(sum) => number().iter().for_each(|x| sum.add(*x)),
            Self::Mean(count, sum) => {
                if let Some(x) = number() {
                    *count = count.saturating_add(1);
                    sum.add(x);
                }
            }
            Self::Stddev(count, sum, squares) => {
                if let Some(x) = number() {
                    *count = count.saturating_add(1);
                    sum.add(x);
                    squares.add_square(x);
                }
            }
            Self::Min(min) => *min = either(*min, number(), f64::min),
            Self::Max(max) => *max = either(*max, number(), f64::max),
            Self::First(first) => *first = either(first.take(), marked(), Ord::min),
            Self::Last(last) => *last = either(last.take(), marked(), Ord::max),
            Self::Since(newest) => *newest = either(*newest, Some(place.0), Ord::max),
            Self::Distinct(hashes) => hashes.extend(cell.map(Cell::hash)),
            Self::Recent(values) => {
                if let Some((place, value)) = marked() {
                    newest(values, [(value, place)]);
                }
            }
        }
    }

    /// Makes it what follows from the events alone, and not from their order.
    pub fn settle(&mut self) {
        match self {
            Self::Sum(sum) | Self::Mean(_, sum) => sum.settle(),
            Self::Stddev(_, sum, squares) => {
                sum.settle();
                squares.settle();
            }
            _ => {}
        }
    }

    /// Adds what another knows.
    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Count(mine), Self::Count(more)) => *mine = mine.saturating_add(*more),
            (Self::Sum(mine), Self::Sum(more)) => mine.merge(more),
            (Self::Mean(count, sum), Self::Mean(more, other)) => {
                *count = count.saturating_add(*more);
                sum.merge(other);
            }
            (Self::Stddev(count, sum, squares), Self::Stddev(more, other, others)) => {
                *count = count.saturating_add(*more);
                sum.merge(other);
                squares.merge(others);
            }
            (Self::Min(mine), Self::Min(more)) => *mine = either(*mine, *more, f64::min),
            (Self::Max(mine), Self::Max(more)) => *mine = either(*mine, *more, f64::max),
            (Self::First(mine), Self::First(more)) => {
                *mine = either(mine.take(), more.clone(), Ord::min);
            }
            (Self::Last(mine), Self::Last(more)) => {
                *mine = either(mine.take(), more.clone(), Ord::max);
            }
            (Self::Since(mine), Self::Since(more)) => *mine = either(*mine, *more, Ord::max),
            (Self::Distinct(mine), Self::Distinct(more)) => mine.extend(more),
            (Self::Recent(mine), Self::Recent(more)) => {
                newest(mine, more.iter().map(|(value, place)| (value.clone(), *place)));
            }
            _ => {}
        }
    }

    /// The feature's value as of `at` (milliseconds since 1970). `count`, `sum` and `distinct` of
    /// nothing are 0; the others have no value then, and `stddev` none of a single number.
    #[must_use]
    pub fn value(&self, at: i64, unit: Unit) -> Option<Value> {
        match self {
            Self::Count(count) => Some(Value::from(*count)),
            Self::Sum(sum) => number(sum.value()),
            Self::Mean(0, _) => None,
            Self::Mean(count, sum) => number(sum.value() / float(*count)),
            Self::Stddev(count, sum, squares) => number(deviation(*count, sum, squares)?),
            Self::Min(number_) | Self::Max(number_) => number((*number_)?),
            Self::First(marked) | Self::Last(marked) => {
                serde_json::from_str(&marked.as_ref()?.1).ok()
            }
            Self::Since(newest) => number(signed(at.saturating_sub((*newest)?)) / unit.millis()),
            Self::Distinct(hashes) => Some(Value::from(hashes.len())),
            Self::Recent(values) => {
                let mut values: Vec<(&String, &Place)> = values.iter().collect();
                values.sort_by(|a, b| b.1.cmp(a.1));
                let read =
                    |(value, _): &(&String, &Place)| serde_json::from_str::<Value>(value).ok();
                values.iter().map(read).collect::<Option<Vec<Value>>>().map(Value::Array)
            }
        }
    }
}

/// The sample standard deviation, √((n Σx² − (Σx)²) / (n (n − 1))), whose difference is exact: two
/// large numbers that nearly cancel each other lose nothing.
fn deviation(count: u64, sum: &ExactSum, squares: &ExactSum) -> Option<f64> {
    if count < 2 {
        return None;
    }
    let n = float(count);
    let mut difference = ExactSum::default();
    squares.parts().iter().for_each(|part| difference.add_product(n, *part));
    for a in sum.parts() {
        sum.parts().iter().for_each(|b| difference.add_product(*a, -b));
    }
    Some((difference.value().max(0.0) / (n * (n - 1.0))).sqrt())
}

/// Adds values; the oldest beyond [`RECENT`] go. One that is among the newest of all is among the newest
/// of those that hold its newest event, so sums of parts are sums of the whole.
fn newest(values: &mut BTreeMap<String, Place>, more: impl IntoIterator<Item = (String, Place)>) {
    for (value, place) in more {
        let known = values.entry(value).or_insert(place);
        *known = place.max(*known);
        while values.len() > RECENT {
            let oldest = values.iter().min_by_key(|(_, place)| **place);
            let Some(oldest) = oldest.map(|(value, _)| value.clone()) else { break };
            values.remove(&oldest);
        }
    }
}

fn either<T>(mine: Option<T>, other: Option<T>, choose: impl FnOnce(T, T) -> T) -> Option<T> {
    match (mine, other) {
        (Some(mine), Some(other)) => Some(choose(mine, other)),
        (mine, other) => mine.or(other),
    }
}

fn number(value: f64) -> Option<Value> {
    Number::from_f64(value).map(Value::Number)
}

/// Exact up to 2^53, which no subject's events reach.
#[allow(clippy::cast_precision_loss)]
fn float(count: u64) -> f64 {
    count as f64
}

/// Exact up to 2^53 milliseconds, which is 285,000 years.
#[allow(clippy::cast_precision_loss)]
fn signed(millis: i64) -> f64 {
    millis as f64
}
