//! The API's document itself, and the schemas of what people write.

use super::{Access, Answer, Content, Group, Operation, Parameter};
use serde_json::{Map, Value};

/// The operations.
pub const GROUP: Group = Group {
    tag: "Reference",
    about: "What there is to ask.",
    operations: &[
        Operation::new(
            "GET /v1/openapi.json",
            "getOpenApi",
            "Reads this document",
            Access::Anyone,
        )
        .parameters(&[KNOWN])
        .answers(&[document("OpenAPI 3.1.", "application/json"), UNCHANGED]),
        Operation::new(
            "GET /v1/schemas/use-case",
            "getUseCaseSchema",
            "Reads the JSON Schema of a use case",
            Access::Anyone,
        )
        .about("For editors, and for programs that write use cases. What it takes may still be refused: it compiles \
                neither expressions nor texts.")
        .parameters(&[KNOWN])
        .answers(&[document("JSON Schema 2020-12.", "application/schema+json"), UNCHANGED]),
    ],
};

const KNOWN: Parameter =
    Parameter::header::<String>("If-None-Match", "The `ETag` of what is known.");

const UNCHANGED: Answer =
    Answer { status: 304, about: "It has not changed.", content: None, headers: &[] };

const fn document(about: &'static str, kind: &'static str) -> Answer {
    Answer::with(200, about, Content::of::<Map<String, Value>>(kind, ""))
}
