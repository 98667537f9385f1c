//! The API of erasures.

use crate::http::{Call, Reply};
use ceap_engagement::erasure::ErasureStore;
use ceap_engagement::erasure::desk::{Desk, Executions};
use ceap_kernel::access::Role;
use ceap_kernel::{Clock, ErasureId, Fault, SubjectId};

/// Erasures of a tenant's subjects.
#[derive(Debug)]
pub struct ErasureApi<E, W, C> {
    desk: Desk<E, W, C>,
}

impl<E: ErasureStore, W: Executions, C: Clock> ErasureApi<E, W, C> {
    /// At this desk.
    #[must_use]
    pub const fn new(desk: Desk<E, W, C>) -> Self {
        Self { desk }
    }

    /// Answers a call.
    ///
    /// # Errors
    /// `Forbidden` for a role that may not; `Invalid` when the subject or the id is none; `NotFound`;
    /// `Unavailable` or `Throttled`.
    pub async fn answer(&self, call: &Call) -> Result<Reply, Fault> {
        let tenant = &call.principal.tenant;
        let id = call.path("id").unwrap_or_default();
        call.require(Role::may_erase)?;
        match call.route().as_str() {
            "DELETE /v1/profiles/{id}" => {
                Reply::json(202, &self.desk.erase(tenant, &SubjectId::new(id)?).await?)
            }
            "GET /v1/erasures/{id}" => {
                Reply::json(200, &self.desk.get(tenant, &ErasureId::new(id)?).await?)
            }
            other => Err(Fault::NotFound(format!("there is no {other}"))),
        }
    }
}
