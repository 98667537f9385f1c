//! Goals that subjects reached, put down to the candidates before them.

use ceap_aws::dynamodb::{self, Messages, Table};
use ceap_engagement::goal::GoalsReached;
use ceap_engagement::pipeline::convert::convert;
use ceap_runtime::{Env, Error, batch, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["ENGAGEMENT_TABLE"])?;
        let client = dynamodb::client(&ceap_aws::config().await);
        let messages = Messages::new(Table::new(&client, env.get("ENGAGEMENT_TABLE")));
        let stage = async |reached: &GoalsReached| convert(reached, &messages).await;
        batch::facts("goals", stage).await
    })
}
