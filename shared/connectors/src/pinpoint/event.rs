//! `PutEvents`: a batch of events, by endpoint.

use crate::name;
use ceap_engagement::endpoint::EndpointRequest;
use ceap_engagement::event::Event;
use ceap_engagement::pipeline::accept::Decoded;
use ceap_kernel::{Fault, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Bytes of one event as JSON.
pub const MAX_EVENT: usize = 32 * 1024;

/// Bytes that quarantine keeps of an event that is larger.
const KEPT: usize = 4 * 1024;

/// Events of one request. (Pinpoint takes 100; more do no harm.)
pub const MAX_EVENTS: usize = crate::MAX_ITEMS;

/// Endpoints of one request: what is written of them is written at once.
pub const MAX_ENDPOINTS: usize = 100;

/// A batch, by endpoint.
pub type Batch = Vec<Item>;

/// What a batch says of one endpoint.
#[derive(Debug)]
pub struct Item {
    /// The endpoint's id, as it was written.
    pub id: String,
    /// What is said of the endpoint itself.
    pub endpoint: Result<EndpointRequest, Fault>,
    /// Its events, as they were written, by their ids.
    pub events: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    #[serde(borrow)]
    batch_item: BTreeMap<String, &'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Of<'a> {
    #[serde(borrow, default)]
    endpoint: Option<&'a RawValue>,
    #[serde(borrow, default)]
    events: Option<BTreeMap<String, &'a RawValue>>,
}

/// Reads a batch. Endpoints and events are read one by one, so that one which is no good does not spoil the others.
///
/// # Errors
/// `Invalid` when it is none, or holds too much.
pub fn read(body: &[u8]) -> Result<Batch, Fault> {
    let read: Body<'_> = serde_json::from_slice(body)
        .map_err(|error| Fault::invalid("EventsRequest", format!("can't be read: {error}")))?;
    if read.batch_item.len() > MAX_ENDPOINTS {
        let message = format!("holds more than {MAX_ENDPOINTS} endpoints; send them in parts");
        return Err(Fault::invalid("BatchItem", message));
    }
    let items: Batch = read.batch_item.into_iter().map(|(id, item)| of(id, item.get())).collect();
    let events = items.iter().map(|item| item.events.len()).fold(0, usize::saturating_add);
    if events > MAX_EVENTS {
        let message = format!("holds {events} events; at most {MAX_EVENTS} are taken at once");
        return Err(Fault::invalid("BatchItem", message));
    }
    Ok(items)
}

fn of(id: String, text: &str) -> Item {
    let wrong =
        |error: serde_json::Error| Fault::invalid("Endpoint", format!("can't be read: {error}"));
    let (of, fault) = match serde_json::from_str::<Of<'_>>(text) {
        Ok(of) => (of, None),
        Err(error) => (Of::default(), Some(wrong(error))),
    };
    let said = of.endpoint.map_or("{}", RawValue::get);
    let endpoint = match fault {
        Some(fault) => Err(fault),
        None => serde_json::from_str(said).map_err(wrong),
    };
    let events = of.events.unwrap_or_default().into_iter();
    Item { id, endpoint, events: events.map(|(id, event)| (id, event.get().to_owned())).collect() }
}

/// Where an event belongs.
#[derive(Debug, Clone, Copy)]
pub struct Placed<'a> {
    /// The application.
    pub source: &'a str,
    /// The endpoint.
    pub endpoint: &'a str,
    /// Whom the endpoint belongs to.
    pub subject: &'a str,
    /// When it arrived.
    pub arrived: Timestamp,
}

