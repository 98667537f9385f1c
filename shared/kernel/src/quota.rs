//! How much a tenant's callers ask: the port that counts it.

use crate::{Fault, TenantId};

/// Counts what tenants' callers ask, whichever function they ask.
#[allow(async_fn_in_trait)]
pub trait Quota {
    /// Counts `requests` more of `who` at `tenant` in a minute, which is counted from 1970-01-01T00:00Z: how many that
    /// makes. Nobody in particular ("") are those who ask in the tenant's own name.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn count(
        &self,
        tenant: &TenantId,
        who: &str,
        minute: i64,
        requests: u64,
    ) -> Result<u64, Fault>;
}
