//! The picture that shows a person.

use crate::ids::AttachmentId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A picture elsewhere: its address is kept, not its bytes
/// ([profile images](https://developer.zendesk.com/api-reference/ticketing/users/users/#updating-a-users-profile-image)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Photo {
    /// Its id.
    pub id: AttachmentId,
    /// Where it is.
    pub url: String,
}

impl Photo {
    /// Whether there may be a picture at this address.
    #[must_use]
    pub fn valid(url: &str) -> bool {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        !host.is_empty() && !url.chars().any(|c| c.is_whitespace() || c.is_control())
    }

    /// As the API shows it: as an attachment.
    #[must_use]
    pub fn shown(&self) -> Value {
        let path = self.url.split(['?', '#']).next().unwrap_or_default();
        let file_name = path.rsplit('/').next().unwrap_or_default();
        let ending = file_name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let content_type = match ending.as_str() {
            "png" => "image/png",
            "gif" => "image/gif",
            "webp" => "image/webp",
            "svg" => "image/svg+xml",
            _ => "image/jpeg",
        };
        json!({
            "id": self.id,
            "name": file_name,
            "file_name": file_name,
            "content_url": self.url,
            "mapped_content_url": self.url,
            "content_type": content_type,
            "size": 0,
            "width": null,
            "height": null,
            "inline": false,
            "deleted": false,
            "thumbnails": [],
        })
    }
}
