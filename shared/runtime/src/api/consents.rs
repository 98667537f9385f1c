//! Consents.

use super::{Access, Answer, CURSOR, Content, Group, Operation, Parameter};
use ceap_engagement::consents::{Of, Put, Taken};
use ceap_engagement::lines::Imported;
use ceap_kernel::SubjectId;
use ceap_kernel::access::Role;

const PUT: &str = r#"{"subject":"ada","consents":{"email.marketing":{"given":true,"how":"checkout form","text":"2026-11"},"sms":false}}"#;
const LINE: &str =
    r#"{"subject":"ada","consent":"email.marketing","given":true,"at":"2026-11-21T09:30:00Z"}"#;
const CSV: &str = "subject,consent,given,at\nada,email.marketing,true,2026-11-21T09:30:00Z\n";

/// The operations.
pub const GROUP: Group = Group {
    tag: "Consents",
    about: "What subjects agreed to, with the evidence. A change is an event: the profile follows some seconds later.",
    operations: &[
        Operation::new(
            "GET /v1/consents",
            "getConsents",
            "Reads a subject's consents",
            Access::Role(Role::may_read_customers),
        )
        .parameters(&[Parameter::query::<SubjectId>("subject", "Whose.").required()])
        .answers(&[Answer::json::<Of>(200, "The consents, by name.")])
        .fails(&[404]),
        Operation::new(
            "PUT /v1/consents",
            "putConsents",
            "Says what a subject agreed to",
            Access::Role(Role::may_send),
        )
        .takes(&[Content::json::<Put>(PUT)])
        .answers(&[Answer::json::<Taken>(
            202,
            "What will be so, and what the subject was asked to confirm.",
        )]),
        Operation::new(
            "POST /v1/consents/import",
            "importConsents",
            "Brings consents in",
            Access::Role(Role::may_send),
        )
        .about("At most 500 lines; one that is wrong is named and left out.")
        .takes(&[
            Content::of::<String>("application/x-ndjson", LINE),
            Content::of::<String>("application/jsonl", LINE),
            Content::of::<String>("text/csv", CSV),
        ])
        .answers(&[Answer::json::<Imported>(202, "What was taken, and what was left out.")]),
        Operation::new(
            "GET /v1/consents/export",
            "exportConsents",
            "Takes consents out",
            Access::Role(Role::may_read_customers),
        )
        .parameters(&[CURSOR])
        .answers(&[Answer::lines(
            "A page, one consent a line, in the shape in which they can be brought in.",
        )]),
    ],
};
