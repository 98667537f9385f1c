//! The API of runs.

use crate::bootstrap::random;
use crate::http::{Call, Reply};
use ceap_engagement::run::desk::{Desk, Evaluate, Workflow};
use ceap_engagement::run::{RunFiles, RunStore};
use ceap_engagement::use_case::UseCases;
use ceap_engagement::use_case::library::UseCaseKeeper;
use ceap_kernel::access::Role;
use ceap_kernel::{Clock, Fault, RunId, UseCaseId};
use serde::de::DeserializeOwned;

/// Runs of a tenant's use cases.
#[derive(Debug)]
pub struct RunApi<R, F, K, U, W, C> {
    desk: Desk<R, F, K, U, W, C>,
}

impl<R, F, K, U, W, C> RunApi<R, F, K, U, W, C>
where
    R: RunStore,
    F: RunFiles,
    K: UseCaseKeeper,
    U: UseCases,
    W: Workflow,
    C: Clock,
{
    /// At this desk.
    #[must_use]
    pub const fn new(desk: Desk<R, F, K, U, W, C>) -> Self {
        Self { desk }
    }

    /// Answers a call.
    ///
    /// # Errors
    /// `Forbidden` for a role that may not; `Invalid`, naming the field; `NotFound`; `Conflict` when
    /// the run's state does not allow it; `Unavailable` or `Throttled`.
    pub async fn answer(&self, call: &Call) -> Result<Reply, Fault> {
        let (tenant, route) = (&call.principal.tenant, call.route());
        let use_case = UseCaseId::new(call.path("id").unwrap_or_default())?;
        if route.starts_with("GET ") {
            call.require(Role::may_read_customers)?;
            if route.ends_with("/runs") {
                let cursor = call.query("cursor");
                let list = self.desk.list(tenant, &use_case, cursor.as_deref()).await?;
                return Reply::json(200, &list);
            }
            return Reply::json(200, &self.desk.get(tenant, &use_case, &run(call)?).await?);
        }
        call.require(Role::may_send)?;
        if route.starts_with("DELETE ") {
            return Reply::json(200, &self.desk.cancel(tenant, &use_case, &run(call)?).await?);
        }
        if route.ends_with("/resume") {
            return Reply::json(202, &self.desk.resume(tenant, &use_case, &run(call)?).await?);
        }
        let key = call.idempotency_key(random);
        if route.ends_with("/backfill") {
            return Reply::json(202, &self.desk.backfill(tenant, &use_case, &key).await?);
        }
        if route.ends_with("/affinity") {
            let asked = optional(call, "affinity")?;
            return Reply::json(202, &self.desk.learn(tenant, &use_case, &asked, &key).await?);
        }
        if route.ends_with("/replay") {
            let asked = call.json("replay")?;
            return Reply::json(202, &self.desk.replay(tenant, &use_case, &asked, &key).await?);
        }
        let asked: Evaluate = optional(call, "evaluate")?;
        Reply::json(202, &self.desk.evaluate(tenant, &use_case, &asked, &key).await?)
    }
}

/// What the body asks for, or what is asked for without one.
fn optional<T: Default + DeserializeOwned>(call: &Call, field: &str) -> Result<T, Fault> {
    match call.body()?.as_slice() {
        [] => Ok(T::default()),
        _ => call.json(field),
    }
}

fn run(call: &Call) -> Result<RunId, Fault> {
    RunId::new(call.path("run").unwrap_or_default())
}
