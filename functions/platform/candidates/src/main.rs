//! Live candidates of a use case, the best first.

use ceap_aws::dynamodb::{self, Candidates, Table};
use ceap_engagement::candidate_list::{Asked, list};
use ceap_kernel::SystemClock;
use ceap_kernel::access::Role;
use ceap_runtime::http::{self, Call, Reply};
use ceap_runtime::limit;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["REQUESTS_PER_MINUTE", "ENGAGEMENT_TABLE", "PLATFORM_TABLE"])?;
        let client = dynamodb::client(&ceap_aws::config().await);
        let credentials = limit::door(&env, Table::new(&client, env.get("PLATFORM_TABLE")))?;
        let candidates = Candidates::new(Table::new(&client, env.get("ENGAGEMENT_TABLE")));
        http::serve("candidates", &credentials, async |call: &Call| {
            call.require(Role::may_read_customers)?;
            let asked = Asked {
                use_case: call.query("use_case"),
                subject: call.query("subject"),
                min_score: call.query("min_score"),
                limit: call.query("limit"),
                cursor: call.query("cursor"),
            };
            let tenant = &call.principal.tenant;
            Reply::json(200, &list(tenant, &asked, &candidates, &SystemClock).await?)
        })
        .await
    })
}
