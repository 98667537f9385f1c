//! What Snowflake's values are in JSON (SQL API reference, "ResultSet"; developer guide, "Handling responses": all values
//! are written as text, and their columns say how).

use ceap_kernel::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

/// Digits that a double keeps of any decimal number.
const EXACT: usize = 15;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name, in upper case unless the statement quotes it.
    pub name: String,
    /// `fixed`, `text`, `timestamp_ntz`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Digits after the point.
    #[serde(default)]
    pub scale: Option<i32>,
}

/// A row as an object.
pub fn row(columns: &[Column], row: Vec<Option<String>>) -> Value {
    let fields = columns.iter().zip(row).map(|(column, text)| {
        let value = text.map_or(Value::Null, |text| value(column, text));
        (column.name.clone(), value)
    });
    Value::Object(fields.collect::<Map<_, _>>())
}

/// A value; as the text that it came as where it is not what its column says.
fn value(column: &Column, text: String) -> Value {
    let read = match column.kind.to_ascii_lowercase().as_str() {
        "fixed" => fixed(column.scale.unwrap_or_default(), &text),
        "real" | "decfloat" => text.parse().ok().and_then(Number::from_f64).map(Value::Number),
        "boolean" => match text.as_str() {
            "true" | "1" => Some(true.into()),
            "false" | "0" => Some(false.into()),
            _ => None,
        },
        "date" => date(&text),
        "time" => time(&text),
        "timestamp_ntz" => {
            instant(&text).map(|at| TimeZone::UTC.to_datetime(at).to_string().into())
        }
        "timestamp_ltz" => instant(&text).map(|at| at.to_string().into()),
        "timestamp_tz" => zoned(&text),
        "variant" | "object" | "array" | "map" | "vector" | "geography" | "geometry" => {
            serde_json::from_str(&text).ok()
        }
        _ => None,
    };
    read.unwrap_or(Value::String(text))
}

/// A number, if a double keeps it: one with more digits stays text.
fn fixed(scale: i32, text: &str) -> Option<Value> {
    if scale == 0 {
        return text.parse::<i64>().ok().map(Value::from);
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let number = text.parse().ok().filter(|_| digits <= EXACT);
    number.and_then(Number::from_f64).map(Value::Number)
}

/// Days since 1970.
fn date(text: &str) -> Option<Value> {
    let days: i64 = text.parse().ok()?;
    let at = Timestamp::from_second(days.checked_mul(86_400)?).ok()?;
    let date: Date = TimeZone::UTC.to_datetime(at).date();
    Some(date.to_string().into())
}

/// Seconds since midnight.
fn time(text: &str) -> Option<Value> {
    let at = instant(text)?;
    let time: Time = TimeZone::UTC.to_datetime(at).time();
    Some(time.to_string().into())
}

/// Seconds since 1970, with a fraction.
fn instant(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let nanos: i32 = digits.parse().ok()?;
    let nanos = if whole.starts_with('-') { nanos.checked_neg()? } else { nanos };
    Timestamp::new(seconds, nanos).ok()
}

/// As [`instant`], and minutes of offset plus 1440.
fn zoned(text: &str) -> Option<Value> {
    let (at, minutes) = text.split_once(' ')?;
    let minutes: i32 = minutes.parse().ok()?;
    let seconds = minutes.checked_sub(1440)?.checked_mul(60)?;
    let offset = Offset::from_seconds(seconds).ok()?;
    Some(instant(at)?.display_with_offset(offset).to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    /// Values as the developer guide writes them, "Handling responses".
    #[rstest]
    #[case("fixed", Some(0), "123", json!(123))]
    #[case("fixed", Some(0), "123456789012345678901234567890", json!("123456789012345678901234567890"))]
    #[case("fixed", Some(2), "-12.50", json!(-12.5))]
    #[case("fixed", Some(2), "12345678901234567.25", json!("12345678901234567.25"))]
    #[case("real", None, "3.5e10", json!(3.5e10))]
    #[case("real", None, "NaN", json!("NaN"))]
    #[case("text", None, "007", json!("007"))]
    #[case("boolean", None, "true", json!(true))]
    #[case("date", None, "18262", json!("2020-01-01"))]
    #[case("time", Some(9), "82919.000000000", json!("23:01:59"))]
    #[case("timestamp_ntz", Some(9), "1611871373.123400000", json!("2021-01-28T22:02:53.1234"))]
    #[case("timestamp_ltz", Some(9), "1611871373.000000000", json!("2021-01-28T22:02:53Z"))]
    #[case("timestamp_ltz", Some(3), "-1.500", json!("1969-12-31T23:59:58.5Z"))]
    #[case("timestamp_tz", Some(9), "1616173619.000000000 960", json!("2021-03-19T09:06:59-08:00"))]
    #[case("timestamp_tz", Some(9), "soon", json!("soon"))]
    #[case("variant", None, r#"{"a": [1]}"#, json!({"a": [1]}))]
    #[case("binary", None, "0A1B", json!("0A1B"))]
    fn values_are_what_their_columns_say(
        #[case] kind: &str,
        #[case] scale: Option<i32>,
        #[case] text: &str,
        #[case] said: Value,
    ) {
        let column = Column { name: "C".to_owned(), kind: kind.to_owned(), scale };
        assert_eq!(row(&[column], vec![Some(text.to_owned())]), json!({"C": said}));
    }

    #[test]
    fn null_is_null() {
        let column = Column { name: "C".to_owned(), kind: "fixed".to_owned(), scale: None };
        assert_eq!(row(&[column], vec![None]), json!({"C": null}));
    }
}
