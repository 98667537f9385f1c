//! Stored models, read before they are kept.

use ceap_aws::dynamodb::{self, ModelStore, Table, UseCaseVersions};
use ceap_aws::model_bucket::ModelBucket;
use ceap_runtime::http::{self, Call};
use ceap_runtime::limit;
use ceap_runtime::models::ModelApi;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["REQUESTS_PER_MINUTE", "PLATFORM_TABLE", "MODELS_BUCKET"])?;
        let config = ceap_aws::config().await;
        let platform = Table::new(&dynamodb::client(&config), env.get("PLATFORM_TABLE"));
        let credentials = limit::door(&env, platform.clone())?;
        let files = ModelBucket::new(&config, env.get("MODELS_BUCKET"));
        let (keeper, use_cases) =
            (ModelStore::new(platform.clone()), UseCaseVersions::new(platform));
        let read = |file: &[u8]| Ok(ceap_models::read(file)?.description().clone());
        let api = ModelApi::new(files, keeper, use_cases, read);
        http::serve("models", &credentials, async |call: &Call| api.answer(call).await).await
    })
}
