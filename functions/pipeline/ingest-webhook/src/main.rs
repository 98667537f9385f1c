//! Webhooks that come in, into the stream.

use ceap_aws::dynamodb::{self, QuarantineStore, SecretStore, SourceStore, Table};
use ceap_aws::stream::KinesisStream;
use ceap_kernel::SystemClock;
use ceap_runtime::http::open;
use ceap_runtime::webhooks::Hooks;
use ceap_runtime::{Env, Error, limit, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "STREAM_NAME",
            "PLATFORM_TABLE",
            "REQUESTS_PER_MINUTE",
            "QUARANTINE_TABLE",
            "SECRETS_KEY",
        ])?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let platform = Table::new(&client, env.get("PLATFORM_TABLE"));
        let hooks = Hooks {
            sources: SourceStore::new(platform.clone()),
            limit: limit::told(&env, platform.clone())?,
            secrets: SecretStore::new(&config, platform, env.get("SECRETS_KEY")),
            stream: KinesisStream::new(&config, env.get("STREAM_NAME")),
            quarantine: QuarantineStore::new(Table::new(&client, env.get("QUARANTINE_TABLE"))),
            clock: SystemClock,
        };
        open("ingest-webhook", async |asked| hooks.take(asked).await).await
    })
}
