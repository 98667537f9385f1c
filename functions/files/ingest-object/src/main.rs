//! Files of the drop bucket into the stream: each invocation makes one step of the workflow.

use ceap_aws::drop_bucket::DropBucket;
use ceap_aws::dynamodb::{self, Objects, QuarantineStore, SourceStore, Table};
use ceap_aws::stream::KinesisStream;
use ceap_files::{Ingest, PART_BYTES, SHIFT, Step};
use ceap_kernel::SystemClock;
use ceap_runtime::{Env, Error, start, task};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["DROP_BUCKET", "PLATFORM_TABLE", "QUARANTINE_TABLE", "STREAM_NAME"])?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let platform = Table::new(&client, env.get("PLATFORM_TABLE"));
        let ingest = Ingest {
            files: DropBucket::new(&config, env.get("DROP_BUCKET")),
            sources: SourceStore::new(platform.clone()),
            objects: Objects::new(platform),
            stream: KinesisStream::new(&config, env.get("STREAM_NAME")).patient(),
            quarantine: QuarantineStore::new(Table::new(&client, env.get("QUARANTINE_TABLE"))),
            clock: SystemClock,
            shift: SHIFT,
            part_bytes: PART_BYTES,
        };
        task::serve("ingest-object", async |step: Step| ingest.step(&step).await).await
    })
}
