//! Segment's and Jitsu's dialects.

use super::{Access, Answer, Content, Group, Operation, Parameter};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// What calls are answered with, once they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CallsTaken {
    /// true.
    pub success: bool,
}

/// What clients are told instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CallsRefused {
    /// A stable code for programs.
    pub code: &'static str,
    /// What is wrong, and the remedy.
    pub message: String,
}

/// Browsers send JSON as `text/plain`, RudderStack packed and labelled as a form.
const CALL: &[Content] = &[
    Content::json::<Value>(
        r#"{"type":"track","userId":"ada","event":"Order Completed","properties":{"total":74.5},"messageId":"m-1"}"#,
    ),
    Content::of::<Value>("*/*", ""),
];

const BATCH: &[Content] = &[
    Content::json::<Value>(
        r#"{"batch":[{"type":"track","userId":"ada","event":"Order Completed","messageId":"m-1"}],"sentAt":"2026-11-21T09:30:00Z"}"#,
    ),
    Content::of::<Value>("*/*", ""),
];

const fn refused(status: u16, about: &'static str) -> Answer {
    Answer::json::<CallsRefused>(status, about)
}

const ANSWERS: &[Answer] = &[
    Answer::json::<CallsTaken>(200, "Taken. Calls that are no good are in quarantine."),
    refused(400, "The body cannot be read, or is larger than 5 MiB, unpacked."),
    refused(401, "No write key, or one that is not known, or no longer."),
    refused(403, "A credential that may not send events."),
    refused(429, "Too much at once: send the same again after `Retry-After` seconds."),
    refused(500, "A defect of the platform; it has been logged."),
    refused(503, "Something that is needed does not answer: send the same again, a little later."),
];

const SETTINGS: &[Answer] = &[
    Answer::json::<Value>(200, "Where to send to."),
    refused(403, "A credential that may not send events."),
    refused(404, "There is no such write key."),
    refused(429, "Too much at once: ask again after `Retry-After` seconds."),
    refused(500, "A defect of the platform; it has been logged."),
    refused(503, "Something that is needed does not answer: ask again, a little later."),
];

const TYPE: &[Parameter] = &[Parameter::path::<String>(
    "type",
    "`track`, `identify`, `page`, `screen`, `group`, `alias` or `batch`.",
)];

const fn call(route: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::new(route, id, summary, Access::WriteKey).takes(CALL).answers(ANSWERS)
}

/// The operations.
pub const GROUP: Group = Group {
    tag: "Tracking",
    about: "For SDKs of Segment, RudderStack and Jitsu, unmodified. Their errors are `{\"code\", \"message\"}`.",
    operations: &[
        call("POST /v1/track", "segmentTrack", "Something happened"),
        call("POST /v1/identify", "segmentIdentify", "Who someone is"),
        call("POST /v1/page", "segmentPage", "A page was viewed"),
        call("POST /v1/screen", "segmentScreen", "A screen was viewed"),
        call("POST /v1/group", "segmentGroup", "Someone belongs to a group"),
        call("POST /v1/alias", "segmentAlias", "Two ids are one person's"),
        call("POST /v1/batch", "segmentBatch", "Many calls").takes(BATCH),
        call("POST /v1/t", "segmentT", "As `track`, for browsers"),
        call("POST /v1/i", "segmentI", "As `identify`, for browsers"),
        call("POST /v1/p", "segmentP", "As `page`, for browsers"),
        call("POST /v1/s", "segmentS", "As `screen`, for browsers"),
        call("POST /v1/g", "segmentG", "As `group`, for browsers"),
        call("POST /v1/a", "segmentA", "As `alias`, for browsers"),
        call("POST /v1/b", "segmentB", "As `batch`, for browsers").takes(BATCH),
        Operation::new(
            "GET /v1/projects/{writeKey}/settings",
            "segmentSettings",
            "What a library for browsers is to do",
            Access::WriteKey,
        )
        .parameters(&[Parameter::path::<String>("writeKey", "The write key.")])
        .answers(SETTINGS),
        call("POST /api/s/{type}", "jitsuCall", "A call of Jitsu's").parameters(TYPE),
        call("POST /api/s/s2s/{type}", "jitsuServerCall", "A call of Jitsu's, from a server")
            .parameters(TYPE),
    ],
};
