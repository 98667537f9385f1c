//! Looking at what is in quarantine.

use super::Rejected;
use ceap_kernel::{Fault, TenantId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Entries of one page.
pub const PAGE: usize = 50;

/// Which entries. What is left out is no matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QuarantineFilter")]
pub struct Filter {
    /// Where they were rejected: `ingest-http`, `ingest-stream`, `filter`.
    #[serde(default)]
    pub stage: Option<String>,
    /// With which code: `invalid`.
    #[serde(default)]
    pub code: Option<String>,
    /// Of which source, as their events name it.
    #[serde(default)]
    pub source: Option<String>,
    /// Of which event type.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// These alone, by their ids.
    #[serde(default)]
    pub ids: Vec<String>,
}

impl Filter {
    /// Whether it is one of them.
    #[must_use]
    pub fn takes(&self, entry: &Entry) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let rejected = &entry.rejected;
        is(&self.stage, Some(&rejected.stage))
            && is(&self.code, Some(&rejected.code))
            && is(&self.source, rejected.source())
            && is(&self.kind, rejected.kind())
            && (self.ids.is_empty() || self.ids.contains(&entry.id))
    }
}

/// Something that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Unique within its tenant.
    pub id: String,
    /// What was rejected, and why.
    pub rejected: Rejected,
}

/// Shows and removes what is kept.
#[allow(async_fn_in_trait)]
pub trait Shelf {
    /// A tenant's entries, the newest first: at most `limit`, and where to go on, if there may be more.
    ///
    /// # Errors
    /// `Invalid` when `cursor` is none; `Unavailable` or `Throttled`.
    async fn entries(
        &self,
        tenant: &TenantId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Entry>, Option<String>), Fault>;

    /// Keeps them no longer. One that is gone already is gone.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; some may be gone then.
    async fn remove(&self, tenant: &TenantId, ids: &[String]) -> Result<(), Fault>;
}

/// An entry as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "QuarantineEntry")]
pub struct View {
    /// Names it in a redrive.
    pub id: String,
    /// Where it was rejected.
    pub stage: String,
    /// A stable code for programs.
    pub code: String,
    /// The field and the remedy.
    pub reason: String,
    /// The source that its event names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The type of its event.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// When.
    pub at: Timestamp,
    /// What was rejected, as it came.
    pub payload: Value,
}

impl From<Entry> for View {
    fn from(entry: Entry) -> Self {
        let Entry { id, rejected } = entry;
        Self {
            id,
            source: rejected.source().map(str::to_owned),
            kind: rejected.kind().map(str::to_owned),
            stage: rejected.stage,
            code: rejected.code,
            reason: rejected.reason,
            at: rejected.at,
            payload: rejected.payload,
        }
    }
}

/// A page of what is in quarantine.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "QuarantineList")]
pub struct Listed {
    /// The newest first.
    pub entries: Vec<View>,
    /// Where the next page begins: the `cursor` to ask for it with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Those of `filter` among the next [`PAGE`] entries: a page may show fewer, or none, before the last.
///
/// # Errors
/// As [`Shelf::entries`].
pub async fn list(
    tenant: &TenantId,
    filter: &Filter,
    cursor: Option<&str>,
    shelf: &impl Shelf,
) -> Result<Listed, Fault> {
    let (entries, next) = shelf.entries(tenant, cursor, PAGE).await?;
    let entries = entries.into_iter().filter(|entry| filter.takes(entry)).map(View::from);
    Ok(Listed { entries: entries.collect(), next })
}
