//! Calls that read a text, by AWS End User Messaging.

use ceap_aws::eum::EumVoice;
use ceap_engagement::pipeline::send::Account;
use ceap_runtime::channel::Channel;
use ceap_runtime::{Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let settings = ["CONFIGURATION_SET", "VOICE_ID", "RATE_PER_SECOND"];
        let channel = Channel::read(&settings).await?;
        let set = channel.env.given("CONFIGURATION_SET").map(str::to_owned);
        let provider = EumVoice::new(&channel.config, set, channel.env.given("VOICE_ID"));
        let rate = channel.env.parse("RATE_PER_SECOND")?;
        channel.serve("voice", Account::Platform, rate, provider).await
    })
}
