//! What was said.

use super::Via;
use crate::file::Attachment;
use crate::ids::{AuditId, CommentId, TicketId, UserId};
use crate::record::places;
use crate::store::{Item, Key};
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A comment ([ticket comments](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comment {
    /// Its id; also that of the event in its audit.
    pub id: CommentId,
    /// The audit that it came with.
    pub audit_id: AuditId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// When it was said.
    pub created_at: Timestamp,
    /// Who said it.
    pub author_id: UserId,
    /// What, as text.
    pub body: String,
    /// What, in HTML that is safe to show.
    pub html_body: String,
    /// Whether the requester sees it.
    pub public: bool,
    /// Files with it.
    pub attachments: Vec<Attachment>,
    /// By what way it came.
    pub via: Via,
    /// What else is known of how it came.
    pub metadata: Value,
}

impl Comment {
    /// Reads one as it is kept.
    ///
    /// # Errors
    /// `Internal` if it is none.
    pub fn read(item: &Item) -> Result<Self, Fault> {
        serde_json::from_str(&item.body)
            .map_err(|error| Fault::Internal(format!("unreadable comment: {error}")))
    }

    /// Where it is kept: beside the audits of its ticket.
    #[must_use]
    pub fn key(ticket: TicketId, id: CommentId) -> Key {
        Key::new(history(ticket), format!("{COMMENTS}{}", places::rank(id.get())))
    }
}

/// The partition of what happened to a ticket.
#[must_use]
pub fn history(ticket: TicketId) -> String {
    format!("TICKET#{ticket}")
}

/// What the sort keys of comments begin with.
pub const COMMENTS: &str = "C#";

/// What the sort keys of audits begin with.
pub const AUDITS: &str = "A#";
