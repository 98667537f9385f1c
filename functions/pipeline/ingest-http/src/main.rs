//! Events from the HTTP API into the stream.

use ceap_aws::dynamodb::CredentialStore;
use ceap_runtime::{Env, Error, http, pipeline, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["STREAM_NAME", "PLATFORM_TABLE", "QUARANTINE_TABLE"])?;
        let config = ceap_aws::config().await;
        let credentials = CredentialStore::new(pipeline::tables(&env, &config)("PLATFORM_TABLE"));
        http::serve("ingest-http", &credentials, pipeline::take(&env, &config)).await
    })
}
