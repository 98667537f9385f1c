//! Copies all of a tenant out of tables and buckets, some minutes at a time.

use ceap_aws::copies::{ObjectCopies, bucket};
use ceap_aws::dynamodb::{self, Everything};
use ceap_engagement::backup::{Exporter, Step};
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
            "RESTORED_TABLES",
            "FILES_BUCKET",
            "MODELS_BUCKET",
            "BACKUPS_BUCKET",
        ])?;
        let config = ceap_aws::config().await;
        let tables = Everything::new(&dynamodb::client(&config), |table| {
            env.get(&format!("{}_TABLE", table.name().to_uppercase())).to_owned()
        });
        let room = |name, variable| bucket(&config, name, env.get(variable));
        let exporter = Exporter {
            items: tables.with_twins(env.get("RESTORED_TABLES")),
            buckets: vec![room("files", "FILES_BUCKET"), room("models", "MODELS_BUCKET")],
            archive: room("backups", "BACKUPS_BUCKET"),
            copies: ObjectCopies::new(&config),
            clock: SystemClock,
            budget: SignedDuration::from_mins(10),
        };
        let step = async |asked: Step| Ok((exporter.step(asked).await?, Tally::default()));
        task::serve("tenant-export", step).await
    })
}
