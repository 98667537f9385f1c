//! Rows of Athena's answers as objects: every value is text, and its column says what it is.

use aws_sdk_athena::types::{ColumnInfo, ResultSet, Row};
use serde_json::{Map, Number, Value};

/// Digits that a double keeps of any decimal number.
const EXACT: usize = 15;

/// The rows of a page. The first page begins with the names of the columns (Athena API reference, `GetQueryResults`).
pub(super) fn rows(set: &ResultSet, first: bool) -> Vec<Value> {
    let columns = set.result_set_metadata().map(|it| it.column_info()).unwrap_or_default();
    let names = |row: &Row| {
        let found = row.data().iter().map(|datum| datum.var_char_value().unwrap_or_default());
        found.eq(columns.iter().map(ColumnInfo::name))
    };
    let heads = first && set.rows().first().is_some_and(names);
    let rows = set.rows().iter().skip(usize::from(heads));
    rows.map(|row| Value::Object(object(columns, row))).collect()
}

fn object(columns: &[ColumnInfo], row: &Row) -> Map<String, Value> {
    let values = columns.iter().zip(row.data()).map(|(column, datum)| {
        let value = datum.var_char_value().map_or(Value::Null, |text| value(column.r#type(), text));
        (column.name().to_owned(), value)
    });
    values.collect()
}

/// A value; as the text that it came as where JSON has nothing better.
fn value(kind: &str, text: &str) -> Value {
    let number = |text: &str| text.parse().ok().and_then(Number::from_f64).map(Value::Number);
    let read = match kind {
        "tinyint" | "smallint" | "int" | "integer" | "bigint" => {
            text.parse::<i64>().ok().map(Value::from)
        }
        "float" | "real" | "double" => number(text),
        "decimal" => {
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            if digits <= EXACT { number(text) } else { None }
        }
        "boolean" => text.parse::<bool>().ok().map(Value::from),
        "json" => serde_json::from_str(text).ok(),
        _ => None,
    };
    read.unwrap_or_else(|| Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_athena::types::{Datum, ResultSetMetadata};
    use serde_json::json;

    fn set(columns: &[(&str, &str)], lines: &[&[Option<&str>]]) -> ResultSet {
        let info = columns
            .iter()
            .map(|(name, kind)| ColumnInfo::builder().name(*name).r#type(*kind).build().unwrap());
        let metadata = ResultSetMetadata::builder().set_column_info(Some(info.collect())).build();
        let rows = lines.iter().map(|line| {
            let data = line
                .iter()
                .map(|it| Datum::builder().set_var_char_value(it.map(str::to_owned)).build());
            Row::builder().set_data(Some(data.collect())).build()
        });
        ResultSet::builder().result_set_metadata(metadata).set_rows(Some(rows.collect())).build()
    }

    #[test]
    fn values_are_what_their_columns_say() {
        let columns = [
            ("n", "bigint"),
            ("d", "double"),
            ("m", "decimal"),
            ("b", "boolean"),
            ("j", "json"),
            ("t", "timestamp"),
            ("s", "varchar"),
        ];
        let names: Vec<Option<&str>> = columns.iter().map(|(name, _)| Some(*name)).collect();
        let one = [
            Some("9007199254740993"),
            Some("1.5"),
            Some("12.50"),
            Some("true"),
            Some(r#"{"a":1}"#),
            Some("2026-11-21 12:00:00.000"),
            Some(""),
        ];
        let none = [None; 7];
        let set = set(&columns, &[&names, &one, &none]);
        let first = rows(&set, true);
        assert_eq!(first.len(), 2);
        assert_eq!(
            first[0],
            json!({"n": 9007199254740993_i64, "d": 1.5, "m": 12.5, "b": true, "j": {"a": 1}, "t": "2026-11-21 12:00:00.000", "s": ""})
        );
        assert_eq!(first[1]["s"], Value::Null);
        assert_eq!(rows(&set, false).len(), 3, "a later page has no names");
    }

    #[test]
    fn what_does_not_fit_stays_text() {
        for (kind, text) in [
            ("decimal", "12345678901234567.89"),
            ("double", "NaN"),
            ("bigint", "x"),
            ("json", "{a=1}"),
            ("array", "[1, 2]"),
        ] {
            assert_eq!(value(kind, text), json!(text));
        }
    }
}
