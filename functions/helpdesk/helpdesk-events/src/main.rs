//! What happens to tickets, told to the bus, to the event stream, and to those whom an update told.

use ceap_runtime::helpdesk::Herald;
use ceap_runtime::{Env, Error, start};

const SETTINGS: [&str; 5] =
    ["HELPDESK_TABLE", "QUARANTINE_TABLE", "EVENT_BUS", "EVENT_STREAM", "JOBS_QUEUE"];

fn main() -> Result<(), Error> {
    start(async { Herald::open(&Env::read(&SETTINGS)?).await.serve().await })
}
