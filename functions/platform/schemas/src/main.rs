//! What events must look like.

use ceap_aws::athena::Lake;
use ceap_aws::dynamodb::{self, SchemaStore, Table};
use ceap_runtime::http::{self, Call};
use ceap_runtime::limit;
use ceap_runtime::schemas::SchemaApi;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "REQUESTS_PER_MINUTE",
            "PLATFORM_TABLE",
            "LAKE_DATABASE",
            "LAKE_WORKGROUP",
        ])?;
        let config = ceap_aws::config().await;
        let platform = Table::new(&dynamodb::client(&config), env.get("PLATFORM_TABLE"));
        let credentials = limit::door(&env, platform.clone())?;
        let lake = Lake::new(&config, env.get("LAKE_DATABASE"), env.get("LAKE_WORKGROUP"));
        let api = SchemaApi::new(SchemaStore::new(platform), lake);
        http::serve("schemas", &credentials, async |call: &Call| api.answer(call).await).await
    })
}
