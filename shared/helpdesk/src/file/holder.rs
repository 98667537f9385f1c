//! With what a file is found.

use crate::ids::{AttachmentId, CommentId, TicketId};
use crate::store::{Item, Key};
use ceap_kernel::Fault;
use serde::{Deserialize, Serialize};

/// What tells of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// An upload that no comment took yet, by its token.
    Upload(String),
    /// A comment of a ticket.
    Comment(TicketId, CommentId),
}

impl Holder {
    /// Where it is kept what tells of this file.
    #[must_use]
    pub fn key(id: AttachmentId) -> Key {
        Key::new(format!("ATTACHMENT#{id}"), "ATTACHMENT")
    }

    /// Reads it as it is kept.
    ///
    /// # Errors
    /// `Internal` if it is none.
    pub fn read(item: &Item) -> Result<Self, Fault> {
        serde_json::from_str(&item.body)
            .map_err(|error| Fault::Internal(format!("unreadable attachment: {error}")))
    }
}
