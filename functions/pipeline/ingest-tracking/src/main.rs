//! Calls of Segment's, RudderStack's and Jitsu's SDKs into the stream.

use ceap_aws::dynamodb::{self, QuarantineStore, Table};
use ceap_aws::stream::KinesisStream;
use ceap_runtime::http::{self, Asked};
use ceap_runtime::limit;
use ceap_runtime::tracking::Tracking;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "REQUESTS_PER_MINUTE",
            "STREAM_NAME",
            "PLATFORM_TABLE",
            "QUARANTINE_TABLE",
            "PUBLIC_URL",
        ])?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let tracking = Tracking {
            credentials: limit::door(&env, Table::new(&client, env.get("PLATFORM_TABLE")))?,
            stream: KinesisStream::new(&config, env.get("STREAM_NAME")),
            quarantine: QuarantineStore::new(Table::new(&client, env.get("QUARANTINE_TABLE"))),
            url: env.get("PUBLIC_URL").to_owned(),
        };
        http::open("ingest-tracking", async |asked: &Asked| tracking.answer(asked).await).await
    })
}
