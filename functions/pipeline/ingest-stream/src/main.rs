//! Events from the stream into features, profiles and signals.

use ceap_aws::dynamodb::{self, AudienceStore, QuarantineStore, SubjectStore, Table, UseCaseStore};
use ceap_aws::signals::{Bus, BusConfig};
use ceap_engagement::pipeline::delay::Delays;
use ceap_engagement::pipeline::ingest::Ingest;
use ceap_kernel::SystemClock;
use ceap_runtime::{Env, Error, batch, start};

const VARIABLES: [&str; 10] = [
    "PROFILES_TABLE",
    "PLATFORM_TABLE",
    "ENGAGEMENT_TABLE",
    "QUARANTINE_TABLE",
    "EVENT_BUS_NAME",
    "EVENT_BUS_ARN",
    "SCHEDULE_GROUP",
    "SCHEDULER_ROLE_ARN",
    "SCHEDULER_DLQ_ARN",
    "DELAY_SCALE",
];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&VARIABLES)?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let table = |name| Table::new(&client, env.get(name));
        let bus = BusConfig {
            bus_name: env.get("EVENT_BUS_NAME").to_owned(),
            bus_arn: env.get("EVENT_BUS_ARN").to_owned(),
            schedule_group: env.get("SCHEDULE_GROUP").to_owned(),
            scheduler_role: env.get("SCHEDULER_ROLE_ARN").to_owned(),
            scheduler_dlq: env.get("SCHEDULER_DLQ_ARN").to_owned(),
        };
        let ingest = Ingest {
            audiences: AudienceStore::new(table("ENGAGEMENT_TABLE")),
            subjects: SubjectStore::new(table("PROFILES_TABLE")),
            use_cases: UseCaseStore::new(table("PLATFORM_TABLE")),
            signals: Bus::new(&config, bus),
            quarantine: QuarantineStore::new(table("QUARANTINE_TABLE")),
            clock: SystemClock,
            delays: Delays::scaled(env.parse("DELAY_SCALE")?),
        };
        let unread = QuarantineStore::new(table("QUARANTINE_TABLE"));
        batch::kinesis("ingest-stream", &unread, async |events: &[_]| ingest.run(events).await)
            .await
    })
}
