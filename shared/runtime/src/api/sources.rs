//! Sources, their write keys, and their polls.

use super::{
    Access, Answer, CURSOR, Content, Group, IDEMPOTENCY_KEY, IF_MATCH, Operation, Parameter,
};
use ceap_engagement::source::SourceDocument;
use ceap_engagement::source::library::{Fresh, Listed, Read, Stored};
use ceap_engagement::source::object::{List, Object};
use ceap_engagement::source::poll::{Begun, PollList, Since};
use ceap_kernel::access::Role;
use ceap_kernel::{ObjectId, SourceId};

const ID: Parameter = Parameter::path::<SourceId>("id", "The source.");
const READS: Access = Access::Role(Role::may_read_customers);
const CHANGES: Access = Access::Role(Role::may_send);

const SHOP: &str = r#"{"id":"shop","name":"The shop's web site","from":{"segment":{}}}"#;

/// The operations.
pub const GROUP: Group = Group {
    tag: "Sources",
    about: "Where events come from: each with what sends, and write keys of its own.",
    operations: &[
        Operation::new("GET /v1/sources", "listSources", "Lists the sources", READS)
            .answers(&[Answer::json::<Vec<Listed>>(200, "All of them, by id.")]),
        Operation::new("GET /v1/sources/{id}", "getSource", "Reads a source", READS)
            .about("With its write keys: what they are known by, never the keys. One that is asked says how far it was read.")
            .parameters(&[ID])
            .answers(&[Answer::json::<Read>(200, "As it is stored.")])
            .fails(&[404]),
        Operation::new("PUT /v1/sources/{id}", "putSource", "Keeps a source", CHANGES)
            .about("What sends is part of what it is: a source of another kind is another source.")
            .parameters(&[ID, IF_MATCH])
            .takes(&[Content::json::<SourceDocument>(SHOP)])
            .answers(&[
                Answer::json::<Stored>(200, "Changed."),
                Answer::json::<Stored>(201, "Kept for the first time."),
            ])
            .fails(&[409]),
        Operation::new("DELETE /v1/sources/{id}", "deleteSource", "Forgets a source", CHANGES)
            .about("Its write keys are revoked.")
            .parameters(&[ID, IF_MATCH])
            .answers(&[Answer::empty("It is gone.")])
            .fails(&[404, 409]),
        Operation::new("POST /v1/sources/{id}/keys", "makeSourceKey", "Makes a write key", CHANGES)
            .about(
                "It is shown this once. A source has at most 20. One whose clients sign their requests has access keys \
                 instead: an id, and a secret.",
            )
            .parameters(&[ID])
            .answers(&[Answer::json::<Fresh>(201, "The key.")])
            .fails(&[404, 409]),
        Operation::new(
            "DELETE /v1/sources/{id}/keys/{key}",
            "revokeSourceKey",
            "Revokes a write key",
            CHANGES,
        )
        .about("It is refused within a minute.")
        .parameters(&[ID, Parameter::path::<String>("key", "What the key is known by.")])
        .answers(&[Answer::empty("It is gone.")])
        .fails(&[404]),
        Operation::new(
            "GET /v1/sources/{id}/objects",
            "listSourceObjects",
            "Lists the files that a source took",
            READS,
        )
        .about("The newest first, and what became of each. They are kept for 90 days.")
        .parameters(&[ID, CURSOR])
        .answers(&[Answer::json::<List>(200, "A page of them.")]),
        Operation::new(
            "GET /v1/sources/{id}/objects/{object}",
            "getSourceObject",
            "Reads what became of a file",
            READS,
        )
        .parameters(&[ID, Parameter::path::<ObjectId>("object", "The file.")])
        .answers(&[Answer::json::<Object>(200, "The file, as far as it is read.")])
        .fails(&[404]),
        Operation::new("POST /v1/sources/{id}/poll", "pollSource", "Has a source asked now", CHANGES)
            .about("It goes on where it stopped, unless `since` says where. The same key is the same poll.")
            .parameters(&[ID, IDEMPOTENCY_KEY])
            .takes(&[Content::json::<Since>("{}")])
            .or_nothing()
            .answers(&[Answer::json::<Begun>(202, "It is being asked.")])
            .fails(&[404, 409]),
        Operation::new(
            "GET /v1/sources/{id}/polls",
            "listSourcePolls",
            "Lists the polls of a source",
            READS,
        )
        .about("The one that is under way and the ten before it, the newest first.")
        .parameters(&[ID])
        .answers(&[Answer::json::<PollList>(200, "The polls.")]),
    ],
};
