//! Opens tickets in the helpdesk, and goes on with them.

use ceap_aws::dynamodb::SubjectStore;
use ceap_channels::ticket::Tickets;
use ceap_engagement::pipeline::send::Account;
use ceap_runtime::channel::Channel;
use ceap_runtime::{Error, helpdesk, start};

const SETTINGS: [&str; 3] = ["RATE_PER_SECOND", "HELPDESK_TABLE", "PROFILES_TABLE"];

fn main() -> Result<(), Error> {
    start(async {
        let channel = Channel::read(&SETTINGS).await?;
        let provider = Tickets {
            counter: helpdesk::counter(channel.table("HELPDESK_TABLE")),
            subjects: SubjectStore::new(channel.table("PROFILES_TABLE")),
        };
        let rate = channel.env.parse("RATE_PER_SECOND")?;
        channel.serve("ticket", Account::Tenant, rate, provider).await
    })
}
