//! Fields of Parquet as JSON: instants as RFC 3339, dates as `2026-11-21`, times of day as text, decimals as
//! numbers, bytes as text where they are some.

use ceap_kernel::{SignedDuration, Timestamp};
use parquet::basic::{LogicalType, TimeUnit};
use parquet::data_type::{AsBytes, Decimal};
use parquet::record::{Field, Row};
use parquet::schema::types::SchemaDescriptor;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

const DAY_S: i64 = 86_400;

/// Makes JSON of rows of one schema.
pub struct Shaper {
    /// Columns of nanoseconds, which the library reads as plain numbers.
    nanos: BTreeSet<String>,
}

impl Shaper {
    pub fn new(schema: &SchemaDescriptor) -> Self {
        let fields = schema.root_schema().get_fields().iter();
        let nanos = fields.filter(|field| {
            let logical = field.get_basic_info().logical_type_ref();
            matches!(logical, Some(LogicalType::Timestamp(it)) if it.unit == TimeUnit::NANOS)
        });
        Self { nanos: nanos.map(|field| field.name().to_owned()).collect() }
    }

    /// A row as an object.
    pub fn value(&self, row: &Row) -> Value {
        let fields = row.get_column_iter().map(|(name, field)| {
            let value = match field {
                Field::Long(at) if self.nanos.contains(name) => {
                    instant(Timestamp::from_nanosecond((*at).into()).ok())
                }
                field => value(field),
            };
            (name.clone(), value)
        });
        Value::Object(fields.collect())
    }
}

fn group(row: &Row) -> Value {
    let fields = row.get_column_iter().map(|(name, field)| (name.clone(), value(field)));
    Value::Object(fields.collect())
}

fn value(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(it) => (*it).into(),
        Field::Byte(it) => (*it).into(),
        Field::Short(it) => (*it).into(),
        Field::Int(it) => (*it).into(),
        Field::Long(it) => (*it).into(),
        Field::UByte(it) => (*it).into(),
        Field::UShort(it) => (*it).into(),
        Field::UInt(it) => (*it).into(),
        Field::ULong(it) => (*it).into(),
        Field::Float16(it) => f32::from(*it).into(),
        Field::Float(it) => shortest(*it),
        Field::Double(it) => (*it).into(),
        Field::Decimal(it) => decimal(it),
        Field::Str(it) => it.as_str().into(),
        Field::Bytes(it) => String::from_utf8_lossy(it.data()).into_owned().into(),
        Field::Date(days) => {
            let at = Timestamp::from_second(i64::from(*days).saturating_mul(DAY_S));
            at.map_or(Value::Null, |at| at.strftime("%Y-%m-%d").to_string().into())
        }
        Field::TimeMillis(it) => time_of_day(i64::from(*it).saturating_mul(1_000)),
        Field::TimeMicros(it) => time_of_day(*it),
        Field::TimestampMillis(it) => instant(Timestamp::from_millisecond(*it).ok()),
        Field::TimestampMicros(it) => instant(Timestamp::from_microsecond(*it).ok()),
        Field::Group(row) => group(row),
        Field::ListInternal(list) => list.elements().iter().map(value).collect(),
        Field::MapInternal(map) => {
            let entries = map.entries().iter().map(|(key, of)| (text(&value(key)), value(of)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// As the file's writer wrote it: 0.1, not 0.10000000149.
fn shortest(number: f32) -> Value {
    number.to_string().parse::<f64>().ok().map_or(Value::Null, Value::from)
}

fn instant(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| at.to_string().into())
}

fn time_of_day(micros: i64) -> Value {
    let at = Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_micros(micros));
    at.map_or(Value::Null, |at| at.strftime("%H:%M:%S%.f").to_string().into())
}

/// A decimal is a number as far as numbers of JSON go, 15 digits; with more it is text, and loses nothing.
fn decimal(decimal: &Decimal) -> Value {
    let bytes = decimal.as_bytes();
    let negative = bytes.first().is_some_and(|first| *first >= 0x80);
    let Ok(length) = usize::try_from(decimal.scale()) else { return Value::Null };
    // 38 digits, the most that is common, fit into 16 bytes (Parquet's logical types, DECIMAL).
    if bytes.len() > 16 {
        return Value::Null;
    }
    let sign: i128 = if negative { -1 } else { 0 };
    let unscaled = bytes.iter().fold(sign, |sum, byte| (sum << 8) | i128::from(*byte));
    let digits = unscaled.unsigned_abs().to_string();
    let padded = format!("{digits:0>width$}", width = length.saturating_add(1));
    let (whole, part) = padded.split_at(padded.len().saturating_sub(length));
    let minus = if negative { "-" } else { "" };
    let dot = if part.is_empty() { "" } else { "." };
    let written = format!("{minus}{whole}{dot}{part}");
    match written.parse::<f64>() {
        Ok(number) if digits.len() <= 15 => number.into(),
        _ => written.into(),
    }
}
