//! What the helpdesk has to do later, as its queue brings it.

use super::post::Post;
use super::{Office, fault};
use crate::batch;
use crate::bootstrap::log;
use crate::env::Env;
use ceap_aws::dynamodb;
use ceap_aws::sqs::Postponer;
use ceap_engagement::pipeline::send::Disposal;
use ceap_helpdesk::job::{self, Waiting};
use ceap_helpdesk::routes;
use ceap_helpdesk::routing;
use ceap_helpdesk::webhook::requests;
use ceap_kernel::{Fault, Metric, Tally, TenantId};
use lambda_runtime::Error;

/// Seconds after which a job goes on that could not: at once here, if it is not the first time, a little later.
const PAUSE_S: u32 = 2;

impl Office {
    /// Does what comes from the queue `JOBS_QUEUE`: jobs, and invitations and notices by the desk of messages
    /// ([`crate::desk::desk`]), whose links begin with `PUBLIC_URL`.
    ///
    /// # Errors
    /// From Lambda's runtime API.
    pub async fn work(&self, env: &Env) -> Result<(), Error> {
        let config = ceap_aws::config().await;
        let postpone = Postponer::new(&config, env.get("JOBS_QUEUE"));
        let client = dynamodb::client(&config);
        let desk = crate::desk::desk(env, &config, &client);
        let links = crate::desk::links(env, &config, &client);
        let post = Post { desk, links, base: env.get("PUBLIC_URL").to_owned() };
        let doing = async |waiting: &Waiting, _: u32| match waiting {
            Waiting::Job { tenant, id } => self.job(tenant, id).await,
            Waiting::Invitation { tenant, id, invitation } => {
                let sent = post.invite(&*self.store, tenant, id, invitation).await;
                sent.map(|tally| (Disposal::Done, tally))
            }
            Waiting::Notice { tenant, notice } => {
                let again = requests(&self.desk(), tenant, notice, &post.base).await;
                let again = again.map_err(fault)?;
                let sent = post.notify((&*self.store, &self.accounts), tenant, notice).await;
                let after = again.map_or(Disposal::Done, |after_s| Disposal::Again(Some(after_s)));
                sent.map(|tally| (after, tally))
            }
            Waiting::Route { tenant } => self.route(tenant).await,
        };
        batch::queue("helpdesk-job", &postpone, doing).await
    }

    /// Gives what waits to agents. Where others keep being faster, a little later.
    pub(super) async fn route(&self, tenant: &TenantId) -> Result<(Disposal, Tally), Fault> {
        match routing::pass(&self.desk(), tenant).await.map_err(fault) {
            Ok(passed) => {
                let mut tally = Tally::default();
                tally.add(Metric::TicketsAutomated, tenant, None, Some("routing"), passed.given);
                Ok((Disposal::Done, tally))
            }
            Err(fault) if fault.retryable() => {
                log("helpdesk-job", &fault);
                Ok((Disposal::Again(Some(PAUSE_S)), Tally::default()))
            }
            Err(fault) => Err(fault),
        }
    }

    pub(super) async fn job(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<(Disposal, Tally), Fault> {
        match job::run(&self.desk(), &routes::all(), tenant, id).await {
            Ok(()) => Ok((Disposal::Done, Tally::default())),
            Err(fault) if fault.retryable() => {
                log("helpdesk-job", &fault);
                Ok((Disposal::Again(Some(PAUSE_S)), Tally::default()))
            }
            Err(fault) => Err(fault),
        }
    }
}
