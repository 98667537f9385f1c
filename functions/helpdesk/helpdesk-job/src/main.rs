//! The helpdesk's jobs: requests on many records that were asked for at once.

use ceap_runtime::helpdesk::Office;
use ceap_runtime::{Env, Error, start};

const SETTINGS: [&str; 6] = [
    "HELPDESK_TABLE",
    "PLATFORM_TABLE",
    "JOBS_QUEUE",
    "FILES_BUCKET",
    "SECRETS_KEY",
    "ALLOW_LOOPBACK",
];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&SETTINGS)?;
        Office::open(&env).await?.work(&env).await
    })
}
