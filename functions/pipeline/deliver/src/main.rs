//! The gates, rendering, and the hand-off to the channels.

use ceap_aws::dynamodb::{self, Messages, SecretStore, SubjectStore};
use ceap_aws::dynamodb::{SuppressionList, Table, UseCaseStore};
use ceap_aws::signals::{Bus, BusConfig};
use ceap_aws::sqs::Queues;
use ceap_channels::Channels;
use ceap_engagement::link::Links;
use ceap_engagement::pipeline::{delay::Delays, deliver::Deliver, gates::Gates};
use ceap_kernel::SystemClock;
use ceap_runtime::{Env, Error, start, task};

const VARIABLES: [&str; 12] = [
    "PROFILES_TABLE",
    "PLATFORM_TABLE",
    "ENGAGEMENT_TABLE",
    "CHANNEL_QUEUE_PREFIX",
    "EVENT_BUS_NAME",
    "EVENT_BUS_ARN",
    "SCHEDULE_GROUP",
    "SCHEDULER_ROLE_ARN",
    "SCHEDULER_DLQ_ARN",
    "SECRETS_KEY",
    "PUBLIC_URL",
    "DELAY_SCALE",
];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&VARIABLES)?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let table = |name| Table::new(&client, env.get(name));
        let secrets = SecretStore::new(&config, table("PLATFORM_TABLE"), env.get("SECRETS_KEY"));
        let name = |it| env.get(it).to_owned();
        let bus = BusConfig {
            bus_name: name("EVENT_BUS_NAME"),
            bus_arn: name("EVENT_BUS_ARN"),
            schedule_group: name("SCHEDULE_GROUP"),
            scheduler_role: name("SCHEDULER_ROLE_ARN"),
            scheduler_dlq: name("SCHEDULER_DLQ_ARN"),
        };
        let deliver = Deliver {
            subjects: SubjectStore::new(table("PROFILES_TABLE")),
            use_cases: UseCaseStore::new(table("PLATFORM_TABLE")),
            gates: Gates {
                claims: Messages::new(table("ENGAGEMENT_TABLE")),
                suppressions: SuppressionList::new(table("ENGAGEMENT_TABLE")),
                addresses: Channels,
                links: Links::new(secrets, env.get("PUBLIC_URL")),
                clock: SystemClock,
            },
            queues: Queues::new(&config, env.get("CHANNEL_QUEUE_PREFIX")),
            later: Bus::new(&config, bus),
            delays: Delays::scaled(env.parse("DELAY_SCALE")?),
        };
        task::stage("deliver", async |candidates| deliver.run(&candidates).await).await
    })
}
