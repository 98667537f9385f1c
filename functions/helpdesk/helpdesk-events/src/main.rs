//! What happens to tickets, told to the bus, to the event stream, to those whom an update told, and to the agents who
//! watch them; jobs and clocks, which begin by being kept.

use ceap_runtime::helpdesk::Herald;
use ceap_runtime::{Env, Error, start};

const SETTINGS: [&str; 10] = [
    "HELPDESK_TABLE",
    "QUARANTINE_TABLE",
    "EVENT_BUS",
    "EVENT_STREAM",
    "JOBS_QUEUE",
    "PRESENCE_ENDPOINT",
    "AUTOMATIONS_FUNCTION",
    "SCHEDULE_GROUP",
    "SCHEDULE_ROLE_ARN",
    "SCHEDULE_DLQ_ARN",
];

fn main() -> Result<(), Error> {
    start(async { Herald::open(&Env::read(&SETTINGS)?).await.serve().await })
}
