//! Features: windowed aggregates over a subject's events.

use crate::series::Entry;
use crate::window::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use std::collections::BTreeSet;

/// What is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FeatureOp")]
pub enum Op {
    /// How many events.
    Count,
    /// The sum of `of`.
    Sum,
    /// The smallest `of`.
    Min,
    /// The largest `of`.
    Max,
    /// The mean of `of`.
    Mean,
    /// The newest event's `of`.
    Last,
    /// The oldest event's `of`.
    First,
    /// How many different `of`.
    Distinct,
}

/// A feature as a document declares it: `{op: count, event: app_crashed, within: 24h}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// What is computed.
    pub op: Op,
    /// Over events of this type.
    pub event: String,
    /// Of this field of `data`; for all but `count`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Over this long before the instant of judgement: (instant − within, instant].
    pub within: Span,
}

impl Feature {
    /// Its value as of `at` (milliseconds since 1970) over `entries`, which are ordered by time.
    /// `None` when no event of the window has the field; `count`, `sum` and `distinct` are 0 then.
    #[must_use]
    pub fn value(&self, entries: &[Entry], at: i64) -> Option<Value> {
        let from = at.saturating_sub(self.within.millis());
        let start = entries.partition_point(|entry| entry.time <= from);
        let end = entries.partition_point(|entry| entry.time <= at);
        let window = entries.get(start..end).unwrap_or_default();
        let field = self.of.as_deref().unwrap_or_default();
        let values = || window.iter().filter_map(|entry| entry.data.get(field));
        let numbers = || values().filter_map(Value::as_f64);
        match self.op {
            Op::Count => Some(Value::from(window.len())),
            Op::Sum => number(numbers().sum()),
            Op::Min => numbers().min_by(f64::total_cmp).and_then(number),
            Op::Max => numbers().max_by(f64::total_cmp).and_then(number),
            Op::Mean => {
                let (count, sum) = numbers().fold((0.0, 0.0), |(n, sum), x| (n + 1.0, sum + x));
                (count > 0.0).then(|| sum / count).and_then(number)
            }
            Op::Last => values().next_back().cloned(),
            Op::First => values().next().cloned(),
            Op::Distinct => {
                let distinct: BTreeSet<String> = values().map(Value::to_string).collect();
                Some(Value::from(distinct.len()))
            }
        }
    }

    /// Whether it has a value where no event of the window has the field.
    #[must_use]
    pub fn has_a_value_of_nothing(&self) -> bool {
        matches!(self.op, Op::Count | Op::Sum | Op::Distinct)
    }

    /// Whether `of` must be a number.
    #[must_use]
    pub fn wants_number(&self) -> bool {
        matches!(self.op, Op::Sum | Op::Min | Op::Max | Op::Mean)
    }
}

fn number(value: f64) -> Option<Value> {
    Number::from_f64(value).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceap_kernel::EventKey;
    use serde_json::json;

    fn entries(rows: &[(i64, Value)]) -> Vec<Entry> {
        rows.iter()
            .zip(0..)
            .map(|((time, data), key)| Entry {
                time: *time,
                key: EventKey(key),
                data: data.as_object().cloned().unwrap_or_default(),
            })
            .collect()
    }

    fn feature(op: Op) -> Feature {
        let within = Span::try_from("1s".to_owned()).unwrap();
        Feature { op, event: "x".into(), of: Some("v".into()), within }
    }

    #[test]
    fn every_op_over_a_half_open_window() {
        let rows = entries(&[
            (0, json!({"v": 100})),
            (1, json!({"v": 3})),
            (500, json!({"v": 1})),
            (600, json!({})),
            (1000, json!({"v": 3})),
            (1001, json!({"v": 50})),
        ]);
        let value = |op| feature(op).value(&rows, 1000);
        assert_eq!(value(Op::Count), Some(json!(4)));
        assert_eq!(value(Op::Sum), Some(json!(7.0)));
        assert_eq!(value(Op::Min), Some(json!(1.0)));
        assert_eq!(value(Op::Max), Some(json!(3.0)));
        assert_eq!(value(Op::Mean), Some(json!(7.0 / 3.0)));
        assert_eq!(value(Op::Last), Some(json!(3)));
        assert_eq!(value(Op::First), Some(json!(3)));
        assert_eq!(value(Op::Distinct), Some(json!(2)));
    }

    #[test]
    fn an_empty_window() {
        assert_eq!(feature(Op::Count).value(&[], 1000), Some(json!(0)));
        assert_eq!(feature(Op::Mean).value(&[], 1000), None);
        assert_eq!(feature(Op::Last).value(&[], 1000), None);
    }
}
