//! A mapping: how a row of foreign data becomes an event. Rows are JSON objects, whatever they were
//! before: a line of CSV, a webhook's body, a record of a stream, a row of a query.

use crate::condition::{Bound, Expression, names};
use crate::event::Event;
use ceap_kernel::{Fault, Timestamp};
use jiff::civil;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Fields that a mapping computes.
const MAX_FIELDS: usize = 100;

/// Numbers from here on are milliseconds since 1970, below it seconds: as seconds, it is the year 5138.
const MILLIS_FROM: f64 = 1e11;

/// How a row becomes an event. Every text is a CEL expression over `row`, and, of a webhook, `headers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingDocument {
    /// The event's type, as `'order_placed'` or `row.event`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whom it is about, as `row.customer_id`.
    pub subject: String,
    /// When it happened: text as RFC 3339, or seconds or milliseconds since 1970. Its arrival, without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// How `time` is written, if it is neither: as `%d.%m.%Y %H:%M` (strftime).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// The time zone of times without one, an IANA name; UTC by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What tells it from others of its source; by default where it stands, or what its transport says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The fields of `data`, each computed; all of the row, without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<BTreeMap<String, String>>,
    /// Rows for which it does not hold are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

/// A mapping, ready to use.
#[derive(Debug)]
pub struct Mapping {
    kind: Expression,
    subject: Expression,
    time: Option<Expression>,
    format: Option<String>,
    zone: TimeZone,
    id: Option<Expression>,
    data: Option<Vec<(String, Expression)>>,
    when: Option<Expression>,
}

/// A row, with what it came with.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The row.
    pub row: &'a Value,
    /// Headers of the request that it came in, by their names in lower case; null elsewhere.
    pub headers: &'a Value,
    /// What tells it from others of its source, if the mapping does not say.
    pub id: &'a str,
    /// The source that its event names.
    pub source: &'a str,
    /// When it arrived.
    pub arrived: Timestamp,
}

impl Bound for Row<'_> {
    fn get(&self, name: &str) -> &Value {
        match name {
            "row" => self.row,
            _ => self.headers,
        }
    }
}

impl Mapping {
    /// Compiles `document`, which stands at `mapping`.
    ///
    /// # Errors
    /// `Invalid`, naming the field and the remedy.
    pub fn compile(document: &MappingDocument) -> Result<Self, Fault> {
        let expression = |field: &str, source: &str| {
            Expression::compile_with(&format!("mapping.{field}"), source, names::ROW)
        };
        let optional = |field: &str, source: &Option<String>| {
            source.as_deref().map(|source| expression(field, source)).transpose()
        };
        let zone = document.time_zone.as_deref().map_or(Ok(TimeZone::UTC), TimeZone::get);
        let zone = zone.map_err(|_| {
            Fault::invalid("mapping.time_zone", "must be an IANA name, as Europe/Zurich")
        })?;
        let fields = document.data.as_ref();
        if fields.is_some_and(|fields| fields.len() > MAX_FIELDS) {
            let message = format!("must be at most {MAX_FIELDS} fields");
            return Err(Fault::invalid("mapping.data", message));
        }
        let data = fields.map(|fields| {
            let field = |(name, source): (&String, &String)| {
                Ok((name.clone(), expression(&format!("data.{name}"), source)?))
            };
            fields.iter().map(field).collect::<Result<Vec<_>, Fault>>()
        });
        if let Some(format) = &document.time_format {
            check(format)?;
        }
        Ok(Self {
            kind: expression("type", &document.kind)?,
            subject: expression("subject", &document.subject)?,
            time: optional("time", &document.time)?,
            format: document.time_format.clone(),
            zone,
            id: optional("id", &document.id)?,
            data: data.transpose()?,
            when: optional("when", &document.when)?,
        })
    }

    /// Whom a row is about, as far as that can be told.
    #[must_use]
    pub fn subject(&self, row: &Row<'_>) -> Option<String> {
        text("subject", &self.subject, row).ok()
    }

    /// A row that made no event, as quarantine keeps it: with all that it takes to map it again, and whom it is
    /// about, so that it is erased with them.
    #[must_use]
    pub fn kept(&self, row: &Row<'_>) -> Map<String, Value> {
        let mut kept = Map::new();
        let mut keep = |field: &str, value: Value| drop(kept.insert(field.to_owned(), value));
        keep("source", row.source.into());
        keep("id", row.id.into());
        if let Some(subject) = self.subject(row) {
            keep("subject", subject.into());
        }
        if !row.headers.is_null() {
            keep("headers", row.headers.clone());
        }
        keep("row", row.row.clone());
        kept
    }

