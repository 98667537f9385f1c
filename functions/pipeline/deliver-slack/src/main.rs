//! Slack, as a bot or by an incoming webhook.

use ceap_aws::dynamodb::SecretStore;
use ceap_channels::http::{Http, Reach};
use ceap_channels::slack::Poster;
use ceap_engagement::pipeline::send::Account;
use ceap_runtime::channel::Channel;
use ceap_runtime::{Error, start};

const SETTINGS: [&str; 5] =
    ["PLATFORM_TABLE", "SECRETS_KEY", "SLACK_API_URL", "ALLOW_LOOPBACK", "RATE_PER_SECOND"];

fn main() -> Result<(), Error> {
    start(async {
        let channel = Channel::read(&SETTINGS).await?;
        let key = channel.env.get("SECRETS_KEY");
        let secrets = SecretStore::new(&channel.config, channel.table("PLATFORM_TABLE"), key);
        let http = Http::new(Reach::loopback(channel.env.parse("ALLOW_LOOPBACK")?))?;
        let provider = Poster::new(http, secrets, channel.env.get("SLACK_API_URL"))?;
        let rate = channel.env.parse("RATE_PER_SECOND")?;
        channel.serve("slack", Account::Tenant, rate, provider).await
    })
}
