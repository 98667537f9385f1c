//! Files with comments.

use crate::ids::AttachmentId;
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// A file with a comment
/// ([attachments](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-attachments/)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// When it was uploaded.
    pub created_at: Timestamp,
    /// Its name.
    pub file_name: String,
    /// Its media type, as whoever uploaded it says.
    pub content_type: String,
    /// Its bytes.
    pub size: u64,
    /// What its address ends in: who knows it may read the file.
    pub token: String,
    /// Whether it stands within the text.
    pub inline: bool,
    /// Whether it was taken out.
    pub deleted: bool,
    /// Whether agents may read it although something bad was found in it.
    #[serde(default)]
    pub malware_access_override: bool,
}
