//! Inboxes of the tenants' own apps.

use ceap_aws::dynamodb::{
    self, Candidates, InboxStore, Messages, SecretStore, SuppressionList, Table,
};
use ceap_aws::emitter::Emitter;
use ceap_aws::stream::KinesisStream;
use ceap_engagement::inbox::Desk;
use ceap_engagement::pipeline::aftermath::Follow;
use ceap_kernel::SystemClock;
use ceap_runtime::http::{self, Asked};
use ceap_runtime::inbox::InboxApi;
use ceap_runtime::limit;
use ceap_runtime::{Env, Error, start};

const SETTINGS: [&str; 6] = [
    "REQUESTS_PER_MINUTE",
    "ENGAGEMENT_TABLE",
    "PLATFORM_TABLE",
    "SECRETS_KEY",
    "EVENT_STREAM",
    "EVENT_BUS_NAME",
];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&SETTINGS)?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let table = |variable| Table::new(&client, env.get(variable));
        let messages = Messages::new(table("ENGAGEMENT_TABLE"));
        let api = InboxApi {
            credentials: limit::door(&env, table("PLATFORM_TABLE"))?,
            secrets: SecretStore::new(&config, table("PLATFORM_TABLE"), env.get("SECRETS_KEY")),
            limit: limit::of_holders(table("PLATFORM_TABLE")),
            desk: Desk {
                inbox: InboxStore::new(table("ENGAGEMENT_TABLE")),
                receipts: messages.clone(),
                aftermath: Follow {
                    log: messages,
                    candidates: Candidates::new(table("ENGAGEMENT_TABLE")),
                    suppressions: SuppressionList::new(table("ENGAGEMENT_TABLE")),
                    events: KinesisStream::new(&config, env.get("EVENT_STREAM")),
                    signals: Emitter::new(&config, env.get("EVENT_BUS_NAME")),
                    clock: SystemClock,
                },
                clock: SystemClock,
            },
        };
        http::open("inbox", async |asked: &Asked| api.answer(asked).await).await
    })
}
