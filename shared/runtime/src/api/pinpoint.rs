//! Amazon Pinpoint's dialect.

use super::{Access, Answer, Content, Group, Operation, Parameter};
use crate::pinpoint::MessageBody;
use ceap_kernel::SourceId;
use serde_json::Value;

const APP: Parameter = Parameter::path::<SourceId>("application", "The source.");
const ENDPOINT: Parameter =
    Parameter::path::<String>("endpoint", "The endpoint's id, whatever the case of its letters.");
const USER: Parameter = Parameter::path::<String>("user", "The user.");

const fn refused(status: u16, about: &'static str) -> Answer {
    Answer::json::<MessageBody>(status, about)
}

const BAD: Answer = refused(400, "The input, or the signature, is not what it should be.");
const FORBIDDEN: Answer = refused(
    403,
    "Not signed, signed wrong or too long ago, by nobody known, or for another application.",
);
const MISSING: Answer = refused(404, "There is no such thing.");
const LARGE: Answer = refused(413, "The body is too large.");
const BUSY: Answer = refused(429, "Too much at once; SDKs send it again.");
const OURS: Answer = refused(500, "A defect of the platform; it has been logged.");
const DOWN: Answer = refused(503, "Something that is needed does not answer; SDKs send it again.");

const ACCEPTED: Answer = Answer::json::<MessageBody>(202, "Taken.");

const fn shown(status: u16, about: &'static str) -> Answer {
    Answer::json::<Value>(status, about)
}

const fn call(route: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::new(route, id, summary, Access::SigV4)
}

const BATCH: &[Content] = &[
    Content::json::<Value>(
        r#"{"BatchItem":{"phone-1":{"Endpoint":{"User":{"UserId":"ada"}},"Events":{"e-1":{"EventType":"cart_updated","Timestamp":"2026-11-21T09:30:00Z","Metrics":{"value":80}}}}}}"#,
    ),
    Content::of::<Value>("*/*", ""),
];

const ANY: &[Content] = &[Content::json::<Value>(""), Content::of::<Value>("*/*", "")];

/// The operations.
pub const GROUP: Group = Group {
    tag: "Pinpoint",
    about: "For Amazon Pinpoint's clients in AWS's SDKs, unmodified but for their endpoint. Bodies and errors are \
            those of [its API](https://docs.aws.amazon.com/pinpoint/latest/apireference/welcome.html).",
    operations: &[
        call("POST /v1/apps/{application}/events", "pinpointPutEvents", "Something happened")
            .parameters(&[APP])
            .takes(BATCH)
            .answers(&[
                shown(202, "What became of each endpoint and event."),
                BAD, FORBIDDEN, LARGE, BUSY, OURS, DOWN,
            ]),
        call("PUT /v1/apps/{application}/endpoints", "pinpointUpdateEndpointsBatch", "Keeps endpoints")
            .parameters(&[APP])
            .takes(ANY)
            .answers(&[ACCEPTED, BAD, FORBIDDEN, LARGE, BUSY, OURS, DOWN]),
        call("PUT /v1/apps/{application}/endpoints/{endpoint}", "pinpointUpdateEndpoint", "Keeps an endpoint")
            .parameters(&[APP, ENDPOINT])
            .takes(ANY)
            .answers(&[ACCEPTED, BAD, FORBIDDEN, LARGE, BUSY, OURS, DOWN]),
        call("GET /v1/apps/{application}/endpoints/{endpoint}", "pinpointGetEndpoint", "Reads an endpoint")
            .parameters(&[APP, ENDPOINT])
            .answers(&[shown(200, "The endpoint."), BAD, FORBIDDEN, MISSING, BUSY, OURS, DOWN]),
        call("DELETE /v1/apps/{application}/endpoints/{endpoint}", "pinpointDeleteEndpoint", "Forgets an endpoint")
            .parameters(&[APP, ENDPOINT])
            .answers(&[shown(202, "The endpoint as it was."), BAD, FORBIDDEN, BUSY, OURS, DOWN]),
        call("GET /v1/apps/{application}/users/{user}", "pinpointGetUserEndpoints", "Reads a user's endpoints")
            .parameters(&[APP, USER])
            .answers(&[shown(200, "The endpoints."), BAD, FORBIDDEN, MISSING, BUSY, OURS, DOWN]),
        call("DELETE /v1/apps/{application}/users/{user}", "pinpointDeleteUserEndpoints", "Forgets a user's endpoints")
            .parameters(&[APP, USER])
            .answers(&[shown(202, "The endpoints as they were."), BAD, FORBIDDEN, BUSY, OURS, DOWN]),
        call("POST /v1/apps/{application}/messages", "pinpointSendMessages", "Sends messages")
            .about("To addresses and endpoints, at most 100, through the same gates as `POST /v1/messages`.")
            .parameters(&[APP])
            .takes(ANY)
            .answers(&[
                shown(200, "What became of each recipient's message."),
                BAD, FORBIDDEN, LARGE, BUSY, OURS, DOWN,
            ]),
        call("POST /v1/apps/{application}/users-messages", "pinpointSendUsersMessages", "Sends messages to users")
            .about("To all endpoints of at most 100 users, through the same gates as `POST /v1/messages`.")
            .parameters(&[APP])
            .takes(ANY)
            .answers(&[
                shown(200, "What became of each endpoint's message, by user."),
                BAD, FORBIDDEN, LARGE, BUSY, OURS, DOWN,
            ]),
    ],
};
