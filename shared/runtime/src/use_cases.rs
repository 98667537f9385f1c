//! The API of use cases.

use crate::api::{Install, RollBack};
use crate::http::{Call, Reply};
use ceap_aws::dynamodb::{UseCaseStore, UseCaseVersions};
use ceap_aws::schedules::UseCaseSchedules;
use ceap_engagement::template::library::if_match;
use ceap_engagement::use_case::UseCases;
use ceap_engagement::use_case::library::Library;
use ceap_kernel::access::Role;
use ceap_kernel::{Fault, SystemClock, UseCaseId};

/// A tenant's use cases, and the stored templates that they may name.
#[derive(Debug)]
pub struct UseCaseApi {
    library: Library<UseCaseVersions, UseCaseSchedules, SystemClock>,
    running: UseCaseStore,
}

impl UseCaseApi {
    /// Of what is kept, what starts it, and what runs.
    #[must_use]
    pub const fn new(
        keeper: UseCaseVersions,
        schedules: UseCaseSchedules,
        running: UseCaseStore,
    ) -> Self {
        Self { library: Library { keeper, schedules, clock: SystemClock }, running }
    }

    /// Answers a call.
    ///
    /// # Errors
    /// `Forbidden` for a role that may not; `Invalid`, naming the field; `NotFound`; `Conflict` when
    /// another version is kept; `Unavailable` or `Throttled`.
    pub async fn answer(&self, call: &Call) -> Result<Reply, Fault> {
        let tenant = &call.principal.tenant;
        let route = call.route();
        if route.starts_with("GET ") {
            call.require(Role::may_read_customers)?;
            return self.read(call, &route).await;
        }
        call.require(Role::may_send)?;
        if route == "POST /v1/use-cases" {
            let Install { catalogue } = call.json("install")?;
            let stored = &self.running.plan(tenant).await?.stored;
            return Reply::json(201, &self.library.install(tenant, &catalogue, stored).await?);
        }
        let id = id(call)?;
        let version = if_match(call.header("if-match"))?;
        if route.starts_with("DELETE ") {
            self.library.delete(tenant, &id, version).await?;
            return Ok(Reply::empty());
        }
        let stored = &self.running.plan(tenant).await?.stored;
        if route.ends_with("/rollback") {
            let RollBack { to } = call.json("rollback")?;
            return Reply::json(200, &self.library.roll_back(tenant, &id, to, stored).await?);
        }
        let text = String::from_utf8(call.body()?)
            .map_err(|_| Fault::invalid("body", "must be YAML or JSON in UTF-8"))?;
        let kept = self.library.put(tenant, &id, &text, version, stored).await?;
        Reply::json(if kept.document.version == 1 { 201 } else { 200 }, &kept)
    }

    async fn read(&self, call: &Call, route: &str) -> Result<Reply, Fault> {
        let tenant = &call.principal.tenant;
        if route == "GET /v1/use-cases" {
            return Reply::json(200, &self.library.list(tenant).await?);
        }
        let rule = "must be a version, as 3";
        let version = call.query("version").map(|text| text.parse()).transpose();
        let version = version.map_err(|_| Fault::invalid("version", rule))?;
        Reply::json(200, &self.library.get(tenant, &id(call)?, version).await?)
    }
}

fn id(call: &Call) -> Result<UseCaseId, Fault> {
    UseCaseId::new(call.path("id").unwrap_or_default())
}
