//! Makes a tenant's reports of tickets anew, some minutes at a time: told how it stands, it says how it stands then.

use ceap_aws::athena::Lake;
use ceap_aws::dynamodb::{self, HelpdeskStore, Table};
use ceap_engagement::pipeline::delay::Delays;
use ceap_engagement::run::desk::lag;
use ceap_kernel::{SignedDuration, SystemClock, Tally};
use ceap_runtime::helpdesk::{Recount, Recounting};
use ceap_runtime::{Env, Error, start, task};

const SETTINGS: [&str; 5] =
    ["HELPDESK_TABLE", "LAKE_DATABASE", "LAKE_WORKGROUP", "LAKE_SECONDS", "DELAY_SCALE"];

/// Longer than any function that reads or writes reports goes on.
const STILL_READ: SignedDuration = SignedDuration::from_secs(90);

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&SETTINGS)?;
        let config = ceap_aws::config().await;
        let table = Table::new(&dynamodb::client(&config), env.get("HELPDESK_TABLE"));
        let delays = Delays::scaled(env.parse("DELAY_SCALE")?);
        let recounting = Recounting {
            store: Box::new(HelpdeskStore::new(table, SystemClock)),
            lake: Lake::new(&config, env.get("LAKE_DATABASE"), env.get("LAKE_WORKGROUP")),
            clock: SystemClock,
            lag: lag(env.parse("LAKE_SECONDS")?, delays),
            still_read: delays.time(STILL_READ),
        };
        let step = async |asked: Recount| Ok((recounting.step(asked).await?, Tally::default()));
        task::serve("helpdesk-recount", step).await
    })
}
