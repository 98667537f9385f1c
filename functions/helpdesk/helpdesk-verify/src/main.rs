//! The pages where people show that an address is theirs, and where they say how they were helped.

use ceap_runtime::helpdesk::Office;
use ceap_runtime::{Env, Error, start};

const SETTINGS: [&str; 8] = [
    "HELPDESK_TABLE",
    "PLATFORM_TABLE",
    "REQUESTS_PER_MINUTE",
    "FILES_BUCKET",
    "SECRETS_KEY",
    "ALLOW_LOOPBACK",
    "SIGN_IN_ISSUER",
    "SIGN_IN_KEYS",
];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&SETTINGS)?;
        Office::open(&env).await?.verify(&env).await
    })
}
