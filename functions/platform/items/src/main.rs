//! The item catalogue.

use ceap_aws::dynamodb::{self, Catalogue, CredentialStore, Table};
use ceap_runtime::http::{self, Call};
use ceap_runtime::items::ItemApi;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["PLATFORM_TABLE"])?;
        let platform =
            Table::new(&dynamodb::client(&ceap_aws::config().await), env.get("PLATFORM_TABLE"));
        let credentials = CredentialStore::new(platform.clone());
        let api = ItemApi::new(Catalogue::new(platform));
        http::serve("items", &credentials, async |call: &Call| api.answer(call).await).await
    })
}
