//! What could not be taken, and how it is sent again.

use ceap_aws::dynamodb::{self, QuarantineStore, SourceStore, Table};
use ceap_aws::stream::KinesisStream;
use ceap_runtime::http::{self, Call};
use ceap_runtime::limit;
use ceap_runtime::quarantine::QuarantineApi;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "REQUESTS_PER_MINUTE",
            "PLATFORM_TABLE",
            "QUARANTINE_TABLE",
            "STREAM_NAME",
        ])?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let platform = Table::new(&client, env.get("PLATFORM_TABLE"));
        let credentials = limit::door(&env, platform.clone())?;
        let shelf = QuarantineStore::new(Table::new(&client, env.get("QUARANTINE_TABLE")));
        let stream = KinesisStream::new(&config, env.get("STREAM_NAME"));
        let api = QuarantineApi::new(shelf, SourceStore::new(platform), stream);
        http::serve("quarantine", &credentials, async |call: &Call| api.answer(call).await).await
    })
}
