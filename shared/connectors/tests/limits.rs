//! How much each door takes: all of it, and not one more (`docs/src/security.md`, "At most").
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use ceap_connectors::cloudevents::CloudEvents;
use ceap_connectors::feeds::{self, MAX_PIECES, MAX_UNPACKED};
use ceap_connectors::pinpoint::message::{self, MAX_RECIPIENTS};
use ceap_connectors::pinpoint::{self, MAX_ENDPOINTS, MAX_EVENT, MAX_EVENTS, Placed};
use ceap_connectors::segment::{self, MAX_CALL, MAX_CALLS};
use ceap_connectors::{Connector, MAX_ITEMS, Payload};
use ceap_engagement::pipeline::accept::Decoded;
use ceap_kernel::{Fault, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};
use std::io::Write;

fn arrived() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn payload(body: &[u8]) -> Payload<'_> {
    let (content_type, headers) = ("application/json", &[][..]);
    Payload { content_type, headers, body, source: "shop", arrived: arrived() }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(found: Result<T, Fault>, said: &str) {
    assert_eq!(found.unwrap_err().to_string(), said);
}

/// Whether an item is an event; else why not.
fn event(item: &Decoded) -> Result<(), String> {
    match item {
        Decoded::Event(_) => Ok(()),
        Decoded::Bad { fault, .. } => Err(fault.to_string()),
    }
}

/// JSON of exactly so many bytes, with blanks before its end.
fn padded(value: &Value, bytes: usize) -> String {
    let text = value.to_string();
    let begin = text.strip_suffix('}').unwrap();
    format!("{begin}{}}}", " ".repeat(bytes - text.len()))
}

#[test]
fn calls_of_a_batch() {
    let batch = |calls: usize| json!({"batch": vec![0; calls]}).to_string();
    let decode = |calls| segment::decode(&payload(batch(calls).as_bytes()), None);
    assert_eq!(decode(MAX_CALLS).unwrap().len(), MAX_CALLS);
    refused(decode(MAX_CALLS + 1), "batch: holds 5001 calls; send at most 5000 at once");
}

#[test]
fn bytes_of_a_call() {
    let decode = |bytes: usize| {
        let call = json!({"type": "track", "event": "Bought", "userId": "u1", "messageId": "m"});
        let batch = format!(r#"{{"batch": [{}]}}"#, padded(&call, bytes));
        event(&segment::decode(&payload(batch.as_bytes()), None).unwrap()[0])
    };
    assert_eq!(decode(MAX_CALL), Ok(()));
    let said = "call: is 32769 bytes of JSON; at most 32768 are taken";
    assert_eq!(decode(MAX_CALL + 1), Err(said.to_owned()));
}

#[test]
fn events_of_a_payload() {
    let decode = |events: usize| {
        let body = json!(vec![json!({"id": "1"}); events]).to_string();
        CloudEvents.decode(&payload(body.as_bytes())).map(|it| it.len())
    };
    assert_eq!(decode(MAX_ITEMS), Ok(MAX_ITEMS));
    refused(decode(MAX_ITEMS + 1), "body: holds 501 events; send at most 500 at once");
}

#[test]
fn what_one_request_of_pinpoints_clients_says() {
    let many = |count: usize, of: Value| -> Map<String, Value> {
        (0..count).map(|n| (n.to_string(), of.clone())).collect()
    };
    let endpoints = |count| {
        let body = json!({"BatchItem": many(count, json!({}))}).to_string();
        pinpoint::read(body.as_bytes()).map(|it| it.len())
    };
    assert_eq!(endpoints(MAX_ENDPOINTS), Ok(MAX_ENDPOINTS));
    refused(
        endpoints(MAX_ENDPOINTS + 1),
        "BatchItem: holds more than 100 endpoints; send them in parts",
    );
    let events = |count| {
        let item = json!({"Events": many(count, json!({}))});
        pinpoint::read(json!({"BatchItem": {"a": item}}).to_string().as_bytes()).map(|it| it.len())
    };
    assert_eq!(events(MAX_EVENTS), Ok(1));
    refused(events(MAX_EVENTS + 1), "BatchItem: holds 501 events; at most 500 are taken at once");
    let recipients = |count| {
        let body = json!({"Addresses": many(count, json!({}))}).to_string();
        message::read(body.as_bytes()).map(|_| ())
    };
    assert!(recipients(MAX_RECIPIENTS).is_ok());
    refused(
        recipients(MAX_RECIPIENTS + 1),
        "MessageRequest: names 101 recipients; it must name 1 to 100",
    );
}

#[test]
fn bytes_of_pinpoints_event() {
    let placed = Placed { source: "shop", endpoint: "phone", subject: "ada", arrived: arrived() };
    let taken = |bytes: usize| {
        let said = json!({"EventType": "a", "Timestamp": "2026-11-21T11:00:00Z"});
        event(&placed.event("1", &padded(&said, bytes)))
    };
    assert_eq!(taken(MAX_EVENT), Ok(()));
    let said = "Event: is 32769 bytes of JSON; at most 32768 are taken";
    assert_eq!(taken(MAX_EVENT + 1), Err(said.to_owned()));
}

#[test]
fn values_of_a_record() {
    let values = |count: usize| feeds::pieces("7", "1 ".repeat(count).as_bytes());
    assert!(values(MAX_PIECES).iter().all(|(_, read)| read.is_ok()));
    let more = values(MAX_PIECES + 5);
    assert_eq!(more.len(), MAX_PIECES + 1);
    let (id, last) = more.last().unwrap();
    assert_eq!(id, "7#10000");
    let (fault, _) = last.as_ref().unwrap_err();
    assert_eq!(fault.to_string(), "record: holds more than 10000 values; send them in several");
}

#[test]
fn bytes_of_a_record_unpacked() {
    let read = |bytes: usize| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&vec![b' '; bytes - 1]).unwrap();
        packer.write_all(b"1").unwrap();
        feeds::pieces("7", &packer.finish().unwrap()).remove(0).1
    };
    let most = usize::try_from(MAX_UNPACKED).unwrap();
    assert_eq!(read(most - 1), Ok(json!(1)));
    let (fault, _) = read(most).unwrap_err();
    assert_eq!(fault.to_string(), "record: must be below 10485760 bytes, unpacked");
}
