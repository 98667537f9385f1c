//! What is known of an object, and how it goes from state to state.

use ceap_kernel::{Fault, ObjectId, SourceId, TenantId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ObjectState")]
pub enum State {
    /// It is looked at, and divided into parts.
    Planning,
    /// Its parts are read.
    Reading,
    /// All of it was read.
    Done,
    /// It could not be read, or only so far; `error` says why. What was accepted before is in.
    Failed,
}

/// How far an object, or a part of it, was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ObjectProgress")]
pub struct Progress {
    /// Rows read.
    pub rows: u64,
    /// Those that became events.
    pub accepted: u64,
    /// Those that are in quarantine.
    pub quarantined: u64,
    /// Those that the mapping leaves out.
    pub left_out: u64,
    /// Bytes of the object as it is stored.
    pub bytes: u64,
}

impl Progress {
    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        self.rows = self.rows.saturating_add(other.rows);
        self.accepted = self.accepted.saturating_add(other.accepted);
        self.quarantined = self.quarantined.saturating_add(other.quarantined);
        self.left_out = self.left_out.saturating_add(other.left_out);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// An object as S3 tells that it was created (Amazon S3 user guide, "EventBridge event message structure").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// `<tenant>/<source>/<anything>`, as it is: not URL-encoded.
    pub key: String,
    /// Bytes.
    #[serde(default)]
    pub size: u64,
    /// S3's digest of the content.
    #[serde(default)]
    pub etag: String,
    /// Tells one writing of a key from the next.
    #[serde(default)]
    pub sequencer: String,
}

impl Named {
    /// Whose it is, and of which source.
    ///
    /// # Errors
    /// `Invalid` when the key does not begin with both.
    pub fn place(&self) -> Result<(TenantId, SourceId), Fault> {
        let rule = "must be <tenant>/<source>/<file>";
        let wrong = || Fault::invalid("key", rule);
        let (tenant, rest) = self.key.split_once('/').ok_or_else(wrong)?;
        let (source, file) = rest.split_once('/').ok_or_else(wrong)?;
        if file.is_empty() {
            return Err(wrong());
        }
        let (tenant, source) = (TenantId::new(tenant), SourceId::new(source));
        Ok((tenant.map_err(|_| wrong())?, source.map_err(|_| wrong())?))
    }

    /// Whether it is what consoles make to show an empty folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.key.ends_with('/') && self.size == 0
    }

    /// What its rows' ids are made of: the content at its place. The same file put there again has the
    /// same rows.
    #[must_use]
    pub fn content(&self) -> [&str; 2] {
        [&self.key, &self.etag]
    }
}

/// An object, as it was written once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SourceObject")]
pub struct Object {
    /// Which.
    pub id: ObjectId,
    /// Whose.
    pub tenant: TenantId,
    /// Of which source.
    pub source: SourceId,
    /// Its key in the drop bucket.
    pub key: String,
    /// Its content's digest, as S3 says it.
    pub etag: String,
    /// Bytes.
    pub size: u64,
    /// Where it stands.
    pub state: State,
    /// How far it was read.
    #[serde(flatten)]
    pub progress: Progress,
    /// Into how many parts it is divided; unknown until that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<u32>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When the platform learnt of it.
    pub noticed: Timestamp,
    /// When it was done or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// The workflow's execution that works on it.
    pub execution: String,
}

impl Object {
    /// An object that `execution` begins to work on at `now`.
    #[must_use]
    pub fn new(
        tenant: &TenantId,
        source: &SourceId,
        named: &Named,
        execution: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            id: ObjectId::derive(tenant, &named.key, &named.etag, &named.sequencer),
            tenant: tenant.clone(),
            source: source.clone(),
            key: named.key.clone(),
            etag: named.etag.clone(),
            size: named.size,
            state: State::Planning,
            progress: Progress::default(),
            parts: None,
            error: None,
            noticed: now,
            finished: None,
            execution: execution.to_owned(),
        }
    }

    /// Whether it is still to be read.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Planning | State::Reading)
    }

    /// Begun once more by `execution`, where it stopped.
    #[must_use]
    pub fn taken_over(self, execution: &str) -> Self {
        let state = if self.parts.is_some() { State::Reading } else { State::Planning };
        Self { state, error: None, finished: None, execution: execution.to_owned(), ..self }
    }

    /// Divided into `parts`.
    #[must_use]
    pub fn reading(self, parts: u32) -> Self {
        Self { state: State::Reading, parts: Some(parts), ..self }
    }

    /// Read as far as it can be: all of it, or up to `error`.
    #[must_use]
    pub fn ended(self, progress: Progress, error: Option<String>, now: Timestamp) -> Self {
        let state = if error.is_some() { State::Failed } else { State::Done };
        Self { state, progress, error, finished: Some(now), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn named(key: &str) -> Named {
        Named { key: key.to_owned(), size: 1, etag: "e".to_owned(), sequencer: "1".to_owned() }
    }

    #[test]
    fn a_key_names_tenant_and_source() {
        let (tenant, source) = named("acme/orders/2026/11 21.csv").place().unwrap();
        assert_eq!((tenant.as_str(), source.as_str()), ("acme", "orders"));
    }

    #[rstest]
    #[case("orders.csv")]
    #[case("acme/orders.csv")]
    #[case("acme/orders/")]
    #[case("Acme/orders/a.csv")]
    #[case("/orders/a.csv")]
    #[case("acme//a.csv")]
    fn other_keys_are_nobodys(#[case] key: &str) {
        let fault = named(key).place().unwrap_err().to_string();
        assert_eq!(fault, "key: must be <tenant>/<source>/<file>");
    }

    #[test]
    fn the_same_writing_is_the_same_object() {
        let now = Timestamp::UNIX_EPOCH;
        let of = |named: &Named| {
            let (tenant, source) = named.place().unwrap();
            Object::new(&tenant, &source, named, "x", now).id
        };
        let first = named("acme/orders/a.csv");
        assert_eq!(of(&first), of(&first.clone()));
        assert_ne!(of(&first), of(&Named { sequencer: "2".to_owned(), ..first.clone() }));
    }
}
