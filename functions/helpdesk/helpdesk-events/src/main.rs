//! What happens to tickets, told to the bus and to the event stream.

use ceap_runtime::helpdesk::Herald;
use ceap_runtime::{Env, Error, start};

const SETTINGS: [&str; 4] = ["HELPDESK_TABLE", "QUARANTINE_TABLE", "EVENT_BUS", "EVENT_STREAM"];

fn main() -> Result<(), Error> {
    start(async { Herald::open(&Env::read(&SETTINGS)?).await.serve().await })
}
