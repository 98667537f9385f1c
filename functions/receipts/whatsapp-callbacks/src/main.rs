//! What Meta tells of WhatsApp messages: statuses and answers, signed with the tenant's app secret.

use ceap_aws::dynamodb::{self, SecretStore, Table};
use ceap_runtime::http::open;
use ceap_runtime::reception::Reception;
use ceap_runtime::{Env, Error, callbacks, start};

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
        let client = dynamodb::client(&config);
        let platform = Table::new(&client, env.get("PLATFORM_TABLE"));
        let secrets = SecretStore::new(&config, platform, env.get("SECRETS_KEY"));
        let reception = Reception::new(&env, &config, &client);
        open("whatsapp-callbacks", async |asked| {
            callbacks::whatsapp(asked, &secrets, &reception).await
        })
        .await
    })
}
