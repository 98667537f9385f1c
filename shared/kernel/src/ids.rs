//! Typed ids. Each is checked where it enters, so that no key built from one can be ambiguous.

use crate::{Fault, digest, hash64};
use schemars::JsonSchema;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// What [`slug`] takes, but for its length, as schemas say it.
const SLUG: &str = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$";

/// What [`hex`] takes, as schemas say it.
const HEX: &str = "^[0-9A-Fa-f]{32}$";

/// What [`sha256`] takes, as schemas say it.
const SHA256: &str = "^[0-9a-f]{64}$";

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $check:expr, $($rule:literal = $value:expr),+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
        #[serde(into = "String")]
        #[schemars(with = "String", $(extend($rule = $value)),+)]
        pub struct $name(String);

        /// Checked while it is read, so that the reader can add where it stands.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("text")
                    }
                    fn visit_str<E: Error>(self, text: &str) -> Result<$name, E> {
                        $name::new(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl $name {
            /// Takes the text as an id.
            ///
            /// # Errors
            /// `Invalid`, naming the rule that the text breaks.
            pub fn new(text: impl Into<String>) -> Result<Self, Fault> {
                let text = text.into();
                $check(&text)?;
                Ok(Self(text))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Fault;
            fn try_from(text: String) -> Result<Self, Fault> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

/// Lowercase letters, digits and single hyphens, starting with a letter: safe in DNS names,
/// queue names and as the part of a key before `#`.
fn slug(what: &str, text: &str) -> Result<(), Fault> {
    let shaped = text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text.len() <= 63
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if shaped {
        Ok(())
    } else {
        Err(Fault::invalid(
            what,
            "must be 1 to 63 lowercase letters, digits and single hyphens, starting with a letter",
        ))
    }
}

fn subject(text: &str) -> Result<(), Fault> {
    if text.trim().is_empty() || text.len() > 256 || text.chars().any(char::is_control) {
        return Err(Fault::invalid(
            "subject",
            "must be 1 to 256 bytes of text without control characters",
        ));
    }
    Ok(())
}

fn item(text: &str) -> Result<(), Fault> {
    if text.trim().is_empty() || text.len() > 128 || text.chars().any(char::is_control) {
        let rule = "must be 1 to 128 bytes of text without control characters";
        return Err(Fault::invalid("item", rule));
    }
    Ok(())
}

fn hex(text: &str) -> Result<(), Fault> {
    if text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(())
    } else {
        Err(Fault::invalid("id", "must be 32 hexadecimal digits"))
    }
}

fn sha256(text: &str) -> Result<(), Fault> {
    if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        Ok(())
    } else {
        Err(Fault::invalid("model", "must be a SHA-256 in 64 lowercase hexadecimal digits"))
    }
}

id!(
    /// An isolated account. A slug; part of every key, token, metric and log line.
    TenantId, |text: &str| slug("tenant", text),
    "pattern" = SLUG, "maxLength" = 63
);

impl TenantId {
    /// In the place of a tenant, where what is kept has to be found before it is known whose it is. It is no slug: no
    /// tenant is called so, and nobody can say that theirs is.
    #[must_use]
    pub fn nobody() -> Self {
        Self("*".to_owned())
    }
}

id!(
    /// One declarative document of a tenant. A slug.
    UseCaseId, |text: &str| slug("use_case", text),
    "pattern" = SLUG, "maxLength" = 63
);
id!(
    /// Where a tenant's events come from: an application, a bucket, a query. A slug.
    SourceId, |text: &str| slug("source", text),
    "pattern" = SLUG, "maxLength" = 63
);
id!(
    /// Whom an event is about: a customer, device, account or address. Opaque text of the sender.
    SubjectId, subject,
    "minLength" = 1, "maxLength" = 256
);
id!(
    /// A stored model: the SHA-256 of its file, so that a pinned one never changes.
    ModelId, sha256, "pattern" = SHA256
);
id!(
    /// One subject matched by one use case's trigger. Made from what matched, never from chance.
    SignalId, hex,
    "pattern" = HEX
);
id!(
    /// One opportunity to act. Made from the signal that opened it.
    CandidateId, hex,
    "pattern" = HEX
);
id!(
    /// One rendered action on one channel. Made from its candidate, never from an execution.
    MessageId, hex,
    "pattern" = HEX
);

id!(
    /// A thing that can be recommended: a product, a video. Opaque text of the tenant.
    ItemId, item,
    "minLength" = 1, "maxLength" = 128
);
id!(
    /// The name under which an affinity model is computed anew. A slug.
    AffinityName, |text: &str| slug("model", text),
    "pattern" = SLUG, "maxLength" = 63
);

impl ModelId {
    /// The id of a file.
    #[must_use]
    pub fn of(file: &[u8]) -> Self {
        use std::fmt::Write;
        let digits = |mut text: String, byte: &u8| {
            let _ = write!(text, "{byte:02x}");
            text
        };
        Self(Sha256::digest(file).iter().fold(String::with_capacity(64), digits))
    }

    /// Its first 12 digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or_default()
    }
}

id!(
    /// One use case over a whole population, once. Made from what asked for it.
    RunId, hex,
    "pattern" = HEX
);

impl RunId {
    /// The id of what `key` asks of `use_case`: the same key is the same run.
    #[must_use]
    pub fn derive(tenant: &TenantId, use_case: &UseCaseId, kind: &str, key: &str) -> Self {
        Self(digest(&["run", tenant.as_str(), use_case.as_str(), kind, key]))
    }
}

id!(
    /// One subject taken out of the platform, once. Made from the subject and the instant of asking.
    ErasureId, hex,
    "pattern" = HEX
);

impl ErasureId {
    /// The id of what was asked for `subject` at `requested`.
    #[must_use]
    pub fn derive(tenant: &TenantId, subject: &SubjectId, requested: jiff::Timestamp) -> Self {
        let requested = requested.as_nanosecond().to_string();
        Self(digest(&["erasure", tenant.as_str(), subject.as_str(), &requested]))
    }
}

id!(
    /// A file of a source, as it was written once. Made from where it lies and what it holds.
    ObjectId, hex,
    "pattern" = HEX
);

impl ObjectId {
    /// The id of the content `etag` that was written to `key`, the `sequencer` telling this writing from others.
    #[must_use]
    pub fn derive(tenant: &TenantId, key: &str, etag: &str, sequencer: &str) -> Self {
        Self(digest(&["object", tenant.as_str(), key, etag, sequencer]))
    }
}

id!(
    /// One time that a source is asked. Made from what asked for it.
    PollId, hex,
    "pattern" = HEX
);

impl PollId {
    /// The id of what `key` asks of `source`: the same key is the same poll.
    #[must_use]
    pub fn derive(tenant: &TenantId, source: &SourceId, key: &str) -> Self {
        Self(digest(&["poll", tenant.as_str(), source.as_str(), key]))
    }
}

impl SignalId {
    /// The id of what `event` of `subject` triggered in `use_case` under `key`.
    #[must_use]
    pub fn derive(
        tenant: &TenantId,
        use_case: &UseCaseId,
        subject: &SubjectId,
        key: &str,
        event: EventKey,
    ) -> Self {
        let event = event.0.to_string();
        let parts = [tenant.as_str(), use_case.as_str(), subject.as_str(), key, &event];
        Self(digest(&parts))
    }

    /// The id of what the signal `of` means to `member` of the audience that it concerns.
    #[must_use]
    pub fn concerning(of: &Self, member: &SubjectId) -> Self {
        Self(digest(&["concerning", of.as_str(), member.as_str()]))
    }
}

impl CandidateId {
    /// The id of the candidate that `signal` opens.
    #[must_use]
    pub fn derive(signal: &SignalId) -> Self {
        Self(digest(&["candidate", signal.as_str()]))
    }
}

impl MessageId {
    /// The id of the message that `candidate` sends on `channel`.
    #[must_use]
    pub fn derive(candidate: &CandidateId, channel: &str) -> Self {
        Self(digest(&["message", candidate.as_str(), channel]))
    }

    /// The id of the message that `tenant` asks for under `key`.
    #[must_use]
    pub fn requested(tenant: &TenantId, key: &str) -> Self {
        Self(digest(&["request", tenant.as_str(), key]))
    }
}

/// An event as its subject remembers it: 64 bits of the hash of its source and id
/// (CloudEvents 1.0 §3.1: `source` + `id` is unique for each distinct event).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct EventKey(pub u64);

impl EventKey {
    /// The key of the event that `source` named `id`.
    #[must_use]
    pub fn of(source: &str, id: &str) -> Self {
        Self(hash64(&[source, id]))
    }

    /// As 16 hexadecimal digits.
    #[must_use]
    pub fn hex(self) -> String {
        format!("{:016x}", self.0)
    }

    /// Of [`Self::hex`]; of any other text, none.
    #[must_use]
    pub fn of_hex(digits: &str) -> Option<Self> {
        u64::from_str_radix(digits, 16).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_a_slug() {
        for good in ["acme", "a", "acme-2", "demo-0k3"] {
            assert!(TenantId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "Acme", "a#b", "-a", "a--b", "a-", "1a", "a b", &"a".repeat(64)] {
            assert!(TenantId::new(bad).is_err(), "{bad}");
        }
        assert!(TenantId::new(TenantId::nobody().as_str()).is_err());
    }

    #[test]
    fn a_subject_is_any_text_of_bounded_length() {
        assert!(SubjectId::new("user#1 ü").is_ok());
        assert!(SubjectId::new(" ").is_err());
        assert!(SubjectId::new("a\nb").is_err());
    }

    #[test]
    fn a_model_is_named_by_its_bytes() {
        let empty = ModelId::of(b"");
        assert_eq!(
            empty.as_str(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(empty.short(), "e3b0c44298fc");
        assert!(ModelId::new(empty.as_str().to_uppercase()).is_err());
    }

    #[test]
    fn ids_read_from_json_are_checked() {
        assert!(serde_json::from_str::<TenantId>("\"a#b\"").is_err());
    }
}
