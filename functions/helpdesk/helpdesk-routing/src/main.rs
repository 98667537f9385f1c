//! The helpdesk's routes of the family `routing`.

use ceap_helpdesk::routes::ROUTING;
use ceap_runtime::helpdesk::{Office, clockwork};
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
        let clockwork = clockwork(&env).await;
        Office::open(&env).await?.hourly(clockwork).serve(&ROUTING).await
    })
}
