//! Who else is at a ticket: the helpdesk's WebSocket API, and its routes of the family `presence`.

use ceap_helpdesk::routes::PRESENCE;
use ceap_runtime::helpdesk::Office;
use ceap_runtime::{Env, Error, start};

const SETTINGS: [&str; 7] = [
    "HELPDESK_TABLE",
    "PLATFORM_TABLE",
    "REQUESTS_PER_MINUTE",
    "PRESENCE_ENDPOINT",
    "ALLOW_LOOPBACK",
    "SIGN_IN_ISSUER",
    "SIGN_IN_KEYS",
];

fn main() -> Result<(), Error> {
    start(async { Office::of_connections(&Env::read(&SETTINGS)?).await?.attend(&PRESENCE).await })
}
