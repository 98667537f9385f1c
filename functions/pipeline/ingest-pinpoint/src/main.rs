//! Events and endpoints of Amazon Pinpoint's clients: into the stream, and kept.

use ceap_aws::dynamodb::{self, EndpointStore, QuarantineStore, SecretStore, Table};
use ceap_aws::stream::KinesisStream;
use ceap_kernel::SystemClock;
use ceap_runtime::http::open;
use ceap_runtime::limit;
use ceap_runtime::pinpoint::{Facade, Gate};
use ceap_runtime::{Env, Error, start};

const SETTINGS: [&str; 6] = [
    "REQUESTS_PER_MINUTE",
    "STREAM_NAME",
    "PLATFORM_TABLE",
    "ENGAGEMENT_TABLE",
    "QUARANTINE_TABLE",
    "SECRETS_KEY",
];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&SETTINGS)?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let table = |name| Table::new(&client, env.get(name));
        let platform = table("PLATFORM_TABLE");
        let secrets = SecretStore::new(&config, platform.clone(), env.get("SECRETS_KEY"));
        let facade = Facade {
            gate: Gate { credentials: limit::door(&env, platform)?, secrets },
            endpoints: EndpointStore::new(table("ENGAGEMENT_TABLE")),
            stream: KinesisStream::new(&config, env.get("STREAM_NAME")),
            quarantine: QuarantineStore::new(table("QUARANTINE_TABLE")),
            clock: SystemClock,
        };
        open("ingest-pinpoint", async |asked| facade.answer(asked).await).await
    })
}
