//! Notifications on phones, by SNS mobile push.

use ceap_aws::sns_push::{Applications, SnsPush};
use ceap_channels::push;
use ceap_engagement::pipeline::send::Account;
use ceap_runtime::channel::Channel;
use ceap_runtime::{Error, start};

const SETTINGS: [&str; 4] = [
    "APNS_APPLICATION_ARN",
    "APNS_SANDBOX_APPLICATION_ARN",
    "FCM_APPLICATION_ARN",
    "RATE_PER_SECOND",
];

fn main() -> Result<(), Error> {
    start(async {
        let channel = Channel::read(&SETTINGS).await?;
        let application = |name| channel.env.given(name).map(str::to_owned);
        let applications = Applications {
            apns: application("APNS_APPLICATION_ARN"),
            apns_sandbox: application("APNS_SANDBOX_APPLICATION_ARN"),
            fcm: application("FCM_APPLICATION_ARN"),
        };
        let provider = SnsPush::new(&channel.config, applications, push::WRITER);
        let rate = channel.env.parse("RATE_PER_SECOND")?;
        channel.serve("push", Account::Platform, rate, provider).await
    })
}
