//! Puts messages into the inbox of the tenant's own app.

use ceap_aws::dynamodb::{InboxStore, Messages};
use ceap_channels::in_app::Inboxes;
use ceap_engagement::pipeline::send::Account;
use ceap_runtime::channel::Channel;
use ceap_runtime::{Error, start};

const SETTINGS: [&str; 1] = ["RATE_PER_SECOND"];

fn main() -> Result<(), Error> {
    start(async {
        let channel = Channel::read(&SETTINGS).await?;
        let provider = Inboxes {
            inbox: InboxStore::new(channel.table("ENGAGEMENT_TABLE")),
            log: Messages::new(channel.table("ENGAGEMENT_TABLE")),
        };
        let rate = channel.env.parse("RATE_PER_SECOND")?;
        channel.serve("in-app", Account::Platform, rate, provider).await
    })
}
