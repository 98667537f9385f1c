//! The helpdesk's routes of the family `forms`.

use ceap_helpdesk::routes::FORMS;
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
    start(async { Office::open(&Env::read(&SETTINGS)?).await?.serve(&FORMS).await })
}
