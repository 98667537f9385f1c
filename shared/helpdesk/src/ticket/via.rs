//! By what way something came.

use crate::ids::RecordId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// By what way a ticket, an audit or a comment came
/// ([via object](https://developer.zendesk.com/documentation/ticketing/reference-guides/via-object-reference/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Via {
    /// The channel: `api`, `web`, `email`, `rule`.
    pub channel: String,
    /// From where, to where, and why.
    pub source: Value,
}

impl Default for Via {
    fn default() -> Self {
        Self::of("api")
    }
}

impl Via {
    /// By a channel that tells no more.
    #[must_use]
    pub fn of(channel: &str) -> Self {
        let source = json!({"from": {}, "to": {}, "rel": null});
        Self { channel: channel.to_owned(), source }
    }

    /// By a rule of this name.
    #[must_use]
    pub fn rule(title: &str) -> Self {
        let source = json!({"from": {"title": title}, "to": {}, "rel": null});
        Self { channel: "rule".to_owned(), source }
    }

    /// By a rule of a kind (`trigger`, `automation`), which has an id.
    #[must_use]
    pub fn of_rule(id: RecordId, title: &str, rel: &str) -> Self {
        let source = json!({"from": {"id": id, "title": title}, "to": {}, "rel": rel});
        Self { channel: "rule".to_owned(), source }
    }

    /// By something of this name that is no record, for a reason.
    #[must_use]
    pub fn because_of(title: &str, rel: &str) -> Self {
        let source = json!({"from": {"title": title}, "to": {}, "rel": rel});
        Self { channel: "rule".to_owned(), source }
    }

    /// By a channel, because of a ticket.
    #[must_use]
    pub fn because(channel: &str, ticket: &super::Ticket, rel: &str) -> Self {
        let from = json!({"ticket_id": ticket.id, "subject": ticket.subject, "channel": channel});
        let source = json!({"from": from, "to": {}, "rel": rel});
        Self { channel: channel.to_owned(), source }
    }
}
