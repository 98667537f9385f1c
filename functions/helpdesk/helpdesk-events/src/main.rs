//! What happens to tickets, told to the bus, to the event stream, to those whom an update told, and to the agents who
//! watch them.

use ceap_runtime::helpdesk::Herald;
use ceap_runtime::{Env, Error, start};

const SETTINGS: [&str; 6] = [
    "HELPDESK_TABLE",
    "QUARANTINE_TABLE",
    "EVENT_BUS",
    "EVENT_STREAM",
    "JOBS_QUEUE",
    "PRESENCE_ENDPOINT",
];

fn main() -> Result<(), Error> {
    start(async { Herald::open(&Env::read(&SETTINGS)?).await.serve().await })
}
