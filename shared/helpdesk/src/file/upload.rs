//! Files that were uploaded, and belong to no comment yet.

use super::Attachment;
use crate::api::{Call, Refused};
use crate::refusal::Refusal;
use crate::store::Key;
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};

/// Files under one token, until a comment takes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Its token.
    pub token: String,
    /// When it is forgotten.
    pub expires_at: Timestamp,
    /// The files.
    pub attachments: Vec<Attachment>,
}

impl Upload {
    /// Where it is kept.
    #[must_use]
    pub fn key(token: &str) -> Key {
        Key::new(format!("UPLOAD#{token}"), "UPLOAD")
    }
}

/// The files under these tokens, for a comment to take.
///
/// # Errors
/// 422 when there is none under a token.
pub async fn taken(call: &Call<'_>, tokens: &[String]) -> Result<Vec<Attachment>, Refused> {
    call.fetch(tokens.iter().map(|token| Upload::key(token))).await?;
    let mut attachments = Vec::new();
    for token in tokens {
        let Some(item) = call.item(&Upload::key(token)).await? else {
            let mut refusal = Refusal::default();
            let text = "Uploads: a token is not known, or has expired";
            refusal.add("uploads", text, Some("InvalidValue"));
            return Err(refusal.into());
        };
        let upload: Upload = serde_json::from_str(&item.body)
            .map_err(|error| Fault::Internal(format!("unreadable upload: {error}")))?;
        attachments.extend(upload.attachments);
    }
    Ok(attachments)
}
