//! A message that is asked for by itself.

use ceap_aws::dynamodb::{self, Table};
use ceap_engagement::pipeline::request::Request;
use ceap_kernel::access::Role;
use ceap_runtime::http::{self, Call, Reply};
use ceap_runtime::limit;
use ceap_runtime::{Env, Error, desk, random, start};

const SETTINGS: [&str; 7] = [
    "REQUESTS_PER_MINUTE",
    "PROFILES_TABLE",
    "PLATFORM_TABLE",
    "ENGAGEMENT_TABLE",
    "CHANNEL_QUEUE_PREFIX",
    "SECRETS_KEY",
    "PUBLIC_URL",
];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&SETTINGS)?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let credentials = limit::door(&env, Table::new(&client, env.get("PLATFORM_TABLE")))?;
        let desk = desk::desk(&env, &config, &client);
        http::serve("send-messages", &credentials, async |call: &Call| {
            call.require(Role::may_send)?;
            let key = call.idempotency_key(random);
            let request = Request { trace: call.trace().cloned(), ..call.json("message")? };
            let (view, tally) = desk.serve(&call.principal.tenant, &key, &request).await?;
            Ok(Reply::json(202, &view)?.counted(tally))
        })
        .await
    })
}
