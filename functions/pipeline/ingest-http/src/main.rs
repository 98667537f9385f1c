//! Events from the HTTP API into the stream.

use ceap_runtime::limit;
use ceap_runtime::{Env, Error, http, pipeline, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "REQUESTS_PER_MINUTE",
            "STREAM_NAME",
            "PLATFORM_TABLE",
            "QUARANTINE_TABLE",
        ])?;
        let config = ceap_aws::config().await;
        let credentials = limit::door(&env, pipeline::tables(&env, &config)("PLATFORM_TABLE"))?;
        http::serve("ingest-http", &credentials, pipeline::take(&env, &config)).await
    })
}