impl Placed<'_> {
    /// The event that was written as `text` under `id`; or why it is none.
    #[must_use]
    pub fn event(&self, id: &str, text: &str) -> Decoded {
        let bad =
            |fault: Fault, event: Value| Decoded::Bad { fault, payload: self.kept(id, event) };
        let beginning = || Value::from(text.get(..text.floor_char_boundary(KEPT)).unwrap_or(text));
        if text.len() > MAX_EVENT {
            let message = format!("is {} bytes of JSON; at most {MAX_EVENT} are taken", text.len());
            return bad(Fault::invalid("Event", message), beginning());
        }
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => match self.read(id, &fields) {
                Ok(event) => Decoded::Event(event),
                Err(fault) => bad(fault, Value::Object(fields)),
            },
            Ok(other) => bad(Fault::invalid("Event", "must be a JSON object"), other),
            Err(error) => {
                bad(Fault::invalid("Event", format!("can't be read: {error}")), beginning())
            }
        }
    }

    fn read(&self, id: &str, fields: &Map<String, Value>) -> Result<Event, Fault> {
        let missing = |field: &str| Fault::invalid(field, "is missing; it is required");
        let name = text(fields, "EventType")?.ok_or_else(|| missing("EventType"))?;
        let time = text(fields, "Timestamp")?.ok_or_else(|| missing("Timestamp"))?;
        let rule = "must be an ISO 8601 instant, as 2026-11-21T09:30:00.000Z";
        let time = instant(time).ok_or_else(|| Fault::invalid("Timestamp", rule))?;
        let kind = name::kind(name);
        let event = json!({
            "id": id,
            "source": self.source,
            "type": kind,
            "subject": self.subject,
            "time": time,
            "data": self.data(fields, (kind != name).then_some(name))?,
        });
        Event::from_json(&event, self.arrived)
    }

    /// What Pinpoint's own event stream calls these fields (developer guide, Stream events, App events). Metrics
    /// and attributes are fields by their own names, too, where those are free: features are made of fields.
    fn data(&self, fields: &Map<String, Value>, name: Option<&str>) -> Result<Value, Fault> {
        let session = object(fields, "Session")?;
        let mut data = Map::new();
        let mut set = |field: &str, value: Value| {
            let empty = value.as_object().is_some_and(Map::is_empty);
            if !value.is_null() && !empty {
                data.insert(field.to_owned(), value);
            }
        };
        set("event", name.map_or(Value::Null, Value::from));
        set("attributes", each(fields, "Attributes", "text", Value::is_string)?);
        set("metrics", each(fields, "Metrics", "a number", Value::is_number)?);
        set("client", json!({"client_id": self.endpoint}));
        set(
            "session",
            given(&[
                ("session_id", text(&session, "Id")?.map(Value::from)),
                ("start_timestamp", text(&session, "StartTimestamp")?.map(Value::from)),
                ("stop_timestamp", text(&session, "StopTimestamp")?.map(Value::from)),
                ("duration", session.get("Duration").filter(|it| it.is_number()).cloned()),
            ]),
        );
        let sdk = given(&[
            ("name", text(fields, "SdkName")?.map(Value::from)),
            ("version", text(fields, "ClientSdkVersion")?.map(Value::from)),
        ]);
        let sdk = Some(sdk).filter(|it| it.as_object().is_some_and(|sdk| !sdk.is_empty()));
        set(
            "application",
            given(&[
                ("package_name", text(fields, "AppPackageName")?.map(Value::from)),
                ("title", text(fields, "AppTitle")?.map(Value::from)),
                ("version_code", text(fields, "AppVersionCode")?.map(Value::from)),
                ("sdk", sdk),
            ]),
        );
        for under in ["metrics", "attributes"] {
            for (name, value) in
                data.get(under).and_then(Value::as_object).cloned().unwrap_or_default()
            {
                data.entry(name).or_insert(value);
            }
        }
        Ok(Value::Object(data))
    }

    /// An event as quarantine keeps it: with what it takes to look for it, to take its subject out, and to read
    /// it again.
    fn kept(&self, id: &str, event: Value) -> Value {
        let kind = event.get("EventType").and_then(Value::as_str).map(name::kind);
        json!({
            "source": self.source,
            "type": kind,
            "subject": self.subject,
            "pinpoint": {"endpoint": self.endpoint, "id": id, "event": event},
        })
    }
}

/// What an event that quarantine kept is by now; none for anything else, and for one of which not all was kept.
/// It arrived at `arrived`.
#[must_use]
pub fn again(payload: &Value, arrived: Timestamp) -> Option<Vec<Decoded>> {
    let kept = payload.get("pinpoint")?;
    let event = kept.get("event").filter(|event| event.is_object())?;
    let placed = Placed {
        source: payload.get("source")?.as_str()?,
        endpoint: kept.get("endpoint")?.as_str()?,
        subject: payload.get("subject")?.as_str()?,
        arrived,
    };
    Some(vec![placed.event(kept.get("id")?.as_str()?, &event.to_string())])
}

fn text<'a>(fields: &'a Map<String, Value>, field: &str) -> Result<Option<&'a str>, Fault> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Fault::invalid(field, "must be text")),
    }
}

fn object(fields: &Map<String, Value>, field: &str) -> Result<Map<String, Value>, Fault> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object.clone()),
        Some(_) => Err(Fault::invalid(field, "must be a JSON object")),
    }
}

/// An object whose values are all of one kind; what is null is not there.
fn each(
    fields: &Map<String, Value>,
    field: &str,
    rule: &str,
    is: fn(&Value) -> bool,
) -> Result<Value, Fault> {
    let mut values = object(fields, field)?;
    values.retain(|_, value| !value.is_null());
    match values.iter().find(|(_, value)| !is(value)) {
        Some((name, _)) => {
            Err(Fault::invalid(format!("{field}.{name}"), format!("must be {rule}")))
        }
        None => Ok(Value::Object(values)),
    }
}

fn given(fields: &[(&str, Option<Value>)]) -> Value {
    let there =
        fields.iter().filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?)));
    Value::Object(there.collect())
}

