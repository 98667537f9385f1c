//! Pages where recipients unsubscribe, choose and confirm, by links that only they have.

use ceap_aws::dynamodb::{self, SecretStore, SubjectStore, SuppressionList, Table, UseCaseStore};
use ceap_aws::stream::KinesisStream;
use ceap_channels::{CHANNELS, Channels};
use ceap_engagement::link::Links;
use ceap_engagement::preferences::Preferences;
use ceap_kernel::SystemClock;
use ceap_runtime::http::{self, Asked};
use ceap_runtime::{Env, Error, limit, pages, start};

const VARIABLES: [&str; 6] = [
    "PROFILES_TABLE",
    "ENGAGEMENT_TABLE",
    "PLATFORM_TABLE",
    "EVENT_STREAM",
    "SECRETS_KEY",
    "PUBLIC_URL",
];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&VARIABLES)?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let table = |name| Table::new(&client, env.get(name));
        let secrets = SecretStore::new(&config, table("PLATFORM_TABLE"), env.get("SECRETS_KEY"));
        let preferences = Preferences {
            subjects: SubjectStore::new(table("PROFILES_TABLE")),
            use_cases: UseCaseStore::new(table("PLATFORM_TABLE")),
            suppressions: SuppressionList::new(table("ENGAGEMENT_TABLE")),
            events: KinesisStream::new(&config, env.get("EVENT_STREAM")),
            links: Links::new(secrets, env.get("PUBLIC_URL")),
            addresses: Channels,
            // A webhook reaches a system, for which nobody who has a link decides.
            channels: CHANNELS.iter().map(|it| it.name()).filter(|it| *it != "webhook").collect(),
            clock: SystemClock,
        };
        let limit = limit::of_holders(table("PLATFORM_TABLE"));
        let page = async |asked: &Asked| pages::page(&preferences, &limit, asked).await;
        http::open("preferences", page).await
    })
}
