//! In-app inboxes.

use super::{Access, Answer, Content, Group, Operation, Parameter};
use ceap_engagement::inbox::access::{Issue, Token};
use ceap_engagement::inbox::{AllRead, Mark, Notification, NotificationId, Page, ReadAll, Unread};
use ceap_kernel::SubjectId;
use ceap_kernel::access::Role;

const SUBJECT: Parameter = Parameter::path::<SubjectId>("subject", "Whose inbox.");

const ACCESS: Access = Access::Inbox(Role::may_read_customers);

/// The operations.
pub const GROUP: Group = Group {
    tag: "Inbox",
    about: "What the tenant's own app or site shows a subject, by a token that opens that one inbox.",
    operations: &[
        Operation::new("GET /v1/inbox/{subject}", "listInbox", "Lists notifications", ACCESS)
            .parameters(&[
                SUBJECT,
                Parameter::query::<bool>("unread", "Only those that count as unread."),
                Parameter::query::<NotificationId>(
                    "cursor",
                    "Where the page begins: `next` of the one before.",
                ),
                Parameter::query::<u8>("limit", "How many at most: 1 to 50, 20 if left out."),
            ])
            .answers(&[Answer::json::<Page>(200, "Newest first.")]),
        Operation::new(
            "GET /v1/inbox/{subject}/unread",
            "countUnread",
            "Counts what is unread",
            ACCESS,
        )
        .parameters(&[SUBJECT])
        .answers(&[Answer::json::<Unread>(200, "How many.")]),
        Operation::new("POST /v1/inbox/{subject}/read", "readInbox", "Marks all as read", ACCESS)
            .parameters(&[SUBJECT])
            .takes(&[Content::json::<ReadAll>("{}")])
            .or_nothing()
            .answers(&[Answer::json::<AllRead>(
                200,
                "How many were marked, and whether there are more.",
            )]),
        Operation::new(
            "POST /v1/inbox/{subject}/token",
            "issueInboxToken",
            "Issues a token for an inbox",
            Access::Role(Role::may_send),
        )
        .parameters(&[SUBJECT])
        .takes(&[Content::json::<Issue>(r#"{"expires_in":"1h"}"#)])
        .or_nothing()
        .answers(&[Answer::json::<Token>(201, "The token, for the subject's own app.")])
        .fails(&[404]),
        Operation::new(
            "POST /v1/inbox/{subject}/{id}/{mark}",
            "markNotification",
            "Marks a notification",
            ACCESS,
        )
        .about("A first `read` moves its message on to `opened`, a `click` to `clicked`.")
        .parameters(&[
            SUBJECT,
            Parameter::path::<NotificationId>("id", "Which notification."),
            Parameter::path::<Mark>("mark", "What is done with it."),
        ])
        .answers(&[Answer::json::<Notification>(200, "As it is then.")])
        .fails(&[404]),
    ],
};
