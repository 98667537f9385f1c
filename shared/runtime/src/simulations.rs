//! The API of simulations: events in, the whole decision out.

use crate::http::{Call, Reply};
use ceap_aws::dynamodb::{SubjectStore, UseCaseStore, UseCaseVersions};
use ceap_channels::Channels;
use ceap_engagement::pipeline::score::Models;
use ceap_engagement::simulation::{Request, Workbench, simulate};
use ceap_engagement::use_case::UseCases;
use ceap_engagement::use_case::library::version_of;
use ceap_kernel::access::Role;
use ceap_kernel::{Fault, UseCaseId};

/// Bytes of an answer: Lambda's is at most 6 MB (Lambda quotas), with what wraps and escapes it.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// Documents and subjects as they are stored. Nothing is written; the function's policy allows none.
#[derive(Debug)]
pub struct SimulationApi<M> {
    keeper: UseCaseVersions,
    running: UseCaseStore,
    subjects: SubjectStore,
    workbench: Workbench<M>,
}

impl<M: Models> SimulationApi<M> {
    /// Of documents that are kept, what runs, who is known, and what is scored with.
    #[must_use]
    pub const fn new(
        keeper: UseCaseVersions,
        running: UseCaseStore,
        subjects: SubjectStore,
        workbench: Workbench<M>,
    ) -> Self {
        Self { keeper, running, subjects, workbench }
    }

    /// Answers a call. Its answer shows customers' data.
    ///
    /// # Errors
    /// `Forbidden` for a role that may not; `Invalid`, naming the field; `NotFound` when there is no
    /// such use case and no document is given; `Unavailable` or `Throttled`.
    pub async fn answer(&self, call: &Call) -> Result<Reply, Fault> {
        call.require(Role::may_read_customers)?;
        let tenant = &call.principal.tenant;
        let id = UseCaseId::new(call.path("id").unwrap_or_default())?;
        let request: Request = call.json("simulation")?;
        let document = match request.document(&id)? {
            Some(document) => document,
            None => version_of(&self.keeper, tenant, &id, request.version).await?.document,
        };
        let plan = self.running.plan(tenant).await?;
        let plan = self.workbench.laid_out(tenant, &plan, &document).await?;
        let said = simulate(tenant, &plan, document, &request, &self.subjects, Channels).await?;
        let body =
            serde_json::to_string(&said).map_err(|error| Fault::Internal(error.to_string()))?;
        if body.len() > MAX_ANSWER {
            let message = format!("lead to an answer of {} bytes; send fewer at once", body.len());
            return Err(Fault::invalid("events", message));
        }
        Ok(Reply::text(200, "application/json", body))
    }
}
