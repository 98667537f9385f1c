//! Stored templates and partials.

use super::{Access, Answer, Content, Group, IDEMPOTENCY_KEY, IF_MATCH, Operation, Parameter};
use ceap_engagement::message_log::View;
use ceap_engagement::pipeline::request::Trial;
use ceap_engagement::template::library::Listed;
use ceap_engagement::template::preview::{Preview, Request};
use ceap_engagement::template::{PartialDocument, TemplateDocument};
use ceap_kernel::Timestamp;
use ceap_kernel::access::Role;
use schemars::JsonSchema;

/// A template as it is stored.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents are stored as they came; this is what they are")]
struct StoredTemplate {
    /// Its version, from 1.
    version: u64,
    /// When it was stored.
    updated_at: Timestamp,
    /// The document.
    document: TemplateDocument,
}

/// A partial as it is stored.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "documents are stored as they came; this is what they are")]
struct StoredPartial {
    /// Its version, from 1.
    version: u64,
    /// When it was stored.
    updated_at: Timestamp,
    /// The document.
    document: PartialDocument,
}

const TEMPLATE: Parameter = Parameter::path::<String>("id", "The template.");
const PARTIAL: Parameter = Parameter::path::<String>("id", "The partial.");
const READS: Access = Access::Role(Role::may_read_customers);
const CHANGES: Access = Access::Role(Role::may_send);

const RECEIPT: &str = r#"{"id":"receipt","channel":"email","name":"Receipt","subject":"Receipt {{ data.number }}","text":"Thank you."}"#;

/// The operations.
pub const GROUP: Group = Group {
    tag: "Templates",
    about: "What messages say, in Liquid, kept under a name; and partials, which templates share.",
    operations: &[
        Operation::new("GET /v1/templates", "listTemplates", "Lists the templates", READS)
            .answers(&[Answer::json::<Vec<Listed>>(200, "All of them, by id.")]),
        Operation::new("GET /v1/templates/{id}", "getTemplate", "Reads a template", READS)
            .parameters(&[TEMPLATE])
            .answers(&[Answer::json::<StoredTemplate>(200, "As it is stored.")])
            .fails(&[404]),
        Operation::new("PUT /v1/templates/{id}", "putTemplate", "Keeps a template", CHANGES)
            .about("One that does not compile is refused, naming line and field.")
            .parameters(&[TEMPLATE, IF_MATCH])
            .takes(&[Content::json::<TemplateDocument>(RECEIPT)])
            .answers(&[
                Answer::json::<StoredTemplate>(200, "Changed."),
                Answer::json::<StoredTemplate>(201, "Kept for the first time."),
            ])
            .fails(&[409]),
        Operation::new(
            "DELETE /v1/templates/{id}",
            "deleteTemplate",
            "Forgets a template",
            CHANGES,
        )
        .parameters(&[TEMPLATE, IF_MATCH])
        .answers(&[Answer::empty("It is gone.")])
        .fails(&[404, 409]),
        Operation::new(
            "POST /v1/templates/{id}/preview",
            "previewTemplate",
            "Shows what a template would say",
            READS,
        )
        .parameters(&[TEMPLATE])
        .takes(&[Content::json::<Request>(r#"{"subject":"ada","data":{"number":"4711"}}"#)])
        .answers(&[Answer::json::<Preview>(
            200,
            "What it would say, and why it would not be sent.",
        )])
        .fails(&[404]),
        Operation::new(
            "POST /v1/templates/{id}/test",
            "testTemplate",
            "Tries a template on the team",
            CHANGES,
        )
        .parameters(&[TEMPLATE, IDEMPOTENCY_KEY])
        .takes(&[Content::json::<Trial>(r#"{"to":"qa@example.com","data":{"number":"4711"}}"#)])
        .answers(&[Answer::json::<View>(202, "Where the message stands.")])
        .fails(&[404, 409]),
        Operation::new("GET /v1/partials", "listPartials", "Lists the partials", READS)
            .answers(&[Answer::json::<Vec<Listed>>(200, "All of them, by id.")]),
        Operation::new("GET /v1/partials/{id}", "getPartial", "Reads a partial", READS)
            .parameters(&[PARTIAL])
            .answers(&[Answer::json::<StoredPartial>(200, "As it is stored.")])
            .fails(&[404]),
        Operation::new("PUT /v1/partials/{id}", "putPartial", "Keeps a partial", CHANGES)
            .about("Refused while a template that renders it would not compile any more.")
            .parameters(&[PARTIAL, IF_MATCH])
            .takes(&[Content::json::<PartialDocument>(r#"{"id":"footer","source":"Acme Ltd"}"#)])
            .answers(&[
                Answer::json::<StoredPartial>(200, "Changed."),
                Answer::json::<StoredPartial>(201, "Kept for the first time."),
            ])
            .fails(&[409]),
        Operation::new("DELETE /v1/partials/{id}", "deletePartial", "Forgets a partial", CHANGES)
            .parameters(&[PARTIAL, IF_MATCH])
            .answers(&[Answer::empty("It is gone.")])
            .fails(&[404, 409]),
    ],
};
