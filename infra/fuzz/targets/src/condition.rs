//! Conditions and expressions in CEL, and what they are judged on.

use crate::promise::{halves, named, text};
use ceap_engagement::condition::{Expression, Facts, names};
use serde_json::{Value, json};

/// Whatever compiles ends, with a value or with a reason; asked twice, it says the same.
pub fn run(data: &[u8]) {
    let (source, facts) = halves(data);
    let expression = match Expression::compile_with("when", &text(source), names::FILTER) {
        Ok(expression) => expression,
        Err(fault) => return named(&fault),
    };
    assert_eq!(expression.source(), text(source));
    let usual = json!({"type": "a", "data": {"value": 3, "items": ["x", {"sku": "y"}], "at": "2026-11-20T10:00:00Z"}});
    let event: Value = serde_json::from_slice(facts).unwrap_or(usual);
    let facts = Facts { event: &event, profile: &event, features: &event, ..Facts::default() };
    let values = [expression.value(&facts), expression.value(&facts)];
    assert_eq!(values[0], values[1]);
    for fault in [
        values[0].clone().err(),
        expression.holds(&facts).err(),
        expression.number(&facts).err(),
        expression.text(&facts).err(),
    ] {
        fault.iter().for_each(named);
    }
}
