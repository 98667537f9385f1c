//! Suppression lists.

use super::{Access, Answer, CURSOR, Content, Group, Operation, Parameter};
use ceap_engagement::lines::Imported;
use ceap_engagement::suppression::api::Put;
use ceap_engagement::suppression::{Page, Reason};
use ceap_kernel::access::Role;

const CHANNEL: Parameter =
    Parameter::query::<String>("channel", "Whose list: `email`, `sms`, ….").required();

const PUT: &str = r#"{"channel":"email","address":"ada@example.com","note":"asked by phone"}"#;
const CSV: &str = "channel,address,reason\nemail,ada@example.com,manual\n";

/// The operations.
pub const GROUP: Group = Group {
    tag: "Suppressions",
    about: "Addresses that must not be sent to, and why.",
    operations: &[
        Operation::new(
            "GET /v1/suppressions",
            "listSuppressions",
            "Reads a suppression list",
            Access::Role(Role::may_read_customers),
        )
        .parameters(&[
            CHANNEL,
            Parameter::query::<String>("address", "Only the entries of this address."),
            CURSOR,
        ])
        .answers(&[Answer::json::<Page>(200, "Entries by address, 100 addresses a page.")]),
        Operation::new(
            "PUT /v1/suppressions",
            "putSuppression",
            "Puts an address on a list",
            Access::Role(Role::may_send),
        )
        .takes(&[Content::json::<Put>(PUT)])
        .answers(&[Answer::json::<Page>(200, "All entries of the address.")]),
        Operation::new(
            "DELETE /v1/suppressions",
            "deleteSuppression",
            "Takes an address off a list",
            Access::Role(Role::may_send),
        )
        .parameters(&[
            CHANNEL,
            Parameter::query::<String>("address", "Which.").required(),
            Parameter::query::<Reason>(
                "reason",
                "Only the entry for this reason; all of them if left out.",
            ),
        ])
        .answers(&[Answer::empty("It is off the list.")])
        .fails(&[404]),
        Operation::new(
            "POST /v1/suppressions/import",
            "importSuppressions",
            "Brings addresses in",
            Access::Role(Role::may_send),
        )
        .about("At most 1,000 lines; one that is wrong is named and left out.")
        .takes(&[
            Content::of::<String>("application/x-ndjson", PUT),
            Content::of::<String>("application/jsonl", PUT),
            Content::of::<String>("text/csv", CSV),
        ])
        .answers(&[Answer::json::<Imported>(200, "What was taken, and what was left out.")]),
        Operation::new(
            "GET /v1/suppressions/export",
            "exportSuppressions",
            "Takes a list out",
            Access::Role(Role::may_read_customers),
        )
        .parameters(&[CHANNEL, CURSOR])
        .answers(&[Answer::lines(
            "A page, one entry a line, in the shape in which they can be brought in.",
        )]),
    ],
};
