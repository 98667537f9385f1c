//! Files with comments.

use super::token;
use crate::api::Call;
use crate::ids::AttachmentId;
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};

/// Characters of a file's name, and of a media type (RFC 6838 §4.2 allows 127 on each side of the slash).
const MAX: usize = 255;

/// What a file is of which nobody says what it is.
const UNKNOWN: &str = "application/octet-stream";

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
    /// What its address ends in: who knows it may read the file. Also the name that it is kept under.
    pub token: String,
    /// Whether it stands within the text.
    pub inline: bool,
    /// Whether it was taken out.
    pub deleted: bool,
    /// Whether agents may read it although something bad was found in it.
    #[serde(default)]
    pub malware_access_override: bool,
}

impl Attachment {
    /// A new one, as whoever uploads it calls it.
    ///
    /// # Errors
    /// `Internal` once ids are used up.
    pub fn new(
        call: &Call<'_>,
        name: &str,
        content_type: Option<&str>,
        size: u64,
    ) -> Result<Self, Fault> {
        let id = AttachmentId::fresh(call)?;
        Ok(Self {
            id,
            created_at: call.at,
            file_name: named(name),
            content_type: media_type(content_type.unwrap_or_default()),
            size,
            token: token::of(call, id),
            inline: false,
            deleted: false,
            malware_access_override: false,
        })
    }

    /// The id of the file that a token may be of.
    #[must_use]
    pub fn id_of(token: &str) -> Option<AttachmentId> {
        token::id(token)
    }
}

/// A file's name as others may be shown it: without a path, and without signs that cannot be seen, among them those
/// that turn the direction of what follows so that `exe.gpj` reads as a picture.
fn named(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let name: String = last.trim().chars().filter(seen).take(MAX).collect();
    if name.trim_matches(['.', ' ']).is_empty() { "unnamed".to_owned() } else { name }
}

/// A media type as it is given, if it may be one.
fn media_type(given: &str) -> String {
    let given = given.trim();
    let plain = given.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if plain && given.contains('/') && given.len() <= MAX {
        given.to_owned()
    } else {
        UNKNOWN.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("crash.log", "crash.log")]
    #[case("../../etc/passwd", "passwd")]
    #[case("C:\\temp\\a b.txt", "a b.txt")]
    #[case("a\r\nSet-Cookie: x", "aSet-Cookie: x")]
    #[case("photo\u{202e}gpj.exe", "photogpj.exe")]
    #[case("..", "unnamed")]
    #[case("Übersicht 3.pdf", "Übersicht 3.pdf")]
    fn a_name_is_a_name_and_nothing_else(#[case] given: &str, #[case] expected: &str) {
        assert_eq!(named(given), expected);
    }

    #[rstest]
    #[case("text/plain; charset=utf-8", "text/plain; charset=utf-8")]
    #[case("", UNKNOWN)]
    #[case("text", UNKNOWN)]
    #[case("text/plain\r\nx: y", UNKNOWN)]
    fn a_media_type_is_one_or_unknown(#[case] given: &str, #[case] expected: &str) {
        assert_eq!(media_type(given), expected);
    }
}
