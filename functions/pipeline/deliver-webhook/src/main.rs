//! Webhooks, signed, to the team's own systems.

use ceap_aws::dynamodb::SecretStore;
use ceap_channels::http::{Http, Reach};
use ceap_channels::webhook::Webhooks;
use ceap_engagement::pipeline::send::Account;
use ceap_runtime::channel::Channel;
use ceap_runtime::{Error, start};

const SETTINGS: [&str; 4] = ["PLATFORM_TABLE", "SECRETS_KEY", "ALLOW_LOOPBACK", "RATE_PER_SECOND"];

fn main() -> Result<(), Error> {
    start(async {
        let channel = Channel::read(&SETTINGS).await?;
        let key = channel.env.get("SECRETS_KEY");
        let secrets = SecretStore::new(&channel.config, channel.table("PLATFORM_TABLE"), key);
        let http = Http::new(Reach::loopback(channel.env.parse("ALLOW_LOOPBACK")?))?;
        let provider = Webhooks::new(http, secrets);
        let rate = channel.env.parse("RATE_PER_SECOND")?;
        channel.serve("webhook", Account::Tenant, rate, provider).await
    })
}
