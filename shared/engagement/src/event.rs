//! An event: a CloudEvents 1.0 fact about a subject.

use crate::series::Arrival;
use ceap_kernel::{EventKey, Fault, SignedDuration, SubjectId, TenantId, Timestamp, Trace};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Bytes of `data` as compact JSON. Kept well below the 256 KiB of an EventBridge entry, so that a
/// signal with its event and profile always fits one.
pub const MAX_DATA_BYTES: usize = 32 * 1024;

/// How far ahead of its arrival an event's `time` may lie: a client's clock may run fast.
pub const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Levels that `data` may nest. Every envelope on its way adds some, and what reads JSON here stops at
/// 128: beyond that, one event would stop all that travels with it.
pub const MAX_DEPTH: usize = 32;

const MAX_TEXT: usize = 256;

/// A fact about a subject, after validation.
///
/// Attributes follow CloudEvents 1.0 §3. Two of its optional ones are required here: `subject`,
/// because features are kept by subject, and, unless the transport knows the arrival, `time`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Unique within `source`.
    pub id: String,
    /// Who says so: a URI reference.
    pub source: String,
    /// What happened, in the past tense: `cart_updated`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whom it is about.
    pub subject: SubjectId,
    /// When it happened.
    pub time: Timestamp,
    /// The details.
    #[serde(default)]
    pub data: Map<String, Value>,
}

/// Types that the platform alone tells, of what is about no customer: they are kept in the lake, and nobody's features know
/// of them.
pub const KEPT_ONLY: [&str; 1] = ["TicketMeasured.v1"];

impl Event {
    /// Whether it is only kept in the lake.
    #[must_use]
    pub fn is_kept_only(&self) -> bool {
        KEPT_ONLY.contains(&&*self.kind)
    }

    /// What its subject remembers of it, to ignore repeats.
    #[must_use]
    pub fn key(&self) -> EventKey {
        EventKey::of(&self.source, &self.id)
    }

    /// Reads a CloudEvents 1.0 event in structured JSON that arrived at `arrived`.
    ///
    /// A missing `time` becomes `arrived`; one up to [`MAX_AHEAD`] ahead is clamped to `arrived`.
    ///
    /// # Errors
    /// `Invalid`, naming the attribute and the remedy.
    pub fn from_json(value: &Value, arrived: Timestamp) -> Result<Self, Fault> {
        let object =
            value.as_object().ok_or_else(|| Fault::invalid("event", "must be a JSON object"))?;
        if let Some(version) = object.get("specversion")
            && version != "1.0"
        {
            return Err(Fault::invalid("specversion", "must be \"1.0\" (CloudEvents 1.0)"));
        }
        Ok(Self {
            id: text(object, "id")?,
            source: text(object, "source")?,
            kind: kind(object)?,
            subject: SubjectId::new(text(object, "subject")?)?,
            time: time(object, arrived)?,
            data: data(object)?,
        })
    }
}

fn text(object: &Map<String, Value>, field: &str) -> Result<String, Fault> {
    match object.get(field) {
        None | Some(Value::Null) => Err(Fault::invalid(field, "is missing; it is required")),
        // Where bytes were no UTF-8, gateways put this instead: two customers could become one.
        Some(Value::String(text)) if text.contains(char::REPLACEMENT_CHARACTER) => {
            Err(Fault::invalid(field, "lost letters on its way (U+FFFD); send UTF-8"))
        }
        Some(Value::String(text))
            if !text.trim().is_empty()
                && text.len() <= MAX_TEXT
                && !text.chars().any(char::is_control) =>
        {
            Ok(text.clone())
        }
        Some(Value::String(_)) => Err(Fault::invalid(
            field,
            format!("must be 1 to {MAX_TEXT} bytes of text without control characters"),
        )),
        Some(_) => Err(Fault::invalid(field, "must be a string")),
    }
}

fn kind(object: &Map<String, Value>) -> Result<String, Fault> {
    let kind = text(object, "type")?;
    let shaped = kind.len() <= 128
        && kind.starts_with(|c: char| c.is_ascii_alphabetic())
        && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-:/ ".contains(&b));
    if shaped {
        Ok(kind)
    } else {
        Err(Fault::invalid(
            "type",
            "must start with a letter and hold at most 128 letters, digits, spaces and . _ - : /",
        ))
    }
}

fn time(object: &Map<String, Value>, arrived: Timestamp) -> Result<Timestamp, Fault> {
    let given = match object.get("time") {
        None | Some(Value::Null) => return Ok(arrived),
        Some(Value::String(text)) => text.parse::<Timestamp>().map_err(|_| {
            Fault::invalid(
                "time",
                "must be an RFC 3339 instant with offset, as 2026-11-21T09:30:00Z",
            )
        })?,
        Some(_) => return Err(Fault::invalid("time", "must be a string (RFC 3339)")),
    };
    if given.duration_since(arrived) > MAX_AHEAD {
        return Err(Fault::invalid(
            "time",
            "lies more than 5 minutes after its arrival; correct the sender's clock",
        ));
    }
    if given < Timestamp::UNIX_EPOCH {
        return Err(Fault::invalid("time", "lies before 1970"));
    }
    Ok(given.min(arrived))
}

