//! Takes a subject out of the helpdesk, some minutes at a time: the records, the files, and the search index.

use ceap_aws::dynamodb::{self, Erasures, HelpdeskStore, Leases, Table};
use ceap_aws::search_bucket::SearchBucket;
use ceap_engagement::erasure::work::Step;
use ceap_engagement::pipeline::delay::Delays;
use ceap_kernel::{Fault, SignedDuration, SystemClock, Tally};
use ceap_runtime::helpdesk::{Erasing, shredder};
use ceap_runtime::{Env, Error, start, task};
use ceap_search::desk::Keeping;
use std::sync::Arc;
use std::time::Duration;

const SETTINGS: [&str; 5] =
    ["HELPDESK_TABLE", "PLATFORM_TABLE", "FILES_BUCKET", "SEARCH_BUCKET", "DELAY_SCALE"];

/// How long an invocation goes on.
const BUDGET: Duration = Duration::from_secs(300);

/// How long segments stay that nothing names any more: longer than any search goes on that may read them.
const STILL_READ: SignedDuration = SignedDuration::from_hours(1);

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&SETTINGS)?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let table = |name| Table::new(&client, env.get(name));
        let leases = Arc::new(Leases::new(table("HELPDESK_TABLE")));
        let store = HelpdeskStore::new(table("HELPDESK_TABLE"), SystemClock);
        let bucket = Arc::new(SearchBucket::new(&config, env.get("SEARCH_BUCKET")));
        let grace = Delays::scaled(env.parse("DELAY_SCALE")?).time(STILL_READ);
        let grace = Duration::try_from(grace).map_err(|it| Fault::Internal(it.to_string()))?;
        let keeping = Keeping::new(Box::new(store), bucket, leases, Arc::new(SystemClock))?;
        let erasing = Erasing {
            erasures: Erasures::new(table("PLATFORM_TABLE")),
            shredder: shredder(&config, table("HELPDESK_TABLE"), env.get("FILES_BUCKET")),
            index: Box::new(keeping.after(grace)),
            clock: SystemClock,
            budget: BUDGET,
        };
        let stage = async |step: Step| Ok((erasing.step(&step).await?, Tally::default()));
        task::serve("helpdesk-erase", stage).await
    })
}
