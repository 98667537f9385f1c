//! What of a run is too large for a table: the list of its parts, what they brought, its result.

use ceap_kernel::{Fault, RunId, TenantId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The list of parts, which the workflow reads item by item.
pub const PARTS: &str = "parts.json";
/// The document that a replay tries, or that says what to learn.
pub const DOCUMENT: &str = "document.json";
/// What the whole run brought.
pub const RESULT: &str = "result.json";

/// Keeps files of runs, each as one JSON value.
#[allow(async_fn_in_trait)]
pub trait RunFiles {
    /// Keeps a file, in place of one of the same name.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn put(
        &self,
        tenant: &TenantId,
        run: &RunId,
        name: &str,
        content: &Value,
    ) -> Result<(), Fault>;

    /// The file, if there is one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn get(&self, tenant: &TenantId, run: &RunId, name: &str)
    -> Result<Option<Value>, Fault>;
}

/// The subjects of a part that lists them.
#[must_use]
pub fn subjects(part: u32) -> String {
    format!("subjects/{part:06}.json")
}

/// What a part brought besides counts.
#[must_use]
pub fn brought(part: u32) -> String {
    format!("parts/{part:06}.json")
}

pub(super) fn write(content: &impl Serialize) -> Result<Value, Fault> {
    serde_json::to_value(content).map_err(|error| Fault::Internal(error.to_string()))
}

pub(super) fn read<T: DeserializeOwned>(content: Value) -> Result<T, Fault> {
    serde_json::from_value(content)
        .map_err(|error| Fault::Internal(format!("unreadable file of a run: {error}")))
}
