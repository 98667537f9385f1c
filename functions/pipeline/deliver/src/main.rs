//! The gates, rendering, and the hand-off to the channels.

use ceap_runtime::{Env, Error, pipeline, start, task};

const VARIABLES: [&str; 12] = [
    "PROFILES_TABLE",
    "PLATFORM_TABLE",
    "ENGAGEMENT_TABLE",
    "CHANNEL_QUEUE_PREFIX",
    "EVENT_BUS_NAME",
    "EVENT_BUS_ARN",
    "SCHEDULE_GROUP",
    "SCHEDULER_ROLE_ARN",
    "SCHEDULER_DLQ_ARN",
    "SECRETS_KEY",
    "PUBLIC_URL",
    "DELAY_SCALE",
];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&VARIABLES)?;
        let config = ceap_aws::config().await;
        task::stage("deliver", pipeline::deliver(&env, &config)?).await
    })
}
