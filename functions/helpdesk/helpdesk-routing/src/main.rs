//! The helpdesk's routes of the family `routing`.

use ceap_aws::schedules::{AutomationSchedules, ScheduleConfig};
use ceap_helpdesk::routes::ROUTING;
use ceap_runtime::helpdesk::Office;
use ceap_runtime::{Env, Error, start};

const SETTINGS: [&str; 12] = [
    "HELPDESK_TABLE",
    "PLATFORM_TABLE",
    "JOBS_QUEUE",
    "FILES_BUCKET",
    "SECRETS_KEY",
    "ALLOW_LOOPBACK",
    "SIGN_IN_ISSUER",
    "SIGN_IN_KEYS",
    "AUTOMATIONS_FUNCTION",
    "SCHEDULE_GROUP",
    "SCHEDULE_ROLE_ARN",
    "SCHEDULE_DLQ_ARN",
];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&SETTINGS)?;
        let schedules = ScheduleConfig {
            group: env.get("SCHEDULE_GROUP").to_owned(),
            target: env.get("AUTOMATIONS_FUNCTION").to_owned(),
            role: env.get("SCHEDULE_ROLE_ARN").to_owned(),
            dead_letters: env.get("SCHEDULE_DLQ_ARN").to_owned(),
        };
        let clockwork = AutomationSchedules::new(&ceap_aws::config().await, schedules);
        Office::open(&env).await?.hourly(clockwork).serve(&ROUTING).await
    })
}