    /// The event of a row; none for one that is left out.
    ///
    /// # Errors
    /// `Invalid`, naming the field, when the row makes no event.
    pub fn event(&self, row: &Row<'_>) -> Result<Option<Event>, Fault> {
        if let Some(when) = &self.when
            && !when.holds(row)?
        {
            return Ok(None);
        }
        let mut event = Map::new();
        let mut set = |field: &str, value: Value| drop(event.insert(field.to_owned(), value));
        set("source", row.source.into());
        set("type", self.kind.text(row)?.into());
        set("subject", text("subject", &self.subject, row)?.into());
        let id = self.id.as_ref().map(|id| text("id", id, row)).transpose()?;
        set("id", id.unwrap_or_else(|| row.id.to_owned()).into());
        if let Some(time) = self.time(row)? {
            set("time", time.to_string().into());
        }
        set("data", self.data(row)?);
        Event::from_json(&Value::Object(event), row.arrived).map(Some)
    }

    fn data(&self, row: &Row<'_>) -> Result<Value, Fault> {
        let Some(fields) = &self.data else {
            return Ok(match row.row {
                Value::Object(fields) => Value::Object(fields.clone()),
                other => Value::Object(Map::from_iter([("value".to_owned(), other.clone())])),
            });
        };
        let mut data = Map::new();
        for (name, expression) in fields {
            if let Some(value) = expression.value(row)?.filter(|value| !value.is_null()) {
                data.insert(name.clone(), value);
            }
        }
        Ok(Value::Object(data))
    }

    fn time(&self, row: &Row<'_>) -> Result<Option<Timestamp>, Fault> {
        let Some(expression) = &self.time else { return Ok(None) };
        let wrong = |message: String| Fault::invalid("time", message);
        let absent =
            || wrong("is missing in this row; leave `mapping.time` out if it may be".into());
        let value = expression.value(row)?.filter(|value| !value.is_null()).ok_or_else(absent)?;
        let found = match (&value, &self.format) {
            (Value::Number(number), None) => number.as_f64().and_then(instant),
            (Value::String(text), None) => text.trim().parse().ok().or_else(|| self.civil(text)),
            (Value::String(text), Some(format)) => self.formatted(format, text),
            _ => None,
        };
        let rule = match &self.format {
            Some(format) => format!("must be written as {format}, not {value}"),
            None => format!("must be an instant (RFC 3339, or a number since 1970), not {value}"),
        };
        found.map(Some).ok_or_else(|| wrong(rule))
    }

    /// A date and time without an offset, as SQL writes it.
    fn civil(&self, text: &str) -> Option<Timestamp> {
        let at: civil::DateTime = text.trim().parse().ok()?;
        at.to_zoned(self.zone.clone()).ok().map(|at| at.timestamp())
    }

    fn formatted(&self, format: &str, text: &str) -> Option<Timestamp> {
        let parts = strtime::parse(format, text.trim()).ok()?;
        parts.to_timestamp().ok().or_else(|| {
            let at = parts
                .to_datetime()
                .or_else(|_| parts.to_date().map(|date| date.to_datetime(civil::Time::midnight())));
            at.ok()?.to_zoned(self.zone.clone()).ok().map(|at| at.timestamp())
        })
    }
}

fn text(field: &str, expression: &Expression, row: &Row<'_>) -> Result<String, Fault> {
    let text = expression.text(row)?;
    if text.is_empty() {
        let message = format!("is missing in this row: `{}` has no value", expression.source());
        return Err(Fault::invalid(field, message));
    }
    Ok(text)
}

/// Whether the format can be read at all, seen by writing an instant with it.
fn check(format: &str) -> Result<(), Fault> {
    let wrong = |_| Fault::invalid("mapping.time_format", "is no strftime format, as %d.%m.%Y");
    let sample = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let written = strtime::format(format, &sample).map_err(wrong)?;
    strtime::parse(format, written).map(|_| ()).map_err(wrong)
}

