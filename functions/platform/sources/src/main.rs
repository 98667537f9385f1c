//! Sources, their write keys, and what became of their files.

use ceap_aws::dynamodb::{self, CredentialStore, Objects, SecretStore, SourceStore, Table};
use ceap_runtime::http::{self, Call};
use ceap_runtime::sources::SourceApi;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["PLATFORM_TABLE", "SECRETS_KEY"])?;
        let config = ceap_aws::config().await;
        let platform = Table::new(&dynamodb::client(&config), env.get("PLATFORM_TABLE"));
        let credentials = CredentialStore::new(platform.clone());
        let sources = SourceStore::new(platform.clone());
        let secrets = SecretStore::new(&config, platform.clone(), env.get("SECRETS_KEY"));
        let api = SourceApi::new(sources, secrets, Objects::new(platform));
        http::serve("sources", &credentials, async |call: &Call| api.answer(call).await).await
    })
}