fn data(object: &Map<String, Value>) -> Result<Map<String, Value>, Fault> {
    let data = match object.get("data") {
        None | Some(Value::Null) => return Ok(Map::new()),
        Some(Value::Object(data)) => data,
        Some(_) => return Err(Fault::invalid("data", "must be a JSON object")),
    };
    let size = serde_json::to_vec(data).map(|bytes| bytes.len()).unwrap_or(usize::MAX);
    if size > MAX_DATA_BYTES {
        return Err(Fault::invalid(
            "data",
            format!("is {size} bytes of JSON; at most {MAX_DATA_BYTES} are taken"),
        ));
    }
    if data.values().map(depth).max().unwrap_or_default() >= MAX_DEPTH {
        return Err(Fault::invalid("data", format!("nests more than {MAX_DEPTH} levels")));
    }
    Ok(data.clone())
}

/// Levels of arrays and objects.
fn depth(value: &Value) -> usize {
    let inner = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(fields) => fields.values().map(depth).max(),
        _ => return 0,
    };
    inner.unwrap_or_default().saturating_add(1)
}

/// An event on its way through the stream: whose it is and when it arrived.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arrived {
    /// Whose.
    pub tenant: TenantId,
    /// When the platform took it.
    pub at: Timestamp,
    /// The trace of who told it, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "Trace::lenient")]
    pub trace: Option<Trace>,
    /// The fact.
    pub event: Event,
}

impl Arrived {
    /// What tells this arrival from others, of the same event too.
    #[must_use]
    pub fn arrival(&self) -> Arrival {
        Arrival { at: self.at.as_millisecond(), key: self.event.key() }
    }

    /// The same, about another subject.
    #[must_use]
    pub fn of(&self, subject: &SubjectId) -> Self {
        let event = Event { subject: subject.clone(), ..self.event.clone() };
        Self { event, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn good() -> Value {
        json!({"specversion": "1.0", "id": "1", "source": "app", "type": "app_crashed",
               "subject": "u1", "time": "2026-11-21T11:00:00Z", "data": {"a": 1}})
    }

    #[rstest]
    #[case::missing_id("id", Value::Null, "id: is missing")]
    #[case::id_of_another_type("id", json!(5), "id: must be a string")]
    #[case::empty_id("id", json!(" "), "id: must be 1 to 256")]
    #[case::malformed_type("type", json!("a<b>"), "type: must start with a letter")]
    #[case::type_of_another_type("type", json!(["x"]), "type: must be a string")]
    #[case::no_subject("subject", Value::Null, "subject: is missing")]
    #[case::control_character("subject", json!("a\u{0}b"), "subject: must be 1 to 256")]
    #[case::ten_years_ahead("time", json!("2036-11-21T12:00:00Z"), "time: lies more than 5 minutes")]
    #[case::no_offset("time", json!("2026-11-21 12:00:00"), "time: must be an RFC 3339")]
    #[case::number_as_time("time", json!(1), "time: must be a string")]
    #[case::data_as_text("data", json!("x"), "data: must be a JSON object")]
    #[case::large_data("data", json!({"x": "y".repeat(MAX_DATA_BYTES)}), "data: is 32")]
    #[case::lost_letters("subject", json!("caf\u{fffd}"), "subject: lost letters")]
    #[case::deep_data("data", json!({"x": nested(MAX_DEPTH)}), "data: nests more than 32")]
    #[case::another_version("specversion", json!("0.3"), "specversion: must be \"1.0\"")]
    fn bad_input_names_the_field(#[case] field: &str, #[case] value: Value, #[case] says: &str) {
        let mut event = good();
        event[field] = value;
        let fault = Event::from_json(&event, now()).unwrap_err();
        assert!(fault.to_string().starts_with(says), "{fault}");
    }

    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!(1), |inner, _| json!([inner]))
    }

    #[test]
    fn data_may_nest_as_many_levels() {
        let mut event = good();
        event["data"] = json!({"x": nested(MAX_DEPTH - 1)});
        assert!(Event::from_json(&event, now()).is_ok());
    }

    #[test]
    fn a_clock_that_runs_a_little_fast_is_clamped() {
        let mut event = good();
        event["time"] = json!("2026-11-21T12:04:59Z");
        assert_eq!(Event::from_json(&event, now()).unwrap().time, now());
    }

    #[test]
    fn an_event_without_time_happened_when_it_arrived() {
        let mut event = good();
        event["time"] = Value::Null;
        assert_eq!(Event::from_json(&event, now()).unwrap().time, now());
    }
}
