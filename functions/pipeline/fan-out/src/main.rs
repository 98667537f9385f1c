//! A signal about a thing, for each subject whom it concerns.

use ceap_aws::dynamodb::{self, AudienceStore, Table, UseCaseStore};
use ceap_aws::emitter::Emitter;
use ceap_engagement::audience::Sought;
use ceap_engagement::pipeline::fan_out::fan_out;
use ceap_kernel::SystemClock;
use ceap_runtime::{Env, Error, batch, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["PLATFORM_TABLE", "ENGAGEMENT_TABLE", "EVENT_BUS_NAME"])?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let use_cases = UseCaseStore::new(Table::new(&client, env.get("PLATFORM_TABLE")));
        let audiences = AudienceStore::new(Table::new(&client, env.get("ENGAGEMENT_TABLE")));
        let bus = Emitter::new(&config, env.get("EVENT_BUS_NAME"));
        let stage = async |sought: &Sought| {
            fan_out(sought, &use_cases, &audiences, &bus, &SystemClock).await
        };
        batch::facts("fan-out", stage).await
    })
}
