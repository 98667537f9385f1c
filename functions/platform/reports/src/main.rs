//! What a use case brought about.

use ceap_aws::dynamodb::{self, Messages, Table, UseCaseStore};
use ceap_engagement::report::report;
use ceap_kernel::access::Role;
use ceap_kernel::{SystemClock, UseCaseId};
use ceap_runtime::http::{self, Call, Reply};
use ceap_runtime::limit;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["REQUESTS_PER_MINUTE", "ENGAGEMENT_TABLE", "PLATFORM_TABLE"])?;
        let client = dynamodb::client(&ceap_aws::config().await);
        let platform = Table::new(&client, env.get("PLATFORM_TABLE"));
        let (credentials, runs) =
            (limit::door(&env, platform.clone())?, UseCaseStore::new(platform));
        let messages = Messages::new(Table::new(&client, env.get("ENGAGEMENT_TABLE")));
        http::serve("reports", &credentials, async |call: &Call| {
            call.require(Role::may_read_customers)?;
            let id = UseCaseId::new(call.path("id").unwrap_or_default())?;
            let (from, to) = (call.query("from"), call.query("to"));
            let period = (from.as_deref(), to.as_deref());
            let tenant = &call.principal.tenant;
            Reply::json(200, &report(tenant, &id, period, &runs, &messages, &SystemClock).await?)
        })
        .await
    })
}
