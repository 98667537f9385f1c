//! Use cases, tried out on events: the whole decision, and nothing written.

use ceap_aws::dynamodb::{
    self, AffinityStore, Catalogue, SubjectStore, Table, UseCaseStore, UseCaseVersions,
};
use ceap_aws::model_bucket::ModelBucket;
use ceap_engagement::simulation::Workbench;
use ceap_models::Loader;
use ceap_runtime::http::{self, Call};
use ceap_runtime::limit;
use ceap_runtime::simulations::SimulationApi;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "REQUESTS_PER_MINUTE",
            "PLATFORM_TABLE",
            "PROFILES_TABLE",
            "MODELS_BUCKET",
        ])?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let platform = Table::new(&client, env.get("PLATFORM_TABLE"));
        let subjects = SubjectStore::new(Table::new(&client, env.get("PROFILES_TABLE")));
        let credentials = limit::door(&env, platform.clone())?;
        let files = ModelBucket::new(&config, env.get("MODELS_BUCKET"));
        let affinities = AffinityStore::new(files.clone(), platform.clone());
        let items = Catalogue::new(platform.clone());
        let workbench = Workbench::new(Loader::new(files), affinities, items);
        let keeper = UseCaseVersions::new(platform.clone());
        let api = SimulationApi::new(keeper, UseCaseStore::new(platform), subjects, workbench);
        http::serve("simulate", &credentials, async |call: &Call| api.answer(call).await).await
    })
}
