//! How promising each signal is.

use ceap_aws::dynamodb::{self, AffinityStore, Catalogue, QuarantineStore, Table, UseCaseStore};
use ceap_aws::model_bucket::ModelBucket;
use ceap_engagement::pipeline::recommend::Shop;
use ceap_engagement::pipeline::score::score;
use ceap_kernel::SystemClock;
use ceap_models::Loader;
use ceap_runtime::{Env, Error, start, task};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["PLATFORM_TABLE", "QUARANTINE_TABLE", "MODELS_BUCKET"])?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let platform = Table::new(&client, env.get("PLATFORM_TABLE"));
        let use_cases = UseCaseStore::new(platform.clone());
        let quarantine = QuarantineStore::new(Table::new(&client, env.get("QUARANTINE_TABLE")));
        let files = ModelBucket::new(&config, env.get("MODELS_BUCKET"));
        let affinities = AffinityStore::new(files.clone(), platform.clone());
        let (models, items) = (Loader::new(files), Catalogue::new(platform));
        let shop = Shop { affinities: &affinities, items: &items };
        task::stage("score", async |detected| {
            score(detected, &use_cases, &models, shop, &quarantine, &SystemClock).await
        })
        .await
    })
}
