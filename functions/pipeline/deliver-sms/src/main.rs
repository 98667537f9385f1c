//! Text messages by SNS.

use ceap_aws::dynamodb::{self, Messages, Table};
use ceap_aws::sns::SnsSms;
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::send::send;
use ceap_kernel::SystemClock;
use ceap_runtime::{Env, Error, batch, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["ENGAGEMENT_TABLE", "CLAIM_LEASE_SECONDS"])?;
        let lease = env.parse("CLAIM_LEASE_SECONDS")?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let outbox = Messages::new(Table::new(&client, env.get("ENGAGEMENT_TABLE")));
        let provider = SnsSms::new(&config);
        batch::queue("deliver-sms", async |dispatch: &Dispatch| {
            send(dispatch, &outbox, &provider, &SystemClock, lease).await
        })
        .await
    })
}
