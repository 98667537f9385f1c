//! The API of the quarantine.

use crate::http::{Call, Reply};
use ceap_connectors::{pinpoint, segment};
use ceap_engagement::event::Event;
use ceap_engagement::pipeline::accept::{Decoded, EventStream};
use ceap_engagement::quarantine::redrive::{Asked, Reads, discard, redrive};
use ceap_engagement::quarantine::{Filter, Quarantine, Rejected, Shelf, list};
use ceap_engagement::source::again::Mappings;
use ceap_engagement::source::library::Sources;
use ceap_kernel::access::Role;
use ceap_kernel::{Fault, TenantId};
use tokio::sync::Mutex;

/// What of a tenant could not be taken, the sources that rows of it are of, and the stream that it is sent on
/// again.
#[derive(Debug)]
pub struct QuarantineApi<S, L, E> {
    shelf: S,
    sources: L,
    stream: E,
}

impl<S: Shelf + Quarantine, L: Sources, E: EventStream> QuarantineApi<S, L, E> {
    /// Kept on `shelf`, sent again on `stream`.
    #[must_use]
    pub const fn new(shelf: S, sources: L, stream: E) -> Self {
        Self { shelf, sources, stream }
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
                let reads = AsEvents { sources: &self.sources, mappings: Mutex::default() };
                let done = redrive(tenant, &asked, shelf, &reads, &self.stream).await?;
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
const STAGES: [&str; 4] = ["ingest-http", "ingest-tracking", "ingest-pinpoint", "ingest-stream"];

/// What stages before the last had are events, as they came or as they were read; calls of clients that
/// speak another platform's dialect; or rows of a source, which it maps.
#[derive(Debug)]
pub struct AsEvents<'a, L> {
    sources: &'a L,
    mappings: Mutex<Mappings>,
}

impl<L: Sources> Reads for AsEvents<'_, L> {
    async fn read(
        &self,
        tenant: &TenantId,
        rejected: &Rejected,
    ) -> Result<Option<Vec<Decoded>>, Fault> {
        if !STAGES.contains(&rejected.stage.as_str()) {
            let mut mappings = self.mappings.lock().await;
            return mappings.read(self.sources, tenant, rejected).await;
        }
        if rejected.payload.pointer("/segment/call").is_some() {
            return Ok(segment::again(&rejected.payload, rejected.at));
        }
        if rejected.payload.pointer("/pinpoint/event").is_some() {
            return Ok(pinpoint::again(&rejected.payload, rejected.at));
        }
        let event = Event::from_json(&rejected.payload, rejected.at);
        Ok(Some(vec![match event {
            Ok(event) => Decoded::Event(event),
            Err(fault) => Decoded::Bad { fault, payload: rejected.payload.clone() },
        }]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceap_connectors::Payload;
    use ceap_engagement::source::library::Stored;
    use ceap_kernel::Timestamp;
    use ceap_testkit::World;
    use ceap_testkit::builders::{noon, tenant};
    use serde_json::{Value, json};

    async fn read_of(world: &World, stage: &str, payload: Value) -> Option<Vec<Decoded>> {
        let fault = Fault::invalid("a", "b");
        let rejected = Rejected::new(None, stage, &fault, payload, Timestamp::UNIX_EPOCH);
        let reads = AsEvents { sources: world, mappings: Mutex::default() };
        reads.read(&tenant("acme"), &rejected).await.unwrap()
    }

    async fn read(stage: &str, payload: Value) -> Option<Vec<Decoded>> {
        read_of(&World::new(noon()), stage, payload).await
    }

    #[tokio::test]
    async fn each_stage_is_read_as_what_it_had() {
        let event = json!({"id": "1", "source": "app", "type": "x", "subject": "u"});
        let found = read("ingest-http", event.clone()).await.unwrap();
        assert!(matches!(&found[..], [Decoded::Event(_)]));
        let found = read("ingest-stream", json!(5)).await.unwrap();
        assert!(matches!(&found[..], [Decoded::Bad { .. }]));
        assert!(read("filter", event).await.is_none());
        let body = br#"{"type":"track","userId":"u","messageId":"m"}"#;
        let (headers, arrived) = (&[], Timestamp::UNIX_EPOCH);
        let payload = Payload { content_type: "", headers, body, source: "shop", arrived };
        let kept = match segment::decode(&payload, None).unwrap().remove(0) {
            Decoded::Bad { payload, .. } => payload,
            Decoded::Event(event) => panic!("{event:?}"),
        };
        let found = read("ingest-http", kept.clone()).await.unwrap();
        assert!(matches!(&found[..], [Decoded::Bad { .. }]));
        let mut mended = kept;
        mended["segment"]["call"]["event"] = json!("x");
        let read = read("ingest-http", mended).await.unwrap();
        let [Decoded::Event(event)] = &read[..] else { panic!("{read:?}") };
        assert_eq!((event.id.as_str(), event.source.as_str()), ("m", "shop"));
    }

    #[tokio::test]
    async fn a_row_is_mapped_as_its_source_says_by_now() {
        let world = World::new(noon());
        let mapping = json!({"type": "'order_placed'", "subject": "row.customer",
            "data": {"topic": "headers.topic"}, "when": "row.total > 0"});
        let document = json!({"id": "shop", "name": "Shop", "from": {"sqs": {"mapping": mapping}}});
        let document = serde_json::from_value(document).unwrap();
        let stored = Stored { version: 1, updated_at: noon(), document };
        Sources::put(&world, &tenant("acme"), &stored).await.unwrap();
        let kept = |row: Value| json!({"source": "shop", "id": "m-1", "headers": {"topic": "a"}, "row": row});
        let found = read_of(&world, "feed-sqs", kept(json!({"customer": "ada", "total": 3}))).await;
        let found = found.unwrap();
        let [Decoded::Event(event)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((event.id.as_str(), event.source.as_str()), ("m-1", "shop"));
        assert_eq!(Value::Object(event.data.clone()), json!({"topic": "a"}));
        let found = read_of(&world, "feed-sqs", kept(json!({"total": 3}))).await.unwrap();
        assert!(matches!(&found[..], [Decoded::Bad { .. }]));
        let found = read_of(&world, "feed-sqs", kept(json!({"customer": "ada", "total": 0}))).await;
        assert_eq!(found, Some(Vec::new()), "left out by now");
        let mut elsewhere = kept(json!({"customer": "ada", "total": 3}));
        elsewhere["source"] = json!("gone");
        assert_eq!(read_of(&world, "feed-sqs", elsewhere).await, None);
    }
}
