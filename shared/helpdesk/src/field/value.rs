//! The values that fields take: what is made of what callers send
//! ([setting custom field values](https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/#setting-custom-field-values)).

use super::choice::tag;
use super::{Field, FieldType};
use crate::ids::MAX;
use crate::record::{Record, places};
use crate::store::Key;
use crate::ticket::Ticket;
use crate::user::User;
use jiff::civil::Date;
use regex::Regex;
use serde_json::{Number, Value, json};

/// Characters of a text (Zendesk's limit).
pub const MAX_TEXT: usize = 65_535;

/// Why a value cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is none of the field's.
    Invalid,
    /// It is longer than [`MAX_TEXT`].
    TooLong,
    /// It is none of the field's options.
    NoOption,
}

impl Field {
    /// The value as it is kept: null for none. `plain` keeps numbers as people's and organizations' fields have them;
    /// those of tickets are text.
    pub(super) fn taken(&self, given: &Value, plain: bool) -> Result<Value, Wrong> {
        if is_empty(given) {
            return Ok(Value::Null);
        }
        match self.kind {
            FieldType::Text | FieldType::Textarea => text(given).map(Value::String),
            FieldType::Checkbox => checked(given),
            FieldType::Date => date(given),
            FieldType::Integer => integer(given, plain),
            FieldType::Decimal => decimal(given, plain),
            FieldType::Regexp => self.matching(given),
            FieldType::PartialCreditCard => card(given),
            FieldType::Multiselect => Ok(self.several(given)),
            FieldType::Tagger | FieldType::Dropdown => self.one(given),
            FieldType::Lookup => reference(given, plain),
            FieldType::Subject
            | FieldType::Description
            | FieldType::Status
            | FieldType::CustomStatus
            | FieldType::TicketType
            | FieldType::Priority
            | FieldType::Group
            | FieldType::Assignee => Err(Wrong::NoOption),
        }
    }

    /// A kept value as it is shown: what was never set has the type's own nothing, and an option that is gone is no
    /// value any more.
    #[must_use]
    pub fn shown(&self, kept: Option<&Value>) -> Value {
        let kept = kept.unwrap_or(&Value::Null);
        match self.kind {
            FieldType::Checkbox => json!(kept == &Value::Bool(true)),
            FieldType::Multiselect => self.several(kept),
            FieldType::Tagger | FieldType::Dropdown => {
                let known = kept.as_str().filter(|value| self.choice(value).is_some());
                known.map_or(Value::Null, |value| json!(value))
            }
            _ => kept.clone(),
        }
    }

    /// The record that a value refers to, if it is of a lookup.
    #[must_use]
    pub fn refers_to(&self, kept: &Value) -> Option<Key> {
        let number = kept.as_u64().or_else(|| kept.as_str()?.parse().ok())?;
        let kind = match self.relationship_target_type.as_deref()? {
            "zen:user" => User::KIND,
            "zen:ticket" => Ticket::KIND,
            "zen:organization" => crate::organization::Organization::KIND,
            _ => return None,
        };
        (self.kind == FieldType::Lookup).then(|| places::record(kind, number))
    }

    fn matching(&self, given: &Value) -> Result<Value, Wrong> {
        let text = text(given)?;
        let pattern = self.regexp_for_validation.as_deref().unwrap_or_default();
        let pattern = Regex::new(pattern).map_err(|_| Wrong::Invalid)?;
        if pattern.is_match(&text) { Ok(Value::String(text)) } else { Err(Wrong::Invalid) }
    }

    fn one(&self, given: &Value) -> Result<Value, Wrong> {
        // Some clients wrap the one value into an array, as Zendesk's own reference does.
        let given = match given {
            Value::Array(all) if all.len() == 1 => all.first().unwrap_or(given),
            other => other,
        };
        let value = scalar(given).ok_or(Wrong::NoOption)?;
        let known = self.choice(&value).or_else(|| self.choice(&tag(&value)));
        known.map(|choice| json!(choice.value)).ok_or(Wrong::NoOption)
    }

    /// Those of the values that are options, in the options' order.
    fn several(&self, given: &Value) -> Value {
        let asked: Vec<String> = match given {
            Value::Array(all) => all.iter().filter_map(scalar).collect(),
            other => scalar(other).into_iter().collect(),
        };
        let chosen = |value: &String| asked.iter().any(|it| it == value || tag(it) == *value);
        let values = self.custom_field_options.iter().map(|it| &it.value);
        values.filter(|value| chosen(value)).map(|it| json!(it)).collect()
    }
}

