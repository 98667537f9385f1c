//! The helpdesk's routes of the family `search`, over the search indexes.

use ceap_aws::search_bucket::SearchBucket;
use ceap_helpdesk::routes::SEARCH;
use ceap_runtime::helpdesk::Office;
use ceap_runtime::{Env, Error, start};
use ceap_search::desk::Indexes;
use std::sync::Arc;

const SETTINGS: [&str; 9] = [
    "HELPDESK_TABLE",
    "PLATFORM_TABLE",
    "REQUESTS_PER_MINUTE",
    "FILES_BUCKET",
    "SECRETS_KEY",
    "ALLOW_LOOPBACK",
    "SIGN_IN_ISSUER",
    "SIGN_IN_KEYS",
    "SEARCH_BUCKET",
];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&SETTINGS)?;
        let bucket = SearchBucket::new(&ceap_aws::config().await, env.get("SEARCH_BUCKET"));
        let indexes = Indexes::open(Arc::new(bucket))?;
        Office::open(&env).await?.searching(indexes).serve(&SEARCH).await
    })
}
