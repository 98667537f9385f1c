//! Feeds the helpdesk's search indexes what changed.

use ceap_aws::dynamodb::{self, HelpdeskStore, Leases, Table};
use ceap_aws::search_bucket::SearchBucket;
use ceap_kernel::{Metric, SystemClock, Tally};
use ceap_runtime::{Env, Error, helpdesk, start};
use ceap_search::desk::Keeping;
use std::sync::Arc;
use std::time::Duration;

/// How long an invocation feeds; what is left then comes with the next.
const BUDGET: Duration = Duration::from_secs(180);

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["HELPDESK_TABLE", "SEARCH_BUCKET"])?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let table = Table::new(&client, env.get("HELPDESK_TABLE"));
        let leases = Leases::new(table.clone());
        let store = HelpdeskStore::new(table, SystemClock);
        let bucket = SearchBucket::new(&config, env.get("SEARCH_BUCKET"));
        let clock = Arc::new(SystemClock);
        let keeping = Keeping::new(Box::new(store), Arc::new(bucket), Arc::new(leases), clock)?;
        helpdesk::changes("helpdesk-index", async |tenant| {
            let count = keeping.feed(tenant, BUDGET).await?;
            let mut tally = Tally::default();
            tally.add(Metric::DocumentsIndexed, tenant, None, None, count);
            Ok(tally)
        })
        .await
    })
}
