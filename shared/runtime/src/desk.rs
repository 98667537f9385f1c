//! The desk that messages are asked for at, made of the environment that its functions share.

use crate::Env;
use ceap_aws::SdkConfig;
use ceap_aws::dynamodb::{
    Client, Messages, SecretStore, SubjectStore, SuppressionList, Table, UseCaseStore,
};
use ceap_aws::sqs::Queues;
use ceap_channels::Channels;
use ceap_engagement::link::Links;
use ceap_engagement::pipeline::gates::Gates;
use ceap_engagement::pipeline::request::Desk;
use ceap_kernel::SystemClock;

/// The desk on AWS.
pub type MessageDesk = Desk<
    SubjectStore,
    UseCaseStore,
    Messages,
    SuppressionList,
    Channels,
    Links<SecretStore>,
    SystemClock,
    Queues,
>;

/// The links that messages carry.
#[must_use]
pub fn links(env: &Env, config: &SdkConfig, client: &Client) -> Links<SecretStore> {
    let platform = Table::new(client, env.get("PLATFORM_TABLE"));
    let secrets = SecretStore::new(config, platform, env.get("SECRETS_KEY"));
    Links::new(secrets, env.get("PUBLIC_URL"))
}

/// The desk, of an environment that holds the tables (`PROFILES_TABLE`, `PLATFORM_TABLE`,
/// `ENGAGEMENT_TABLE`), `CHANNEL_QUEUE_PREFIX`, `SECRETS_KEY` and `PUBLIC_URL`. Each main names them
/// itself, so that `tidy` can hold them against its template.
#[must_use]
pub fn desk(env: &Env, config: &SdkConfig, client: &Client) -> MessageDesk {
    let table = |name| Table::new(client, env.get(name));
    Desk {
        subjects: SubjectStore::new(table("PROFILES_TABLE")),
        use_cases: UseCaseStore::new(table("PLATFORM_TABLE")),
        gates: Gates {
            claims: Messages::new(table("ENGAGEMENT_TABLE")),
            suppressions: SuppressionList::new(table("ENGAGEMENT_TABLE")),
            addresses: Channels,
            links: links(env, config, client),
            clock: SystemClock,
        },
        queues: Queues::new(config, env.get("CHANNEL_QUEUE_PREFIX")),
    }
}
