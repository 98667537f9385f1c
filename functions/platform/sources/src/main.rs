//! Sources, their write keys, and what became of their files.

use ceap_aws::dynamodb::{self, CredentialStore, Objects, SourceStore, Table};
use ceap_runtime::http::{self, Call};
use ceap_runtime::sources::SourceApi;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["PLATFORM_TABLE"])?;
        let platform =
            Table::new(&dynamodb::client(&ceap_aws::config().await), env.get("PLATFORM_TABLE"));
        let credentials = CredentialStore::new(platform.clone());
        let api = SourceApi::new(SourceStore::new(platform.clone()), Objects::new(platform));
        http::serve("sources", &credentials, async |call: &Call| api.answer(call).await).await
    })
}
