//! How promising each signal is.

use ceap_aws::dynamodb::{self, QuarantineStore, Table, UseCaseStore};
use ceap_aws::model_bucket::ModelBucket;
use ceap_engagement::pipeline::recommend::{NoShop, Shop};
use ceap_engagement::pipeline::score::score;
use ceap_kernel::SystemClock;
use ceap_models::Loader;
use ceap_runtime::{Env, Error, start, task};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["PLATFORM_TABLE", "QUARANTINE_TABLE", "MODELS_BUCKET"])?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let use_cases = UseCaseStore::new(Table::new(&client, env.get("PLATFORM_TABLE")));
        let quarantine = QuarantineStore::new(Table::new(&client, env.get("QUARANTINE_TABLE")));
        let models = Loader::new(ModelBucket::new(&config, env.get("MODELS_BUCKET")));
        let shop = Shop { affinities: &NoShop, items: &NoShop };
        task::serve("score", async |detected| {
            score(detected, &use_cases, &models, shop, &quarantine, &SystemClock).await
        })
        .await
    })
}
