//! Which signals go on.

use ceap_aws::dynamodb::{self, Candidates, QuarantineStore, SubjectStore, Table, UseCaseStore};
use ceap_engagement::pipeline::filter::filter;
use ceap_kernel::SystemClock;
use ceap_runtime::{Env, Error, start, task};

const VARIABLES: [&str; 4] =
    ["PROFILES_TABLE", "PLATFORM_TABLE", "ENGAGEMENT_TABLE", "QUARANTINE_TABLE"];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&VARIABLES)?;
        let client = dynamodb::client(&ceap_aws::config().await);
        let table = |name| Table::new(&client, env.get(name));
        let subjects = SubjectStore::new(table("PROFILES_TABLE"));
        let use_cases = UseCaseStore::new(table("PLATFORM_TABLE"));
        let candidates = Candidates::new(table("ENGAGEMENT_TABLE"));
        let quarantine = QuarantineStore::new(table("QUARANTINE_TABLE"));
        task::stage("filter", async |detected| {
            filter(detected, &use_cases, &subjects, &candidates, &quarantine, &SystemClock).await
        })
        .await
    })
}
