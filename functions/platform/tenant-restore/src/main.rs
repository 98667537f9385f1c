//! Puts all of a tenant back from an export, some minutes at a time.

use ceap_aws::copies::{ObjectCopies, bucket};
use ceap_aws::dynamodb::{self, Everything};
use ceap_engagement::backup::{Restorer, Step};
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
            "BACKUPS_BUCKET",
        ])?;
        let config = ceap_aws::config().await;
        let tables = Everything::new(&dynamodb::client(&config), |table| {
            env.get(&format!("{}_TABLE", table.name().to_uppercase())).to_owned()
        });
        let room = |name, variable| bucket(&config, name, env.get(variable));
        let restorer = Restorer {
            items: tables,
            buckets: vec![room("files", "FILES_BUCKET"), room("models", "MODELS_BUCKET")],
            archive: room("backups", "BACKUPS_BUCKET"),
            copies: ObjectCopies::new(&config),
            clock: SystemClock,
            budget: SignedDuration::from_mins(10),
        };
        let step = async |asked: Step| Ok((restorer.step(asked).await?, Tally::default()));
        task::serve("tenant-restore", step).await
    })
}
