//! Takes all of a tenant away, some minutes at a time, until nothing of it comes any more.

use ceap_aws::copies::bucket;
use ceap_aws::dynamodb::{self, Everything};
use ceap_engagement::backup::{Step, Wiper, settles};
use ceap_engagement::pipeline::delay::Delays;
use ceap_kernel::{SignedDuration, SystemClock, Tally};
use ceap_runtime::{Env, Error, start, task};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "PROFILES_TABLE",
            "ENGAGEMENT_TABLE",
            "QUARANTINE_TABLE",
            "HELPDESK_TABLE",
            "PLATFORM_TABLE",
            "FILES_BUCKET",
            "MODELS_BUCKET",
            "SEARCH_BUCKET",
            "RUNS_BUCKET",
            "DROP_BUCKET",
            "BACKUPS_BUCKET",
            "DELAY_SCALE",
        ])?;
        let config = ceap_aws::config().await;
        let tables = Everything::new(&dynamodb::client(&config), |table| {
            env.get(&format!("{}_TABLE", table.name().to_uppercase())).to_owned()
        });
        let room = |name, variable| bucket(&config, name, env.get(variable));
        let delays = Delays::scaled(env.parse("DELAY_SCALE")?);
        let wiper = Wiper {
            items: tables,
            buckets: vec![
                room("files", "FILES_BUCKET"),
                room("models", "MODELS_BUCKET"),
                room("search", "SEARCH_BUCKET"),
                room("runs", "RUNS_BUCKET"),
                room("drop", "DROP_BUCKET"),
            ],
            archive: room("backups", "BACKUPS_BUCKET"),
            clock: SystemClock,
            budget: SignedDuration::from_mins(10),
            settles: settles(delays),
        };
        let step = async |asked: Step| Ok((wiper.step(asked).await?, Tally::default()));
        task::serve("tenant-wipe", step).await
    })
}
