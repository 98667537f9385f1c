//! Reports of tickets.

use ceap_aws::dynamodb::{self, HelpdeskStore, Table};
use ceap_kernel::access::Role;
use ceap_kernel::{Clock, SystemClock};
use ceap_runtime::helpdesk::ticket_report;
use ceap_runtime::http::{self, Call, Reply};
use ceap_runtime::limit;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["REQUESTS_PER_MINUTE", "HELPDESK_TABLE", "PLATFORM_TABLE"])?;
        let client = dynamodb::client(&ceap_aws::config().await);
        let table = |name| Table::new(&client, env.get(name));
        let credentials = limit::door(&env, table("PLATFORM_TABLE"))?;
        let store = HelpdeskStore::new(table("HELPDESK_TABLE"), SystemClock);
        http::serve("ticket-reports", &credentials, async |call: &Call| {
            call.require(Role::may_read_customers)?;
            let query = |name: &str| call.query(name);
            let named = call.path("report").unwrap_or_default();
            let tenant = &call.principal.tenant;
            let told = ticket_report(&store, tenant, &named, &query, SystemClock.now()).await?;
            Reply::json(200, &told)
        })
        .await
    })
}
