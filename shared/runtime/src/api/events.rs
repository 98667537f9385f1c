//! Events.

use super::{Access, Answer, Content, Group, Operation, Parameter};
use ceap_engagement::pipeline::accept::Accepted;
use ceap_kernel::access::Role;
use ceap_kernel::{SubjectId, Timestamp};
use schemars::JsonSchema;
use serde_json::{Map, Value};

/// A CloudEvents 1.0 event in structured JSON. Other attributes are taken and not kept.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "events are read attribute by attribute; this is what is read")]
struct CloudEvent {
    /// The version of CloudEvents; 1.0 if left out.
    #[schemars(extend("const" = "1.0"))]
    specversion: Option<String>,
    /// Unique within `source`: an event that is sent again under the same id counts once.
    id: String,
    /// Who says so: a URI reference.
    source: String,
    /// What happened, in the past tense.
    r#type: String,
    /// Whom it is about.
    subject: SubjectId,
    /// When it happened; now if left out.
    time: Option<Timestamp>,
    /// The details: at most 32 KiB.
    data: Option<Map<String, Value>>,
}

/// One event or many.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is needed")]
enum CloudEvents {
    /// One.
    One(CloudEvent),
    /// Up to 500.
    Many(Vec<CloudEvent>),
}

const ONE: &str = r#"{"specversion":"1.0","id":"1","source":"shop","type":"cart_updated","subject":"ada","time":"2026-11-21T09:30:00Z","data":{"value":80,"cart_id":"c1"}}"#;
const MANY: &str = r#"[{"specversion":"1.0","id":"1","source":"shop","type":"cart_updated","subject":"ada","data":{"value":80}}]"#;

const ACCEPTED: Answer = Answer::json::<Accepted>(
    202,
    "What was taken will be processed. What was not is in quarantine, each with its reason.",
);

/// The operations.
pub const GROUP: Group = Group {
    tag: "Events",
    about: "What happened. Events come in as CloudEvents 1.0, at most 500 at once.",
    operations: &[
        Operation::new(
            "POST /v1/events",
            "sendEvents",
            "Sends events",
            Access::Role(Role::may_ingest),
        )
        .about(
            "After 429 or 503, and whenever there was no answer, send the same again: events that were taken before \
             count once. A body may be packed with gzip (`Content-Encoding: gzip`).",
        )
        .takes(&[
            Content::of::<CloudEvents>("application/cloudevents+json", ONE),
            Content::of::<Vec<CloudEvent>>("application/cloudevents-batch+json", MANY),
            Content::json::<CloudEvents>(ONE),
            Content::of::<String>("application/x-ndjson", ONE),
            Content::of::<String>("application/jsonl", ONE),
        ])
        .answers(&[ACCEPTED]),
        Operation::new(
            "POST /v1/connectors/{connector}",
            "sendToConnector",
            "Sends what a connector reads",
            Access::Role(Role::may_ingest),
        )
        .parameters(&[Parameter::path::<String>("connector", "The connector: `cloudevents`.")])
        .takes(&[Content::of::<Value>("*/*", "")])
        .answers(&[ACCEPTED])
        .fails(&[404]),
    ],
};
