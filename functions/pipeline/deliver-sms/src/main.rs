//! Text messages by AWS End User Messaging, and by SNS where that is not set up.

use ceap_aws::eum::EumSms;
use ceap_aws::sns::SnsSms;
use ceap_channels::InOrder;
use ceap_engagement::pipeline::send::Account;
use ceap_runtime::channel::Channel;
use ceap_runtime::{Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let settings = ["CONFIGURATION_SET", "SMS_PROVIDERS", "RATE_PER_SECOND"];
        let channel = Channel::read(&settings).await?;
        let set = channel.env.given("CONFIGURATION_SET").map(str::to_owned);
        let (eum, sns) = (EumSms::new(&channel.config, set), SnsSms::new(&channel.config));
        let order = channel.env.get("SMS_PROVIDERS");
        let provider = InOrder::new(("eum", eum), ("sns", sns), order)?;
        let rate = channel.env.parse("RATE_PER_SECOND")?;
        channel.serve("sms", Account::Platform, rate, provider).await
    })
}
