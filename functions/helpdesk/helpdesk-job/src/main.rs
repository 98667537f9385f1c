//! What the helpdesk does later: jobs, which are requests on many records that were asked for at once, and invitations.

use ceap_runtime::helpdesk::Office;
use ceap_runtime::{Env, Error, start};

const SETTINGS: [&str; 13] = [
    "HELPDESK_TABLE",
    "PLATFORM_TABLE",
    "REQUESTS_PER_MINUTE",
    "JOBS_QUEUE",
    "FILES_BUCKET",
    "SECRETS_KEY",
    "ALLOW_LOOPBACK",
    "SIGN_IN_ISSUER",
    "SIGN_IN_KEYS",
    "PROFILES_TABLE",
    "ENGAGEMENT_TABLE",
    "CHANNEL_QUEUE_PREFIX",
    "PUBLIC_URL",
];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&SETTINGS)?;
        Office::open(&env).await?.work(&env).await
    })
}
