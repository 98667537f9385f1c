//! Tenants, credentials and secrets, for administrators of the AWS account: callable only through IAM.

use ceap_aws::dynamodb::{self, SecretStore, Table, TenantStore};
use ceap_aws::schedules::{ScheduleConfig, UseCaseSchedules};
use ceap_engagement::onboarding;
use ceap_kernel::{SystemClock, Tally};
use ceap_runtime::{Env, Error, random, start, task};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "PLATFORM_TABLE",
            "SECRETS_KEY",
            "RUNS_STATE_MACHINE",
            "SCHEDULE_GROUP",
            "SCHEDULE_ROLE_ARN",
            "SCHEDULE_DLQ_ARN",
        ])?;
        let config = ceap_aws::config().await;
        let table = Table::new(&dynamodb::client(&config), env.get("PLATFORM_TABLE"));
        let tenants = TenantStore::new(table.clone());
        let secrets = SecretStore::new(&config, table, env.get("SECRETS_KEY"));
        let schedules = ScheduleConfig {
            group: env.get("SCHEDULE_GROUP").to_owned(),
            target: env.get("RUNS_STATE_MACHINE").to_owned(),
            role: env.get("SCHEDULE_ROLE_ARN").to_owned(),
            dead_letters: env.get("SCHEDULE_DLQ_ARN").to_owned(),
        };
        let schedules = UseCaseSchedules::new(&config, schedules);
        let clock = SystemClock;
        task::serve("tenants", async |request| {
            let answer = onboarding::run(request, &tenants, &secrets, &schedules, &clock, random);
            Ok((answer.await?, Tally::default()))
        })
        .await
    })
}
