//! Text messages by AWS End User Messaging, and by SNS where that is not set up.

use ceap_aws::eum::EumSms;
use ceap_aws::sns::SnsSms;
use ceap_channels::InOrder;
use ceap_engagement::pipeline::send::Account;
use ceap_runtime::channel::Channel;
use ceap_runtime::{Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let channel = Channel::read(&["CONFIGURATION_SET", "RATE_PER_SECOND"]).await?;
        let set = channel.env.given("CONFIGURATION_SET").map(str::to_owned);
        let first = EumSms::new(&channel.config, set);
        let provider = InOrder { first, second: SnsSms::new(&channel.config) };
        let rate = channel.env.parse("RATE_PER_SECOND")?;
        channel.serve("sms", Account::Platform, rate, provider).await
    })
}
