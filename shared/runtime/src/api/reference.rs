//! The API's document itself.

use super::{Access, Answer, Content, Group, Operation, Parameter};
use serde_json::{Map, Value};

/// The operations.
pub const GROUP: Group = Group {
    tag: "Reference",
    about: "What there is to ask.",
    operations: &[Operation::new(
        "GET /v1/openapi.json",
        "getOpenApi",
        "Reads this document",
        Access::Anyone,
    )
    .parameters(&[Parameter::header::<String>("If-None-Match", "The `ETag` of what is known.")])
    .answers(&[
        Answer::with(
            200,
            "OpenAPI 3.1.",
            Content::of::<Map<String, Value>>("application/json", ""),
        ),
        Answer { status: 304, about: "It has not changed.", content: None, headers: &[] },
    ])],
};
