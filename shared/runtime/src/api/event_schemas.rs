//! Schemas of events.

use super::{Access, Answer, Content, Group, IF_MATCH, Operation, Parameter};
use ceap_engagement::schema::registry::{List, Suggestion};
use ceap_engagement::schema::{EventSchema, SchemaDocument};
use ceap_kernel::access::Role;

const TYPE: Parameter = Parameter::path::<String>("type", "The event type.");
const READS: Access = Access::Role(Role::may_read_customers);
const CHANGES: Access = Access::Role(Role::may_send);

const ORDER: &str = r#"{"schema":{"type":"object","required":["value"],"properties":{"value":{"type":"number","minimum":0}}},"mode":"reject","compatibility":"backward"}"#;

/// The operations.
pub const GROUP: Group = Group {
    tag: "Schemas",
    about: "What the `data` of events must look like, by type, in JSON Schema 2020-12.",
    operations: &[
        Operation::new("GET /v1/schemas", "listSchemas", "Lists the schemas", READS)
            .answers(&[Answer::json::<List>(200, "Those that events are judged by, by type.")]),
        Operation::new("GET /v1/schemas/{type}", "getSchema", "Reads a schema", READS)
            .parameters(&[TYPE, Parameter::query::<u64>("version", "An older version.")])
            .answers(&[Answer::json::<EventSchema>(200, "As it is kept.")])
            .fails(&[404]),
        Operation::new("PUT /v1/schemas/{type}", "putSchema", "Keeps a schema", CHANGES)
            .about(
                "A change that breaks the `compatibility` that the version before demands is refused, naming \
                 the place.",
            )
            .parameters(&[TYPE, IF_MATCH])
            .takes(&[Content::json::<SchemaDocument>(ORDER)])
            .answers(&[
                Answer::json::<EventSchema>(200, "Changed."),
                Answer::json::<EventSchema>(201, "Kept for the first time."),
            ])
            .fails(&[404, 409]),
        Operation::new("DELETE /v1/schemas/{type}", "deleteSchema", "Takes a schema away", CHANGES)
            .about("Its versions stay, and the next one counts on.")
            .parameters(&[TYPE, IF_MATCH])
            .answers(&[Answer::empty("Nothing judges events of this type any more.")])
            .fails(&[404, 409]),
        Operation::new(
            "GET /v1/schemas/{type}/suggestion",
            "suggestSchema",
            "Suggests a schema of what was seen",
            READS,
        )
        .parameters(&[TYPE])
        .answers(&[Answer::json::<Suggestion>(200, "What the events of the last week have in common.")])
        .fails(&[404]),
    ],
};
