//! Use cases, kept with all their versions.

use ceap_aws::dynamodb::{self, Table, UseCaseStore, UseCaseVersions};
use ceap_aws::schedules::{ScheduleConfig, UseCaseSchedules};
use ceap_runtime::http::{self, Call};
use ceap_runtime::limit;
use ceap_runtime::use_cases::UseCaseApi;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "REQUESTS_PER_MINUTE",
            "PLATFORM_TABLE",
            "RUNS_STATE_MACHINE",
            "SCHEDULE_GROUP",
            "SCHEDULE_ROLE_ARN",
            "SCHEDULE_DLQ_ARN",
        ])?;
        let config = ceap_aws::config().await;
        let platform = Table::new(&dynamodb::client(&config), env.get("PLATFORM_TABLE"));
        let schedules = ScheduleConfig {
            group: env.get("SCHEDULE_GROUP").to_owned(),
            target: env.get("RUNS_STATE_MACHINE").to_owned(),
            role: env.get("SCHEDULE_ROLE_ARN").to_owned(),
            dead_letters: env.get("SCHEDULE_DLQ_ARN").to_owned(),
        };
        let credentials = limit::door(&env, platform.clone())?;
        let schedules = UseCaseSchedules::new(&config, schedules);
        let versions = UseCaseVersions::new(platform.clone());
        let api = UseCaseApi::new(versions, schedules, UseCaseStore::new(platform));
        http::serve("use-cases", &credentials, async |call: &Call| api.answer(call).await).await
    })
}
