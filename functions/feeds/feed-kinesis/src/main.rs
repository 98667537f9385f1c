//! Records of a Kinesis stream of the team's own, into the stream.

use ceap_aws::dynamodb::{self, QuarantineStore, SourceStore, Table};
use ceap_aws::stream::KinesisStream;
use ceap_kernel::SystemClock;
use ceap_runtime::feeds::{Feed, OfStream, owner};
use ceap_runtime::{Env, Error, start};

const VARIABLES: [&str; 5] =
    ["FEED_TENANT", "FEED_SOURCE", "STREAM_NAME", "PLATFORM_TABLE", "QUARANTINE_TABLE"];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&VARIABLES)?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let (tenant, source) = owner(&env)?;
        let feed = Feed {
            name: "feed-kinesis",
            tenant,
            source,
            sources: SourceStore::new(Table::new(&client, env.get("PLATFORM_TABLE"))),
            stream: KinesisStream::new(&config, env.get("STREAM_NAME")),
            quarantine: QuarantineStore::new(Table::new(&client, env.get("QUARANTINE_TABLE"))),
            clock: SystemClock,
        };
        feed.serve::<OfStream>().await
    })
}
