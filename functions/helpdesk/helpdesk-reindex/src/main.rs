//! Builds a tenant's search index anew, some minutes at a time: told how it stands, it says how it stands then.

use ceap_aws::dynamodb::{self, HelpdeskStore, Leases, Table};
use ceap_aws::search_bucket::SearchBucket;
use ceap_kernel::{Metric, SystemClock, Tally};
use ceap_runtime::{Env, Error, start, task};
use ceap_search::desk::{Keeping, Rebuild};
use std::sync::Arc;
use std::time::Duration;

/// How long an invocation goes on.
const BUDGET: Duration = Duration::from_secs(600);

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
        task::serve("helpdesk-reindex", async |asked: Rebuild| {
            let rebuilt = keeping.rebuild(asked, BUDGET).await?;
            let mut tally = Tally::default();
            let count = rebuilt.documents;
            tally.add(Metric::DocumentsIndexed, &rebuilt.tenant, None, Some("reindex"), count);
            Ok((rebuilt, tally))
        })
        .await
    })
}