/// Whether this takes a value away.
#[must_use]
pub fn is_empty(given: &Value) -> bool {
    match given {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(all) => all.iter().all(is_empty),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

fn scalar(given: &Value) -> Option<String> {
    match given {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn text(given: &Value) -> Result<String, Wrong> {
    let text = match given {
        Value::String(text) => text.clone(),
        other => scalar(other).ok_or(Wrong::Invalid)?,
    };
    if text.chars().count() > MAX_TEXT { Err(Wrong::TooLong) } else { Ok(text) }
}

fn checked(given: &Value) -> Result<Value, Wrong> {
    match scalar(given).as_deref() {
        Some("true" | "1") => Ok(Value::Bool(true)),
        Some("false" | "0") => Ok(Value::Bool(false)),
        _ => Err(Wrong::Invalid),
    }
}

/// A day; of a time, its day.
fn date(given: &Value) -> Result<Value, Wrong> {
    let text = given.as_str().map(str::trim).ok_or(Wrong::Invalid)?;
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    if day.len() != 10 {
        return Err(Wrong::Invalid);
    }
    let day: Date = day.parse().map_err(|_| Wrong::Invalid)?;
    Ok(json!(day.to_string()))
}

fn integer(given: &Value, plain: bool) -> Result<Value, Wrong> {
    let text = scalar(given).ok_or(Wrong::Invalid)?;
    // 12.0 is a whole number too.
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let number: i64 = whole.parse().map_err(|_| Wrong::Invalid)?;
    if !fraction.bytes().all(|digit| digit == b'0') {
        return Err(Wrong::Invalid);
    }
    Ok(if plain { json!(number) } else { json!(number.to_string()) })
}

fn decimal(given: &Value, plain: bool) -> Result<Value, Wrong> {
    let text = scalar(given).ok_or(Wrong::Invalid)?;
    let digits = |it: char| it.is_ascii_digit() || matches!(it, '.' | '-' | '+');
    if !text.chars().all(digits) && !given.is_number() {
        return Err(Wrong::Invalid);
    }
    let number: f64 = text.parse().map_err(|_| Wrong::Invalid)?;
    let number = Number::from_f64(number).ok_or(Wrong::Invalid)?;
    Ok(if plain { Value::Number(number) } else { Value::String(text) })
}

/// A card's number with all digits but the last four hidden.
fn card(given: &Value) -> Result<Value, Wrong> {
    let text = scalar(given).ok_or(Wrong::Invalid)?;
    let signs: Vec<char> = text.chars().filter(|it| !matches!(it, ' ' | '-')).collect();
    let hidden = signs.len().checked_sub(4).filter(|count| *count <= 15).ok_or(Wrong::Invalid)?;
    let (first, last) = signs.split_at_checked(hidden).ok_or(Wrong::Invalid)?;
    let first = first.iter().all(|it| it.is_ascii_digit() || *it == 'X');
    if !first || !last.iter().all(char::is_ascii_digit) {
        return Err(Wrong::Invalid);
    }
    let last: String = last.iter().collect();
    Ok(Value::String(format!("{}{last}", "X".repeat(hidden))))
}

fn reference(given: &Value, plain: bool) -> Result<Value, Wrong> {
    let id: u64 = scalar(given).and_then(|it| it.parse().ok()).ok_or(Wrong::Invalid)?;
    if !(1..=MAX).contains(&id) {
        return Err(Wrong::Invalid);
    }
    Ok(if plain { json!(id) } else { json!(id.to_string()) })
}

#[cfg(test)]
mod tests {
    use super::super::Choice;
    use super::*;
    use crate::ids::{FieldId, RecordId};
    use ceap_kernel::Timestamp;
    use rstest::rstest;

    fn field(kind: &str) -> Field {
        let kind = FieldType::named(kind).unwrap();
        let mut field = Field::new(FieldId::new(7).unwrap(), kind, Timestamp::UNIX_EPOCH, None);
        field.regexp_for_validation = Some("^[A-Z]{2}[0-9]+$".to_owned());
        let choice = |id, value: &str| Choice {
            id: RecordId::new(id).unwrap(),
            name: value.to_uppercase(),
            value: value.to_owned(),
            default: false,
            allow_solving: true,
        };
        field.custom_field_options = vec![choice(1, "apple"), choice(2, "pear_tree")];
        field
    }

    #[rstest]
    #[case("text", json!("a b"), json!("a b"))]
    #[case("text", json!(12), json!("12"))]
    #[case("text", json!("  "), Value::Null)]
    #[case("textarea", json!("a\nb"), json!("a\nb"))]
    #[case("checkbox", json!(true), json!(true))]
    #[case("checkbox", json!("false"), json!(false))]
    #[case("checkbox", json!("1"), json!(true))]
    #[case("date", json!("2021-04-16"), json!("2021-04-16"))]
    #[case("date", json!("2021-04-16T10:00:00Z"), json!("2021-04-16"))]
    #[case("integer", json!("42"), json!("42"))]
    #[case("integer", json!(-42), json!("-42"))]
    #[case("integer", json!(42.0), json!("42"))]
    #[case("decimal", json!("12.50"), json!("12.50"))]
    #[case("decimal", json!(12.5), json!("12.5"))]
    #[case("regexp", json!("AB12"), json!("AB12"))]
    #[case("partialcreditcard", json!("4111 1111-1111 1234"), json!("XXXXXXXXXXXX1234"))]
    #[case("partialcreditcard", json!("XXXXXXXXXXXX1234"), json!("XXXXXXXXXXXX1234"))]
    #[case("tagger", json!("apple"), json!("apple"))]
    #[case("tagger", json!("Pear Tree"), json!("pear_tree"))]
    #[case("tagger", json!(["apple"]), json!("apple"))]
    #[case("multiselect", json!(["pear_tree", "apple", "plum"]), json!(["apple", "pear_tree"]))]
    #[case("multiselect", json!("apple"), json!(["apple"]))]
    #[case("lookup", json!(35), json!("35"))]
    fn a_value_is_kept(#[case] kind: &str, #[case] given: Value, #[case] kept: Value) {
        assert_eq!(field(kind).taken(&given, false), Ok(kept));
    }

    #[rstest]
    #[case("checkbox", json!("maybe"), Wrong::Invalid)]
    #[case("date", json!("16.04.2021"), Wrong::Invalid)]
    #[case("date", json!("2021-02-30"), Wrong::Invalid)]
    #[case("date", json!(20_210_416), Wrong::Invalid)]
    #[case("integer", json!("4.2"), Wrong::Invalid)]
    #[case("integer", json!("x"), Wrong::Invalid)]
    #[case("decimal", json!("1.2.3"), Wrong::Invalid)]
    #[case("decimal", json!("inf"), Wrong::Invalid)]
    #[case("regexp", json!("ab12"), Wrong::Invalid)]
    #[case("partialcreditcard", json!("4111 x"), Wrong::Invalid)]
    #[case("partialcreditcard", json!("12"), Wrong::Invalid)]
    #[case("tagger", json!("plum"), Wrong::NoOption)]
    #[case("lookup", json!("someone"), Wrong::Invalid)]
    #[case("text", json!({"a": 1}), Wrong::Invalid)]
    #[case("text", json!("x".repeat(65_536)), Wrong::TooLong)]
    fn a_value_is_refused(#[case] kind: &str, #[case] given: Value, #[case] why: Wrong) {
        assert_eq!(field(kind).taken(&given, false), Err(why));
    }

    #[rstest]
    #[case("integer", json!("42"), json!(42))]
    #[case("decimal", json!("5.1"), json!(5.1))]
    #[case("lookup", json!("35"), json!(35))]
    fn people_have_numbers(#[case] kind: &str, #[case] given: Value, #[case] kept: Value) {
        assert_eq!(field(kind).taken(&given, true), Ok(kept));
    }

    #[rstest]
    #[case("checkbox", None, json!(false))]
    #[case("multiselect", None, json!([]))]
    #[case("text", None, Value::Null)]
    #[case("tagger", Some(json!("plum")), Value::Null)]
    #[case("tagger", Some(json!("apple")), json!("apple"))]
    #[case("multiselect", Some(json!(["apple", "plum"])), json!(["apple"]))]
    fn a_value_is_shown(#[case] kind: &str, #[case] kept: Option<Value>, #[case] shown: Value) {
        assert_eq!(field(kind).shown(kept.as_ref()), shown);
    }
}
