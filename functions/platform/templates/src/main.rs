//! Stored templates and partials: kept, previewed, and tried on the team.

use ceap_aws::dynamodb::{self, Table, TemplateStore};
use ceap_runtime::http::{self, Call};
use ceap_runtime::limit;
use ceap_runtime::templates::Library;
use ceap_runtime::{Env, Error, desk, start};

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
        let platform = Table::new(&client, env.get("PLATFORM_TABLE"));
        let credentials = limit::door(&env, platform.clone())?;
        let desk = desk::desk(&env, &config, &client);
        let library = Library::new(TemplateStore::new(platform), desk);
        http::serve("templates", &credentials, async |call: &Call| library.answer(call).await).await
    })
}
