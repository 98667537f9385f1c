//! Divides a run into parts.

use ceap_aws::athena::Lake;
use ceap_aws::dynamodb::{self, Runs, SubjectStore, Table, UseCaseVersions};
use ceap_aws::run_files::RunBucket;
use ceap_aws::schedules::{ScheduleConfig, UseCaseSchedules};
use ceap_engagement::run::plan::{Begin, Planner, SUBJECTS};
use ceap_kernel::{SystemClock, Tally};
use ceap_runtime::{Env, Error, start, task};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "PLATFORM_TABLE",
            "PROFILES_TABLE",
            "LAKE_DATABASE",
            "LAKE_WORKGROUP",
            "RUNS_BUCKET",
            "RUNS_STATE_MACHINE",
            "SCHEDULE_GROUP",
            "SCHEDULE_ROLE_ARN",
            "SCHEDULE_DLQ_ARN",
        ])?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let platform = Table::new(&client, env.get("PLATFORM_TABLE"));
        let schedules = ScheduleConfig {
            group: env.get("SCHEDULE_GROUP").to_owned(),
            target: env.get("RUNS_STATE_MACHINE").to_owned(),
            role: env.get("SCHEDULE_ROLE_ARN").to_owned(),
            dead_letters: env.get("SCHEDULE_DLQ_ARN").to_owned(),
        };
        let planner = Planner {
            runs: Runs::new(platform.clone()),
            files: RunBucket::new(&config, env.get("RUNS_BUCKET")),
            use_cases: UseCaseVersions::new(platform),
            population: SubjectStore::new(Table::new(&client, env.get("PROFILES_TABLE"))),
            history: Lake::new(&config, env.get("LAKE_DATABASE"), env.get("LAKE_WORKGROUP")),
            schedules: UseCaseSchedules::new(&config, schedules),
            clock: SystemClock,
            size: SUBJECTS,
        };
        let stage = async |begin: Begin| Ok((planner.plan(&begin).await?, Tally::default()));
        task::serve("plan-run", stage).await
    })
}