#[allow(clippy::cast_possible_truncation)]
fn instant(number: f64) -> Option<Timestamp> {
    let millis = if number.abs() < MILLIS_FROM { number * 1000.0 } else { number };
    // Far beyond what a timestamp holds, the cast saturates, and is refused.
    Timestamp::from_millisecond(millis.round() as i64).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn mapping(document: Value) -> Result<Mapping, Fault> {
        Mapping::compile(&serde_json::from_value(document).unwrap())
    }

    fn event(document: Value, row: &Value) -> Result<Option<Event>, Fault> {
        let arrived = "2026-11-21T12:00:00Z".parse().unwrap();
        let headers = json!({"x-topic": "orders/create"});
        mapping(document)?.event(&Row { row, headers: &headers, id: "17", source: "shop", arrived })
    }

    fn orders() -> Value {
        json!({"type": "'order_placed'", "subject": "row.customer", "time": "row.at",
               "data": {"amount": "double(row.amount)", "city": "row.city", "topic": "headers['x-topic']"}})
    }

    #[test]
    fn a_row_becomes_an_event() {
        let row =
            json!({"customer": 5, "at": "2026-11-20 10:00:00", "amount": "12.50", "note": "x"});
        let event = event(orders(), &row).unwrap().unwrap();
        assert_eq!((event.kind.as_str(), event.subject.as_str()), ("order_placed", "5"));
        assert_eq!((event.id.as_str(), event.source.as_str()), ("17", "shop"));
        assert_eq!(event.time, "2026-11-20T10:00:00Z".parse().unwrap());
        assert_eq!(Value::Object(event.data), json!({"amount": 12.5, "topic": "orders/create"}));
    }

    #[test]
    fn without_data_it_is_the_whole_row_and_some_rows_are_left_out() {
        let document = json!({"type": "row.event", "subject": "row.who", "when": "row.n > 1",
                              "id": "row.who + '-' + string(row.n)"});
        let row = json!({"event": "seen", "who": "ada", "n": 2});
        let found = event(document.clone(), &row).unwrap().unwrap();
        assert_eq!((found.id.as_str(), Value::Object(found.data)), ("ada-2", row));
        let row = json!({"event": "seen", "who": "ada", "n": 1});
        assert_eq!(event(document, &row).unwrap(), None);
    }

    #[rstest]
    #[case(json!("2026-11-20T10:00:00+02:00"), None, "2026-11-20T08:00:00Z")]
    #[case(json!("2026-11-20 10:00:00"), None, "2026-11-20T09:00:00Z")]
    #[case(json!(1_795_000_000), None, "2026-11-18T11:06:40Z")]
    #[case(json!(1_795_000_000_500_i64), None, "2026-11-18T11:06:40.5Z")]
    #[case(json!("20.11.2026 10:00"), Some("%d.%m.%Y %H:%M"), "2026-11-20T09:00:00Z")]
    #[case(json!("19970112"), Some("%Y%m%d"), "1997-01-11T23:00:00Z")]
    #[case(json!("20/Nov/2026:10:00:00 +0000"), Some("%d/%b/%Y:%H:%M:%S %z"), "2026-11-20T10:00:00Z")]
    fn times_are_read(#[case] at: Value, #[case] format: Option<&str>, #[case] expected: &str) {
        let document = json!({"type": "'a'", "subject": "'s'", "time": "row.at",
                              "time_format": format, "time_zone": "Europe/Zurich"});
        let event = event(document, &json!({"at": at})).unwrap().unwrap();
        assert_eq!(event.time, expected.parse().unwrap());
    }

    #[rstest]
    #[case(json!({"at": "2026-11-20"}), "subject: is missing in this row: `row.customer` has no value")]
    #[case(json!({"customer": "a"}), "time: is missing in this row")]
    #[case(json!({"customer": "a", "at": "soon"}), "time: must be an instant")]
    #[case(json!({"customer": "a", "at": 1e300}), "time: must be an instant")]
    #[case(json!({"customer": "a", "at": 1, "amount": "much"}), "mapping.data.amount")]
    #[case(json!({"customer": "a\u{0}", "at": 1, "amount": 1}), "subject: must be 1 to 256")]
    fn a_row_that_makes_no_event_says_why(#[case] row: Value, #[case] said: &str) {
        let refused = event(orders(), &row).unwrap_err().to_string();
        assert!(refused.starts_with(said), "{refused}");
    }

    #[rstest]
    #[case(json!({"type": "'a'", "subject": "profile.email"}), "mapping.subject: ")]
    #[case(json!({"type": "'a'", "subject": "row.("}), "mapping.subject: is not a CEL expression")]
    #[case(json!({"type": "'a'", "subject": "'s'", "time_zone": "Mars"}), "mapping.time_zone: ")]
    #[case(json!({"type": "'a'", "subject": "'s'", "time_format": "%Q%!"}), "mapping.time_format: ")]
    #[case(json!({"type": "'a'", "subject": "'s'", "data": {"x": "nope(1)"}}), "mapping.data.x: ")]
    fn a_mapping_that_can_not_be_is_refused(#[case] document: Value, #[case] said: &str) {
        let refused = mapping(document).unwrap_err().to_string();
        assert!(refused.starts_with(said), "{refused}");
    }
}
