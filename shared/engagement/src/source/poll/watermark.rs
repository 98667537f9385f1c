//! Watermarks: up to where a source was read.
//!
//! A watermark is the text that the source itself wrote, and is handed back to it as it is. It is compared
//! here only to find the newest, as its document says that it is to be read.

use ceap_kernel::{Fault, Timestamp};
use jiff::civil;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cmp::Ordering;

/// Bytes of a watermark.
const MAX_BYTES: usize = 256;

/// Bytes of a field's name.
const MAX_FIELD: usize = 256;

/// How values of a watermark are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "WatermarkOrder")]
pub enum Order {
    /// As instants: RFC 3339, or a date and time as SQL writes it.
    #[default]
    Time,
    /// As numbers.
    Number,
    /// As text, byte by byte.
    Text,
}

/// By what a source is read from where it was read up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WatermarkDocument {
    /// The column that says how new a row is; of a JSON API a field, or a JSON Pointer (`/meta/updated_at`).
    pub field: String,
    /// How its values are compared.
    #[serde(default, rename = "as")]
    pub order: Order,
    /// Where the first poll begins.
    pub initial: String,
}

impl Order {
    /// How `a` compares with `b`; none when one of them can't be read so.
    #[must_use]
    pub fn compare(self, a: &str, b: &str) -> Option<Ordering> {
        match self {
            Self::Text => Some(a.cmp(b)),
            Self::Time => Some(instant(a)?.cmp(&instant(b)?)),
            Self::Number => match (a.parse::<i128>(), b.parse::<i128>()) {
                (Ok(a), Ok(b)) => Some(a.cmp(&b)),
                _ => number(a)?.partial_cmp(&number(b)?),
            },
        }
    }

    /// Checks that a value can be compared.
    ///
    /// # Errors
    /// `Invalid` at `field`, naming the rule.
    pub fn check(self, field: &str, text: &str) -> Result<(), Fault> {
        let rule = match self {
            Self::Time => "must be an instant (RFC 3339, or a date and time as SQL writes it)",
            Self::Number => "must be a number",
            Self::Text => "must be 1 to 256 bytes of text without control characters",
        };
        let shaped =
            !text.is_empty() && text.len() <= MAX_BYTES && !text.chars().any(char::is_control);
        if shaped && self.compare(text, text).is_some() {
            return Ok(());
        }
        Err(Fault::invalid(field, rule))
    }
}

/// Plain digits only: nothing else reads as a literal in SQL for everybody.
fn number(text: &str) -> Option<f64> {
    let shaped = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    text.parse().ok().filter(|it: &f64| shaped && it.is_finite())
}

/// An instant, as RFC 3339 or as SQL writes it; without an offset in UTC, whatever zone it is of: all values of a
/// column are of the same.
fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let plain = text.strip_suffix(" UTC").unwrap_or(text);
    let at: civil::DateTime = plain.parse().ok()?;
    at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}

impl WatermarkDocument {
    /// Checks it.
    ///
    /// # Errors
    /// `Invalid`, naming the field and the remedy.
    pub fn check(&self) -> Result<(), Fault> {
        if self.field.is_empty() || self.field.len() > MAX_FIELD {
            let rule = format!("must be the name of a field, of at most {MAX_FIELD} bytes");
            return Err(Fault::invalid("watermark.field", rule));
        }
        self.order.check("watermark.initial", &self.initial)
    }

    /// The value of a row; none if the row has none.
    ///
    /// # Errors
    /// `Invalid` when it can't be compared.
    pub fn of(&self, row: &Value) -> Result<Option<String>, Fault> {
        let found = match self.field.starts_with('/') {
            true => row.pointer(&self.field),
            false => row.get(&self.field),
        };
        let text = match found {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        self.order.check(&self.field, &text).map(|()| Some(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case(Order::Number, "9", "10", Some(Ordering::Less))]
    #[case(Order::Number, "9007199254740993", "9007199254740992", Some(Ordering::Greater))]
    #[case(Order::Number, "1.5", "1.25", Some(Ordering::Greater))]
    #[case(Order::Number, "1", "one", None)]
    #[case(Order::Number, "inf", "1", None)]
    #[case(Order::Text, "9", "10", Some(Ordering::Greater))]
    #[case(Order::Time, "2026-11-21 12:00:00.000", "2026-11-21 12:00:00", Some(Ordering::Equal))]
    #[case(Order::Time, "2026-11-21 12:00:00 UTC", "2026-11-21T11:00:00Z", Some(Ordering::Greater))]
    #[case(Order::Time, "2026-11-21T12:00:00+02:00", "2026-11-21T10:00:00Z", Some(Ordering::Equal))]
    #[case(Order::Time, "2026-11-21", "2026-11-22", Some(Ordering::Less))]
    #[case(Order::Time, "soon", "2026-11-22", None)]
    fn values_are_compared_as_what_they_are(
        #[case] order: Order,
        #[case] a: &str,
        #[case] b: &str,
        #[case] said: Option<Ordering>,
    ) {
        assert_eq!(order.compare(a, b), said);
    }

    #[test]
    fn a_row_has_one_or_none_or_a_wrong_one() {
        let of = |field: &str, order: Order, row: Value| {
            let initial = "1".to_owned();
            WatermarkDocument { field: field.to_owned(), order, initial }.of(&row)
        };
        assert_eq!(of("n", Order::Number, json!({"n": 7})), Ok(Some("7".to_owned())));
        assert_eq!(of("/a/n", Order::Number, json!({"a": {"n": "7"}})), Ok(Some("7".to_owned())));
        assert_eq!(of("n", Order::Number, json!({"n": null})), Ok(None));
        assert_eq!(of("n", Order::Number, json!({})), Ok(None));
        let refused = of("n", Order::Number, json!({"n": "'; DROP"})).unwrap_err().to_string();
        assert_eq!(refused, "n: must be a number");
    }
}
