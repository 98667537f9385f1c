//! Email by SES.

use ceap_aws::ses::Ses;
use ceap_channels::mime;
use ceap_engagement::pipeline::send::Account;
use ceap_runtime::channel::Channel;
use ceap_runtime::{Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let channel = Channel::read(&["CONFIGURATION_SET", "RATE_PER_SECOND"]).await?;
        let set = channel.env.given("CONFIGURATION_SET").map(str::to_owned);
        let provider = Ses::new(&channel.config, mime::write).configuration_set(set);
        let rate = channel.env.parse("RATE_PER_SECOND")?;
        channel.serve("email", Account::Platform, rate, provider).await
    })
}
