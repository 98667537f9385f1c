//! Takes one subject out of the tables and the event lake, pass by pass.

use ceap_aws::athena::Lake;
use ceap_aws::dynamodb::{self, Erasures, Holdings, Table};
use ceap_engagement::erasure::work::{Eraser, Step};
use ceap_engagement::pipeline::delay::Delays;
use ceap_engagement::run::desk::lag;
use ceap_kernel::{SystemClock, Tally};
use ceap_runtime::{Env, Error, start, task};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "PLATFORM_TABLE",
            "PROFILES_TABLE",
            "ENGAGEMENT_TABLE",
            "QUARANTINE_TABLE",
            "LAKE_DATABASE",
            "LAKE_WORKGROUP",
            "LAKE_SECONDS",
            "DELAY_SCALE",
        ])?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let table = |name| Table::new(&client, env.get(name));
        let eraser = Eraser {
            erasures: Erasures::new(table("PLATFORM_TABLE")),
            tables: Holdings::new(
                table("PROFILES_TABLE"),
                table("ENGAGEMENT_TABLE"),
                table("QUARANTINE_TABLE"),
            ),
            lake: Lake::new(&config, env.get("LAKE_DATABASE"), env.get("LAKE_WORKGROUP")),
            clock: SystemClock,
            lag: lag(env.parse("LAKE_SECONDS")?, Delays::scaled(env.parse("DELAY_SCALE")?)),
        };
        let stage = async |step: Step| Ok((eraser.step(&step).await?, Tally::default()));
        task::serve("erase-subject", stage).await
    })
}
