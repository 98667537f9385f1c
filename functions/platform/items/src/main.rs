//! The item catalogue.

use ceap_aws::dynamodb::{self, Catalogue, Table};
use ceap_runtime::http::{self, Call};
use ceap_runtime::items::ItemApi;
use ceap_runtime::limit;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["REQUESTS_PER_MINUTE", "PLATFORM_TABLE"])?;
        let platform =
            Table::new(&dynamodb::client(&ceap_aws::config().await), env.get("PLATFORM_TABLE"));
        let credentials = limit::door(&env, platform.clone())?;
        let api = ItemApi::new(Catalogue::new(platform));
        http::serve("items", &credentials, async |call: &Call| api.answer(call).await).await
    })
}
