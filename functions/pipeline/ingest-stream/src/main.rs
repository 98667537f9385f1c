//! Events from the stream into features, profiles and signals.

use ceap_aws::dynamodb::QuarantineStore;
use ceap_runtime::{Env, Error, batch, pipeline, start};

const VARIABLES: [&str; 10] = [
    "PROFILES_TABLE",
    "PLATFORM_TABLE",
    "ENGAGEMENT_TABLE",
    "QUARANTINE_TABLE",
    "EVENT_BUS_NAME",
    "EVENT_BUS_ARN",
    "SCHEDULE_GROUP",
    "SCHEDULER_ROLE_ARN",
    "SCHEDULER_DLQ_ARN",
    "DELAY_SCALE",
];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&VARIABLES)?;
        let config = ceap_aws::config().await;
        let ingest = pipeline::ingest(&env, &config)?;
        let unread = QuarantineStore::new(pipeline::tables(&env, &config)("QUARANTINE_TABLE"));
        batch::kinesis("ingest-stream", &unread, ingest).await
    })
}
