//! Messages that Amazon Pinpoint's clients send.

use ceap_aws::dynamodb::{self, EndpointStore, SecretStore, Table};
use ceap_kernel::SystemClock;
use ceap_runtime::http::open;
use ceap_runtime::limit;
use ceap_runtime::pinpoint::{Gate, Senders};
use ceap_runtime::{Env, Error, desk, start};

const SETTINGS: [&str; 7] = [
    "REQUESTS_PER_MINUTE",
    "PROFILES_TABLE",
    "PLATFORM_TABLE",
    "ENGAGEMENT_TABLE",
    "CHANNEL_QUEUE_PREFIX",
    "SECRETS_KEY",
    "PUBLIC_URL",
];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&SETTINGS)?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let platform = Table::new(&client, env.get("PLATFORM_TABLE"));
        let secrets = SecretStore::new(&config, platform.clone(), env.get("SECRETS_KEY"));
        let senders = Senders {
            gate: Gate { credentials: limit::door(&env, platform)?, secrets },
            endpoints: EndpointStore::new(Table::new(&client, env.get("ENGAGEMENT_TABLE"))),
            desk: desk::desk(&env, &config, &client),
            clock: SystemClock,
        };
        open("pinpoint-messages", async |asked| senders.answer(asked).await).await
    })
}
