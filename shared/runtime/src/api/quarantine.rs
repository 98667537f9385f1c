//! What could not be taken.

use super::{Access, Answer, CURSOR, Content, Group, Operation, Parameter};
use ceap_engagement::quarantine::Listed;
use ceap_engagement::quarantine::redrive::{Asked, Discarded, Redriven};
use ceap_kernel::access::Role;

const CHANGES: Access = Access::Role(Role::may_send);

const FILTER: &str = r#"{"filter":{"stage":"ingest-stream","type":"order_placed"}}"#;

/// The operations.
pub const GROUP: Group = Group {
    tag: "Quarantine",
    about: "What could not be taken, why, and as it came; for 90 days.",
    operations: &[
        Operation::new(
            "GET /v1/quarantine",
            "listQuarantine",
            "Lists what could not be taken",
            Access::Role(Role::may_read_customers),
        )
        .about("A page holds those of the next 50 entries that the filter takes; there may be none of them.")
        .parameters(&[
            Parameter::query::<String>("stage", "Where they were rejected: `ingest-stream`."),
            Parameter::query::<String>("code", "With which code: `invalid`."),
            Parameter::query::<String>("source", "Of which source, as their events name it."),
            Parameter::query::<String>("type", "Of which event type."),
            CURSOR,
        ])
        .answers(&[Answer::json::<Listed>(200, "The newest first.")]),
        Operation::new(
            "POST /v1/quarantine/redrive",
            "redriveQuarantine",
            "Sends events on their way again",
            CHANGES,
        )
        .about(
            "Under the ids that they came with, as of when they came, so nothing counts twice. Looks at 500 \
             entries; `next`, sent as `cursor`, goes on.",
        )
        .takes(&[Content::json::<Asked>(FILTER)])
        .answers(&[Answer::json::<Redriven>(200, "What became of them.")]),
        Operation::new(
            "POST /v1/quarantine/discard",
            "discardQuarantine",
            "Throws entries away",
            CHANGES,
        )
        .takes(&[Content::json::<Asked>(FILTER)])
        .answers(&[Answer::json::<Discarded>(200, "How many are gone.")]),
    ],
};
