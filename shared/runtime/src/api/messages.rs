//! Messages.

use super::{Access, Answer, CURSOR, Content, Group, IDEMPOTENCY_KEY, Operation, Parameter};
use ceap_engagement::message_log::{List, View};
use ceap_engagement::pipeline::request::Request;
use ceap_kernel::access::Role;
use ceap_kernel::{MessageId, SubjectId};

const RECEIPT: &str = r#"{"subject":"ada","channel":"email","data":{"number":"4711"},"content":{"subject":"Receipt {{ data.number }}","text":"Thank you."}}"#;

/// The operations.
pub const GROUP: Group = Group {
    tag: "Messages",
    about: "One rendered action on one channel, asked for here or by a use case, and what became of it.",
    operations: &[
        Operation::new(
            "POST /v1/messages",
            "sendMessage",
            "Sends a message",
            Access::Role(Role::may_send),
        )
        .about("It passes the same gates as any other. One that a gate refused is answered with 202, too: its `state` tells.")
        .parameters(&[IDEMPOTENCY_KEY])
        .takes(&[Content::json::<Request>(RECEIPT)])
        .answers(&[Answer::json::<View>(202, "Where the message stands.")])
        .fails(&[409]),
        Operation::new(
            "GET /v1/messages",
            "listMessages",
            "Lists a subject's messages",
            Access::Role(Role::may_read_customers),
        )
        .parameters(&[Parameter::query::<SubjectId>("subject", "Whose.").required(), CURSOR])
        .answers(&[Answer::json::<List>(200, "Newest first, 50 a page.")]),
        Operation::new(
            "GET /v1/messages/{id}",
            "getMessage",
            "Reads what became of a message",
            Access::Role(Role::may_read_customers),
        )
        .parameters(&[Parameter::path::<MessageId>("id", "The message.")])
        .answers(&[Answer::json::<View>(200, "The message. It holds no address and no text.")])
        .fails(&[404]),
    ],
};
