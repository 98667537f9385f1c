//! Quarantine: what cannot proceed is kept with its reason, never dropped and never passed on.

use ceap_kernel::{Fault, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that cannot proceed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejected {
    /// Whose; none when it can't be told.
    pub tenant: Option<TenantId>,
    /// Where it was rejected: `ingest-http`, `ingest-stream`, `filter`, …
    pub stage: String,
    /// A stable code for programs.
    pub code: String,
    /// The field and the remedy.
    pub reason: String,
    /// What was rejected, as it came.
    pub payload: Value,
    /// When.
    pub at: Timestamp,
}

impl Rejected {
    /// Rejects `payload` at `stage` for `fault`.
    #[must_use]
    pub fn new(
        tenant: Option<&TenantId>,
        stage: &str,
        fault: &Fault,
        payload: Value,
        at: Timestamp,
    ) -> Self {
        Self {
            tenant: tenant.cloned(),
            stage: stage.to_owned(),
            code: fault.code().to_owned(),
            reason: fault.to_string(),
            payload,
            at,
        }
    }
}

/// Keeps what cannot proceed.
#[allow(async_fn_in_trait)]
pub trait Quarantine {
    /// Keeps all; keeping one twice keeps it once.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`; the caller must not go on as if they were kept.
    async fn keep(&self, rejected: &[Rejected]) -> Result<(), Fault>;
}