/// One without an offset is UTC.
fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn placed() -> Placed<'static> {
        let arrived = "2026-11-21T12:00:00Z".parse().unwrap();
        Placed { source: "shop", endpoint: "phone-1", subject: "ada", arrived }
    }

    fn good() -> Value {
        json!({
            "EventType": "_session.start", "Timestamp": "2026-11-21T11:00:00.5Z",
            "Attributes": {"color": "red", "gone": null}, "Metrics": {"value": 9.5},
            "Session": {"Id": "s-1", "StartTimestamp": "2026-11-21T11:00:00Z", "Duration": 5},
            "AppPackageName": "ch.example", "AppTitle": "Shop", "AppVersionCode": "7",
            "SdkName": "amplify", "ClientSdkVersion": "1.2",
        })
    }

    #[test]
    fn an_event_has_the_names_of_pinpoints_own_stream() {
        let Decoded::Event(event) = placed().event("e-1", &good().to_string()) else { panic!() };
        assert_eq!((event.id.as_str(), event.source.as_str()), ("e-1", "shop"));
        assert_eq!((event.kind.as_str(), event.subject.as_str()), ("event__session.start", "ada"));
        assert_eq!(event.time, "2026-11-21T11:00:00.5Z".parse().unwrap());
        let data = json!({
            "event": "_session.start",
            "attributes": {"color": "red"}, "metrics": {"value": 9.5}, "color": "red", "value": 9.5,
            "client": {"client_id": "phone-1"},
            "session": {"session_id": "s-1", "start_timestamp": "2026-11-21T11:00:00Z", "duration": 5},
            "application": {"package_name": "ch.example", "title": "Shop", "version_code": "7",
                            "sdk": {"name": "amplify", "version": "1.2"}},
        });
        assert_eq!(Value::Object(event.data), data);
    }

    #[rstest]
    #[case("EventType", Value::Null, "EventType: is missing")]
    #[case("EventType", json!(5), "EventType: must be text")]
    #[case("Timestamp", json!("noon"), "Timestamp: must be an ISO 8601")]
    #[case("Timestamp", json!("2036-11-21T12:00:00Z"), "time: lies more than 5 minutes")]
    #[case("Attributes", json!({"a": ["b"]}), "Attributes.a: must be text")]
    #[case("Metrics", json!({"a": "1"}), "Metrics.a: must be a number")]
    #[case("Session", json!("s"), "Session: must be a JSON object")]
    #[case("Attributes", json!({"a": "x".repeat(MAX_EVENT)}), "Event: is 33")]
    fn what_is_wrong_is_named_and_can_be_mended(
        #[case] field: &str,
        #[case] value: Value,
        #[case] says: &str,
    ) {
        let mut event = good();
        event[field] = value;
        let Decoded::Bad { fault, mut payload } = placed().event("e-1", &event.to_string()) else {
            panic!()
        };
        assert!(fault.to_string().starts_with(says), "{fault}");
        assert_eq!((&payload["subject"], &payload["source"]), (&json!("ada"), &json!("shop")));
        assert!(payload.to_string().len() < MAX_EVENT);
        let arrived = placed().arrived;
        let Some(whole) = payload["pinpoint"]["event"].as_object() else {
            return assert_eq!(again(&payload, arrived), None, "not all of it was kept");
        };
        assert!(!whole.is_empty());
        assert!(matches!(again(&payload, arrived).unwrap()[..], [Decoded::Bad { .. }]));
        payload["pinpoint"]["event"] = good();
        assert_eq!(again(&payload, arrived).unwrap(), [placed().event("e-1", &good().to_string())]);
    }

    #[test]
    fn what_is_no_event_of_these_is_none() {
        for payload in [json!(5), json!({"pinpoint": {}}), json!({"subject": "a", "source": "b"})] {
            assert_eq!(again(&payload, placed().arrived), None);
        }
    }

    #[test]
    fn one_that_can_not_be_read_does_not_spoil_the_others() {
        let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
        let body = format!(
            r#"{{"BatchItem": {{"a": {{"Endpoint": {{"ChannelType": "FAX"}}, "Events": {{"1": {deep}, "2": {{}}}}}},
                 "b": {{"Events": {{}}}}, "c": 5}}}}"#
        );
        let batch = read(body.as_bytes()).unwrap();
        let seen: Vec<(&str, bool, usize)> =
            batch.iter().map(|it| (it.id.as_str(), it.endpoint.is_ok(), it.events.len())).collect();
        assert_eq!(seen, [("a", false, 2), ("b", true, 0), ("c", false, 0)]);
        assert!(matches!(placed().event("1", &batch[0].events[0].1), Decoded::Bad { .. }));
        for body in ["", "[]", "{}", r#"{"BatchItem": []}"#] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
        let many = (0..101).map(|n| format!(r#""{n}": {{}}"#)).collect::<Vec<_>>().join(",");
        assert!(read(format!(r#"{{"BatchItem": {{{many}}}}}"#).as_bytes()).is_err());
    }
}
