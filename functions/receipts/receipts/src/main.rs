//! What providers tell afterwards: receipts, and what recipients write back.

use ceap_aws::dynamodb;
use ceap_connectors::receipts;
use ceap_runtime::reception::Reception;
use ceap_runtime::{Env, Error, start};

const SETTINGS: [&str; 9] = [
    "PROFILES_TABLE",
    "PLATFORM_TABLE",
    "ENGAGEMENT_TABLE",
    "QUARANTINE_TABLE",
    "CHANNEL_QUEUE_PREFIX",
    "SECRETS_KEY",
    "PUBLIC_URL",
    "EVENT_STREAM",
    "EVENT_BUS_NAME",
];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&SETTINGS)?;
        let config = ceap_aws::config().await;
        let reception = Reception::new(&env, &config, &dynamodb::client(&config));
        reception.serve("receipts", receipts::queue).await
    })
}
