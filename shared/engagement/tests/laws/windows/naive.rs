//! Features computed as their definition reads: all events at once, in memory.

use ceap_engagement::event::Event;
use serde_json::{Value, json};

/// Events of a window, in their order: those of (after, at].
pub fn window<'a>(events: &'a [Event], kind: &str, after: i64, at: i64) -> Vec<&'a Event> {
    let inside = |event: &&Event| {
        let time = event.time.as_millisecond();
        event.kind == kind && time > after && time <= at
    };
    let mut inside: Vec<&Event> = events.iter().filter(inside).collect();
    inside.sort_by_cached_key(|event| (event.time.as_millisecond(), event.key().0 >> 32));
    inside.dedup_by(|one, other| one.id == other.id);
    inside
}

fn numbers(events: &[&Event], field: &str) -> Vec<f64> {
    events.iter().filter_map(|event| event.data.get(field)?.as_f64()).collect()
}

fn values<'a>(events: &[&'a Event], field: &str) -> Vec<&'a Value> {
    events.iter().filter_map(|event| event.data.get(field)).collect()
}

/// What `op` gives over these events; null where it gives nothing.
pub fn value(op: &str, events: &[&Event], field: &str, at: i64) -> Value {
    let numbers = numbers(events, field);
    let values = values(events, field);
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    let number = |x: Option<f64>| x.map_or(Value::Null, Value::from);
    match op {
        "count" => json!(events.len()),
        "sum" => json!(numbers.iter().sum::<f64>()),
        "min" => number(numbers.iter().copied().reduce(f64::min)),
        "max" => number(numbers.iter().copied().reduce(f64::max)),
        "mean" => number((n > 0.0).then_some(mean)),
        "stddev" => {
            let squares = numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
            number((n > 1.0).then(|| (squares / (n - 1.0)).sqrt()))
        }
        "first" => values.first().copied().cloned().unwrap_or_default(),
        "last" => values.last().copied().cloned().unwrap_or_default(),
        "distinct" => {
            let mut texts: Vec<String> = values.iter().map(ToString::to_string).collect();
            texts.sort();
            texts.dedup();
            json!(texts.len())
        }
        "since" => {
            let newest = events.last().map(|event| event.time.as_millisecond());
            number(newest.map(|newest| (at - newest) as f64 / 1000.0))
        }
        other => panic!("{other}"),
    }
}

/// Whether two values are the same, but for the last digits of what was computed.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => {
            (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1e-6)
        }
        _ => one == other,
    }
}
