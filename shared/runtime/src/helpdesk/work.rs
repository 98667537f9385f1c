//! Jobs, as their queue brings them.

use super::Office;
use crate::batch;
use crate::bootstrap::log;
use crate::env::Env;
use ceap_aws::sqs::Postponer;
use ceap_engagement::pipeline::send::Disposal;
use ceap_helpdesk::job::{self, Waiting};
use ceap_helpdesk::routes;
use ceap_kernel::{Fault, Tally};
use lambda_runtime::Error;

/// Seconds after which a job goes on that could not: at once here, if it is not the first time, a little later.
const PAUSE_S: u32 = 2;

impl Office {
    /// Does the jobs that come from the queue `JOBS_QUEUE`.
    ///
    /// # Errors
    /// From Lambda's runtime API.
    pub async fn work(&self, env: &Env) -> Result<(), Error> {
        let config = ceap_aws::config().await;
        let postpone = Postponer::new(&config, env.get("JOBS_QUEUE"));
        let doing = async |waiting: &Waiting, _: u32| self.done(waiting).await;
        batch::queue("helpdesk-job", &postpone, doing).await
    }

    pub(super) async fn done(&self, waiting: &Waiting) -> Result<(Disposal, Tally), Fault> {
        let done = match waiting {
            Waiting::Job { tenant, id } => job::run(&self.desk(), &routes::all(), tenant, id).await,
            Waiting::Invitation { .. } => Err(Fault::Internal("nobody is invited yet".to_owned())),
        };
        match done {
            Ok(()) => Ok((Disposal::Done, Tally::default())),
            Err(fault) if fault.retryable() => {
                log("helpdesk-job", &fault);
                Ok((Disposal::Again(Some(PAUSE_S)), Tally::default()))
            }
            Err(fault) => Err(fault),
        }
    }
}
