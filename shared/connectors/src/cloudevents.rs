//! CloudEvents 1.0 in JSON over HTTP: structured, binary, batched, and one a line.
//!
//! Content types (CloudEvents HTTP binding 1.0.2 §3.1 to §3.3): `application/cloudevents+json` and
//! `application/json` hold one event or an array, `application/cloudevents-batch+json` an array,
//! `application/x-ndjson` one event a line. Where the attributes stand in headers (`ce-id`, …), the body
//! is the event's `data`.

use crate::{Connector, MAX_ITEMS, Payload};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_engagement::event::Event;
use ceap_engagement::pipeline::accept::Decoded;
use ceap_kernel::{Fault, Timestamp};
use serde_json::{Map, Value};

/// What the names of attributes begin with, as headers (§3.1.3.1).
const PREFIX: &str = "ce-";

/// CloudEvents in JSON.
#[derive(Debug)]
pub struct CloudEvents;

impl Connector for CloudEvents {
    fn name(&self) -> &'static str {
        "cloudevents"
    }

    fn decode(&self, payload: &Payload<'_>) -> Result<Vec<Decoded>, Fault> {
        let kind = payload.media_type();
        // §3: an event in binary mode has no media type of CloudEvents' own.
        if payload.header("ce-specversion").is_some()
            && !kind.starts_with("application/cloudevents")
        {
            return Ok(vec![decode(binary(payload, &kind), payload.arrived)]);
        }
        let items = match kind.as_str() {
            "application/x-ndjson" | "application/jsonl" => lines(payload.body),
            "application/cloudevents+json"
            | "application/cloudevents-batch+json"
            | "application/json"
            | "" => whole(payload.body)?,
            other => {
                return Err(Fault::invalid(
                    "content-type",
                    format!(
                        "`{other}` is not taken; send application/cloudevents+json, \
                         application/cloudevents-batch+json or application/x-ndjson"
                    ),
                ));
            }
        };
        if items.len() > MAX_ITEMS {
            let message = format!("holds {} events; send at most {MAX_ITEMS} at once", items.len());
            return Err(Fault::invalid("body", message));
        }
        Ok(items.into_iter().map(|item| decode(item, payload.arrived)).collect())
    }
}

/// The events that `body` holds: one, or an array of them.
#[must_use]
pub fn events(body: Value, arrived: Timestamp) -> Vec<Decoded> {
    items(body).into_iter().map(|item| decode(item, arrived)).collect()
}

type Item = Result<Value, (Fault, Value)>;

/// The event whose attributes are headers.
fn binary(payload: &Payload<'_>, kind: &str) -> Item {
    let mut event = Map::new();
    for (name, value) in payload.headers {
        if let Some(attribute) = name.strip_prefix(PREFIX) {
            event.insert(attribute.to_owned(), unescaped(value).into());
        }
    }
    if !payload.body.trim_ascii().is_empty() {
        let json = kind.is_empty() || kind == "application/json" || kind.ends_with("+json");
        let data = serde_json::from_slice(payload.body).ok().filter(|_| json);
        // What is no JSON is no object: the event is refused for that, and kept with what it held.
        let text = || Value::from(String::from_utf8_lossy(payload.body));
        event.insert("data".to_owned(), data.unwrap_or_else(text));
    }
    Ok(Value::Object(event))
}

/// A header's value as text (§3.1.3.2): percent-encoded, and in quotes where it was written so.
fn unescaped(value: &str) -> String {
    let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let (mut bytes, mut escaped) = (Vec::with_capacity(value.len()), false);
    let mut rest = quoted.unwrap_or(value).as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let hex = after.get(..2).filter(|it| it.iter().all(u8::is_ascii_hexdigit));
        let hex = hex.and_then(|it| std::str::from_utf8(it).ok());
        let decoded = hex.and_then(|it| u8::from_str_radix(it, 16).ok());
        match (byte, decoded) {
            (b'\\', _) if quoted.is_some() && !escaped => escaped = true,
            (b'%', Some(decoded)) if !escaped => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*byte);
                escaped = false;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Data that stands in the event as base64 (JSON format 1.0.2 §3.1.1): JSON all the same, or nothing
/// that is understood.
fn unpacked(mut event: Value) -> Item {
    let Some(packed) = event.get("data_base64").filter(|packed| !packed.is_null()) else {
        return Ok(event);
    };
    let bytes = packed.as_str().and_then(|text| STANDARD.decode(text).ok());
    let data = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    match (data, event.as_object_mut()) {
        (Some(data), Some(fields)) => {
            fields.remove("data_base64");
            fields.insert("data".to_owned(), data);
            Ok(event)
        }
        _ => {
            let fault = Fault::invalid("data_base64", "must be JSON in base64; send `data`");
            Err((fault, event))
        }
    }
}

fn whole(body: &[u8]) -> Result<Vec<Item>, Fault> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Fault::invalid("body", format!("is not JSON: {error}")))?;
    Ok(items(value))
}

fn items(body: Value) -> Vec<Item> {
    match body {
        Value::Array(items) => items.into_iter().map(Ok).collect(),
        one => vec![Ok(one)],
    }
}

/// A line that can't be read does not spoil the others.
fn lines(body: &[u8]) -> Vec<Item> {
    body.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .map(|line| {
            serde_json::from_slice(line).map_err(|error| {
                let fault = Fault::invalid("line", format!("is not JSON: {error}"));
                (fault, Value::from(String::from_utf8_lossy(line)))
            })
        })
        .collect()
}

