//! Where endpoints are kept.

use super::Endpoint;
use ceap_kernel::{Fault, SourceId, SubjectId, TenantId};

/// An endpoint as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Counts up with each change, 1 at first.
    pub version: u64,
}

/// What becomes of an endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What it is known by; see [`super::key`].
    pub key: String,
    /// The version that is kept; 0 when there is none.
    pub before: u64,
    /// The endpoint from now on; none any more.
    pub after: Option<Endpoint>,
}

/// Keeps endpoints.
#[allow(async_fn_in_trait)]
pub trait Endpoints {
    /// The endpoints of these keys, in their order.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn load(
        &self,
        tenant: &TenantId,
        app: &SourceId,
        keys: &[String],
    ) -> Result<Vec<Option<Kept>>, Fault>;

    /// The endpoints of each of these users in an application, by their ids; one that was written a moment ago
    /// may lack.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn of_users(
        &self,
        tenant: &TenantId,
        app: &SourceId,
        users: &[SubjectId],
    ) -> Result<Vec<Vec<Kept>>, Fault>;

    /// Makes all of these changes, each of another key and at most 100, or none of them.
    ///
    /// # Errors
    /// `Conflict` when any of them is kept at another version by now; `Unavailable` or `Throttled`.
    async fn save(
        &self,
        tenant: &TenantId,
        app: &SourceId,
        changes: &[Change],
    ) -> Result<(), Fault>;
}
