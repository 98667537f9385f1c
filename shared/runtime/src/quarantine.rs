//! The API of the quarantine.

use crate::http::{Call, Reply};
use ceap_connectors::segment;
use ceap_engagement::event::Event;
use ceap_engagement::pipeline::accept::{Decoded, EventStream};
use ceap_engagement::quarantine::redrive::{Asked, Reads, discard, redrive};
use ceap_engagement::quarantine::{Filter, Quarantine, Rejected, Shelf, list};
use ceap_kernel::Fault;
use ceap_kernel::access::Role;

/// What of a tenant could not be taken, and the stream that it is sent on again.
#[derive(Debug)]
pub struct QuarantineApi<S, E> {
    shelf: S,
    stream: E,
}

impl<S: Shelf + Quarantine, E: EventStream> QuarantineApi<S, E> {
    /// Kept on `shelf`, sent again on `stream`.
    #[must_use]
    pub const fn new(shelf: S, stream: E) -> Self {
        Self { shelf, stream }
    }

    /// Answers a call. A list shows customers' data.
    ///
    /// # Errors
    /// `Forbidden` for a role that may not; `Invalid`, naming the field; `Unavailable` or `Throttled`.
    pub async fn answer(&self, call: &Call) -> Result<Reply, Fault> {
        let (tenant, shelf) = (&call.principal.tenant, &self.shelf);
        match call.route().as_str() {
            "GET /v1/quarantine" => {
                call.require(Role::may_read_customers)?;
                let (stage, code) = (call.query("stage"), call.query("code"));
                let (source, kind) = (call.query("source"), call.query("type"));
                let filter = Filter { stage, code, source, kind, ids: Vec::new() };
                let cursor = call.query("cursor");
                Reply::json(200, &list(tenant, &filter, cursor.as_deref(), shelf).await?)
            }
            "POST /v1/quarantine/redrive" => {
                call.require(Role::may_send)?;
                let asked: Asked = call.json("redrive")?;
                let done = redrive(tenant, &asked, shelf, &AsEvents, &self.stream).await?;
                Reply::json(200, &done)
            }
            "POST /v1/quarantine/discard" => {
                call.require(Role::may_send)?;
                let asked: Asked = call.json("discard")?;
                Reply::json(200, &discard(tenant, &asked, shelf).await?)
            }
            other => Err(Fault::NotFound(format!("there is no {other}"))),
        }
    }
}

/// The stages whose records are events, or calls of SDKs.
const STAGES: [&str; 3] = ["ingest-http", "ingest-tracking", "ingest-stream"];

/// What stages before the third had are events, as they came or as they were read; or calls of clients that
/// speak another platform's dialect.
#[derive(Debug)]
pub struct AsEvents;

impl Reads for AsEvents {
    fn read(&self, rejected: &Rejected) -> Option<Vec<Decoded>> {
        // What others have before a mapping is no event yet, or was one already.
        if !STAGES.contains(&rejected.stage.as_str()) {
            return None;
        }
        if rejected.payload.pointer("/segment/call").is_some() {
            return segment::again(&rejected.payload, rejected.at);
        }
        let event = Event::from_json(&rejected.payload, rejected.at);
        Some(vec![match event {
            Ok(event) => Decoded::Event(event),
            Err(fault) => Decoded::Bad { fault, payload: rejected.payload.clone() },
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceap_connectors::Payload;
    use ceap_kernel::Timestamp;
    use serde_json::{Value, json};

    fn read(stage: &str, payload: Value) -> Option<Vec<Decoded>> {
        let fault = Fault::invalid("a", "b");
        AsEvents.read(&Rejected::new(None, stage, &fault, payload, Timestamp::UNIX_EPOCH))
    }

    #[test]
    fn each_stage_is_read_as_what_it_had() {
        let event = json!({"id": "1", "source": "app", "type": "x", "subject": "u"});
        assert!(matches!(&read("ingest-http", event.clone()).unwrap()[..], [Decoded::Event(_)]));
        assert!(matches!(&read("ingest-stream", json!(5)).unwrap()[..], [Decoded::Bad { .. }]));
        assert!(read("filter", event).is_none());
        let body = br#"{"type":"track","userId":"u","messageId":"m"}"#;
        let (headers, arrived) = (&[], Timestamp::UNIX_EPOCH);
        let payload = Payload { content_type: "", headers, body, source: "shop", arrived };
        let kept = match segment::decode(&payload, None).unwrap().remove(0) {
            Decoded::Bad { payload, .. } => payload,
            Decoded::Event(event) => panic!("{event:?}"),
        };
        assert!(matches!(&read("ingest-http", kept.clone()).unwrap()[..], [Decoded::Bad { .. }]));
        let mut mended = kept;
        mended["segment"]["call"]["event"] = json!("x");
        let read = read("ingest-http", mended).unwrap();
        let [Decoded::Event(event)] = &read[..] else { panic!("{read:?}") };
        assert_eq!((event.id.as_str(), event.source.as_str()), ("m", "shop"));
    }
}
