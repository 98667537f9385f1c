//! Webhooks, signed, to the team's own systems.

use ceap_aws::dynamodb::{self, Messages, SecretStore, Table};
use ceap_channels::http::{Http, Reach};
use ceap_channels::webhook::Webhooks;
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::send::send;
use ceap_kernel::SystemClock;
use ceap_runtime::{Env, Error, batch, start};

const SETTINGS: &[&str] =
    &["ENGAGEMENT_TABLE", "PLATFORM_TABLE", "SECRETS_KEY", "CLAIM_LEASE_SECONDS", "ALLOW_LOOPBACK"];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(SETTINGS)?;
        let lease = env.parse("CLAIM_LEASE_SECONDS")?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let outbox = Messages::new(Table::new(&client, env.get("ENGAGEMENT_TABLE")));
        let platform = Table::new(&client, env.get("PLATFORM_TABLE"));
        let secrets = SecretStore::new(&config, platform, env.get("SECRETS_KEY"));
        let http = Http::new(Reach::loopback(env.parse("ALLOW_LOOPBACK")?))?;
        let provider = Webhooks::new(http, secrets);
        batch::queue("deliver-webhook", async |dispatch: &Dispatch| {
            send(dispatch, &outbox, &provider, &SystemClock, lease).await
        })
        .await
    })
}
