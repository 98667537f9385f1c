//! Items as the wire has them, and their size as DynamoDB counts it
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>).

use serde_json::{Map, Value};
use std::cmp::Ordering;

/// Attributes by name; each is an object of one field, its type: `{"S": "…"}`.
pub type Item = Map<String, Value>;

/// Bytes of a list or a map beyond what is in it, and of each thing in it.
const HOLDER: usize = 3;
const HELD: usize = 1;

/// Bytes of names and values.
#[must_use]
pub fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len().saturating_add(value_size(value))).sum()
}

/// The type of an attribute, and what it holds.
#[must_use]
pub fn typed(value: &Value) -> Option<(&str, &Value)> {
    value.as_object()?.iter().next().map(|(kind, held)| (kind.as_str(), held))
}

/// Bytes of one value.
#[must_use]
pub fn value_size(value: &Value) -> usize {
    let Some((kind, held)) = typed(value) else { return 0 };
    let text = |held: &Value| held.as_str().map_or(0, str::len);
    let list = |of: fn(&Value) -> usize| held.as_array().map_or(0, |all| all.iter().map(of).sum());
    match kind {
        "S" => text(held),
        "N" => number_size(held),
        "B" => binary_size(held),
        "SS" => list(|held| held.as_str().map_or(0, str::len)),
        "NS" => list(number_size),
        "BS" => list(binary_size),
        "L" => HOLDER.saturating_add(list(|held| value_size(held).saturating_add(HELD))),
        "M" => held.as_object().map_or(0, |fields| {
            let each = fields.len().saturating_mul(HELD);
            HOLDER.saturating_add(each).saturating_add(size(fields))
        }),
        _ => 1,
    }
}

/// "Approximately 1 byte per two significant digits, and 1 byte": without zeros before and behind.
fn number_size(number: &Value) -> usize {
    let text = number.as_str().unwrap_or_default();
    let digits = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_matches('0').len();
    let sign = usize::from(text.starts_with('-'));
    significant.div_ceil(2).saturating_add(1).saturating_add(sign)
}

/// What Base64 stands for: three bytes in four characters.
fn binary_size(binary: &Value) -> usize {
    let text = binary.as_str().unwrap_or_default();
    let padding = text.len().saturating_sub(text.trim_end_matches('=').len());
    (text.len() / 4).saturating_mul(3).saturating_sub(padding)
}

/// Whether two values are equal; numbers by what they are worth.
#[must_use]
pub fn equal(one: &Value, other: &Value) -> bool {
    match (typed(one), typed(other)) {
        (Some(("N", _)), Some(("N", _))) => compare(one, other) == Some(Ordering::Equal),
        _ => one == other,
    }
}

/// The order of two values of one type that has one.
#[must_use]
pub fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    let ((kind, one), (same, other)) = (typed(one)?, typed(other)?);
    if kind != same {
        return None;
    }
    let (one, other) = (one.as_str()?, other.as_str()?);
    match kind {
        "S" => Some(one.cmp(other)),
        "N" => match (one.parse::<i128>(), other.parse::<i128>()) {
            (Ok(one), Ok(other)) => Some(one.cmp(&other)),
            _ => one.parse::<f64>().ok()?.partial_cmp(&other.parse::<f64>().ok()?),
        },
        _ => None,
    }
}

/// The sum of two numbers (their difference, if `less`); none if one is no number.
#[must_use]
pub fn sum(one: &Value, other: &Value, less: bool) -> Option<Value> {
    let number = |value: &Value| {
        typed(value).filter(|(kind, _)| *kind == "N")?.1.as_str().map(str::to_owned)
    };
    let (one, other) = (number(one)?, number(other)?);
    let text = match (one.parse::<i128>(), other.parse::<i128>()) {
        (Ok(one), Ok(other)) if less => one.saturating_sub(other).to_string(),
        (Ok(one), Ok(other)) => one.saturating_add(other).to_string(),
        _ => {
            let (one, other) = (one.parse::<f64>().ok()?, other.parse::<f64>().ok()?);
            if less { one - other } else { one + other }.to_string()
        }
    };
    Some(serde_json::json!({ "N": text }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sizes_are_those_of_the_developer_guide() {
        let of = |value: Value| value_size(&value);
        assert_eq!(of(json!({"S": "héllo"})), 6);
        assert_eq!(of(json!({"N": "1795255200000"})), 5); // 8 significant digits
        assert_eq!(of(json!({"N": "-0.0025"})), 3);
        assert_eq!(of(json!({"B": "AAECAw=="})), 4);
        assert_eq!(of(json!({"BOOL": true})), 1);
        assert_eq!(of(json!({"L": [{"S": "ab"}, {"NULL": true}]})), 3 + 3 + 2);
        assert_eq!(of(json!({"M": {"a": {"S": "bc"}}})), 3 + 1 + 3);
        let item = json!({"pk": {"S": "t#1"}, "n": {"N": "12"}});
        assert_eq!(size(item.as_object().unwrap()), 2 + 3 + 1 + 2);
    }

    #[test]
    fn numbers_are_compared_and_added_by_what_they_are_worth() {
        let number = |text: &str| json!({ "N": text });
        assert!(equal(&number("1.0"), &number("1")));
        assert_eq!(compare(&number("9"), &number("10")), Some(Ordering::Less));
        assert_eq!(compare(&number("9"), &json!({"S": "10"})), None);
        assert_eq!(sum(&number("9"), &number("-2"), false), Some(number("7")));
        assert_eq!(sum(&number("1.5"), &number("1"), true), Some(number("0.5")));
    }
}