fn decode(item: Item, arrived: Timestamp) -> Decoded {
    match item.and_then(unpacked) {
        Ok(value) => match Event::from_json(&value, arrived) {
            Ok(event) => Decoded::Event(event),
            Err(fault) => Decoded::Bad { fault, payload: value },
        },
        Err((fault, payload)) => Decoded::Bad { fault, payload },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const GOOD: &str = r#"{"specversion":"1.0","id":"1","source":"app","type":"x","subject":"u1"}"#;

    fn decode(kind: &str, body: &str) -> Result<Vec<Decoded>, Fault> {
        asked(kind, &[], body.as_bytes())
    }

    fn asked(kind: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Vec<Decoded>, Fault> {
        let arrived = "2026-11-21T10:00:00Z".parse().unwrap();
        let payload = Payload { content_type: kind, headers, body, source: "web", arrived };
        CloudEvents.decode(&payload)
    }

    fn event(decoded: Result<Vec<Decoded>, Fault>) -> Event {
        match decoded.unwrap().remove(0) {
            Decoded::Event(event) => event,
            Decoded::Bad { fault, .. } => panic!("{fault}"),
        }
    }

    const ATTRIBUTES: [(&str, &str); 7] = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "e%2D1"),
        ("ce-source", "\"urn:\\\"shop\""),
        ("ce-type", "order.placed"),
        ("ce-subject", "Zo%C3%AB 100%"),
        ("ce-time", "2026-11-21T09:59:00Z"),
    ];

    #[test]
    fn attributes_may_be_headers() {
        let event = event(asked("application/json", &ATTRIBUTES, br#"{"value": 3}"#));
        assert_eq!((event.id.as_str(), event.source.as_str()), ("e-1", "urn:\"shop"));
        assert_eq!(
            (event.kind.as_str(), event.subject.as_str()),
            ("order.placed", "Zo\u{eb} 100%")
        );
        assert_eq!(event.time, "2026-11-21T09:59:00Z".parse().unwrap());
        assert_eq!(event.data["value"], 3);
    }

    #[test]
    fn an_event_in_headers_may_have_no_data_and_no_other_than_json() {
        assert!(event(asked("", &ATTRIBUTES, b"")).data.is_empty());
        for (kind, body) in [("text/plain", "{}"), ("application/json", "{"), ("", "[1]")] {
            let decoded = asked(kind, &ATTRIBUTES, body.as_bytes()).unwrap();
            let [Decoded::Bad { fault, payload }] = decoded.as_slice() else {
                panic!("{decoded:?}")
            };
            assert!(fault.to_string().starts_with("data: must be a JSON object"), "{fault}");
            assert_eq!(payload["id"], "e-1");
        }
        // Structured, whatever else the headers say.
        assert_eq!(
            event(asked("application/cloudevents+json", &ATTRIBUTES, GOOD.as_bytes())).id,
            "1"
        );
    }

    #[test]
    fn data_may_be_packed() {
        let packed = |data: &str| GOOD.replace("\"id\"", &format!("\"data_base64\":{data},\"id\""));
        assert_eq!(event(decode("", &packed(r#""eyJ2YWx1ZSI6M30=""#))).data["value"], 3);
        assert_eq!(event(decode("", &packed("null"))).id, "1");
        for wrong in ["\"AAEC\"", "\"?\"", "5"] {
            let decoded = decode("", &packed(wrong)).unwrap();
            let [Decoded::Bad { fault, .. }] = decoded.as_slice() else { panic!("{decoded:?}") };
            assert!(fault.to_string().starts_with("data_base64: "), "{fault}");
        }
    }

    #[rstest]
    #[case("application/cloudevents+json; charset=utf-8", GOOD.to_owned(), 1)]
    #[case("application/cloudevents-batch+json", format!("[{GOOD},{GOOD}]"), 2)]
    #[case("application/json", format!("[{GOOD}]"), 1)]
    #[case("application/x-ndjson", format!("{GOOD}\r\n\n{GOOD}\n"), 2)]
    fn every_shape(#[case] kind: &str, #[case] body: String, #[case] events: usize) {
        let decoded = decode(kind, &body).unwrap();
        assert_eq!(decoded.len(), events);
        assert!(decoded.iter().all(|item| matches!(item, Decoded::Event(_))));
    }

    #[test]
    fn a_bad_line_does_not_spoil_the_others() {
        let decoded =
            decode("application/x-ndjson", &format!("{GOOD}\n{{\"id\":\n[]\n{GOOD}")).unwrap();
        let bad = |item: &Decoded| matches!(item, Decoded::Bad { .. });
        assert_eq!(decoded.iter().map(bad).collect::<Vec<_>>(), [false, true, true, false]);
    }

    #[test]
    fn what_cannot_be_read_at_all_is_an_error() {
        assert!(
            decode("application/json", "{\"id\":")
                .unwrap_err()
                .to_string()
                .starts_with("body: is not JSON")
        );
        assert!(decode("text/csv", "a,b").unwrap_err().to_string().starts_with("content-type:"));
        let many = format!("[{}]", vec![GOOD; MAX_ITEMS + 1].join(","));
        assert!(decode("application/json", &many).unwrap_err().to_string().contains("at most 500"));
    }
}
