//! Segment's HTTP Tracking API, which the SDKs of Segment and of RudderStack speak: one call, or a batch.
//!
//! <https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/>. An event's id is its
//! `messageId` and its source the tenant's, so that an event counts once however clients regroup what
//! they send again. What each call becomes is told in `docs/src/sources.md`.

mod call;
mod context;
mod quarantined;

use crate::{Connector, Payload};
use ceap_engagement::pipeline::accept::Decoded;
use ceap_kernel::{Fault, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

pub use call::CALLS;
pub use quarantined::again;

/// Bytes of one call as JSON (Segment's own limit).
pub const MAX_CALL: usize = 32 * 1024;

/// Calls of one batch. (Segment bounds its bytes alone, 500 KB; its SDKs send a hundred at most. Here a body has ten times
/// that, for RudderStack's, and what is no call costs a write each.)
pub const MAX_CALLS: usize = 5_000;

/// Bytes that quarantine keeps of a call that is larger.
const KEPT: usize = 4 * 1024;

/// Segment's calls.
#[derive(Debug)]
pub struct Segment;

impl Connector for Segment {
    fn name(&self) -> &'static str {
        "segment"
    }

    fn decode(&self, payload: &Payload<'_>) -> Result<Vec<Decoded>, Fault> {
        decode(payload, None)
    }
}

/// What is read of a body before its calls are.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    batch: Option<&'a RawValue>,
    #[serde(rename = "sentAt", default)]
    sent_at: Option<Value>,
    #[serde(rename = "writeKey", default)]
    write_key: Option<Value>,
}

/// Decodes one call, or a batch of them. `kind` is what the path says that one call is; without it, its
/// own `type` does.
///
/// # Errors
/// `Invalid` when the body is no JSON object, or its `batch` no array, or more than [`MAX_CALLS`]. What is wrong
/// with a call is told beside the others.
pub fn decode(payload: &Payload<'_>, kind: Option<&str>) -> Result<Vec<Decoded>, Fault> {
    let body = read(payload.body)?;
    let sent = body.sent_at.as_ref().and_then(call::instant);
    let Payload { source, arrived, .. } = *payload;
    let arrival = |kind, place| Arrival { source, kind, arrived, sent, place };
    let Some(batch) = body.batch else {
        let text = std::str::from_utf8(payload.body).map_err(|_| no_json("UTF-8"))?;
        return Ok(one(text, &arrival(kind, 0)));
    };
    let calls: Vec<&RawValue> = serde_json::from_str(batch.get())
        .map_err(|_| Fault::invalid("batch", "must be an array of calls"))?;
    if calls.len() > MAX_CALLS {
        let message = format!("holds {} calls; send at most {MAX_CALLS} at once", calls.len());
        return Err(Fault::invalid("batch", message));
    }
    let mut decoded = Vec::with_capacity(calls.len());
    for (place, call) in calls.into_iter().enumerate() {
        decoded.extend(one(call.get(), &arrival(None, place)));
    }
    Ok(decoded)
}

/// The write key that a body names, as browsers send it, which cannot set headers.
#[must_use]
pub fn write_key(body: &[u8]) -> Option<String> {
    let key = read(body).ok()?.write_key?;
    key.as_str().filter(|key| !key.is_empty()).map(str::to_owned)
}

fn read(body: &[u8]) -> Result<Body<'_>, Fault> {
    // An array would be read field by field.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(no_json("it is an array"));
    }
    serde_json::from_slice(body).map_err(|error| no_json(&error.to_string()))
}

fn no_json(how: &str) -> Fault {
    Fault::invalid("body", format!("is not a JSON object: {how}"))
}

/// How a call came in.
struct Arrival<'a> {
    source: &'a str,
    /// What the path says that it is.
    kind: Option<&'a str>,
    arrived: Timestamp,
    /// When its client sent it, by the client's clock.
    sent: Option<Timestamp>,
    /// Its place in the batch.
    place: usize,
}

/// The events of one call, or why there are none. Calls are parsed one by one, so that one which nests
/// without end does not spoil the others.
fn one(text: &str, arrival: &Arrival<'_>) -> Vec<Decoded> {
    let bad = |fault: Fault, call: Value| {
        vec![Decoded::Bad { fault, payload: quarantined::kept(text, call, arrival) }]
    };
    if text.len() > MAX_CALL {
        let message = format!("is {} bytes of JSON; at most {MAX_CALL} are taken", text.len());
        return bad(Fault::invalid("call", message), Value::from(beginning(text)));
    }
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            let fault = Fault::invalid("call", format!("can't be read: {error}"));
            return bad(fault, Value::from(beginning(text)));
        }
    };
    match call::events(&value, text, arrival) {
        Ok(events) => events.into_iter().map(Decoded::Event).collect(),
        Err(fault) => bad(fault, value),
    }
}

fn beginning(text: &str) -> &str {
    text.get(..text.floor_char_boundary(KEPT)).unwrap_or(text)
}

#[cfg(test)]
mod tests;
