//! Does an account's automations for each hour that is not done yet: told whose, it says what it did.

use ceap_aws::search_bucket::SearchBucket;
use ceap_runtime::helpdesk::Office;
use ceap_runtime::{Env, Error, start};
use ceap_search::desk::Indexes;
use std::sync::Arc;

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["HELPDESK_TABLE", "SEARCH_BUCKET"])?;
        let bucket = SearchBucket::new(&ceap_aws::config().await, env.get("SEARCH_BUCKET"));
        let indexes = Indexes::open(Arc::new(bucket))?;
        Office::of_rules(&env).await.searching(indexes).automate().await
    })
}
