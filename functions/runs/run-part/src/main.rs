//! One part of a run.

use ceap_aws::athena::Lake;
use ceap_aws::dynamodb::{
    self, AffinityStore, Catalogue, QuarantineStore, Runs, SubjectStore, Table, UseCaseStore,
};
use ceap_aws::emitter::Emitter;
use ceap_aws::model_bucket::ModelBucket;
use ceap_aws::run_files::RunBucket;
use ceap_channels::Channels;
use ceap_engagement::run::part::{Task, Worker};
use ceap_engagement::simulation::Workbench;
use ceap_kernel::SystemClock;
use ceap_models::Loader;
use ceap_runtime::{Env, Error, start, task};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "PLATFORM_TABLE",
            "PROFILES_TABLE",
            "QUARANTINE_TABLE",
            "LAKE_DATABASE",
            "LAKE_WORKGROUP",
            "RUNS_BUCKET",
            "EVENT_BUS",
            "MODELS_BUCKET",
        ])?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let platform = Table::new(&client, env.get("PLATFORM_TABLE"));
        let subjects = SubjectStore::new(Table::new(&client, env.get("PROFILES_TABLE")));
        let models = ModelBucket::new(&config, env.get("MODELS_BUCKET"));
        let affinities = AffinityStore::new(models.clone(), platform.clone());
        let items = Catalogue::new(platform.clone());
        let worker = Worker {
            runs: Runs::new(platform.clone()),
            files: RunBucket::new(&config, env.get("RUNS_BUCKET")),
            use_cases: UseCaseStore::new(platform),
            population: subjects.clone(),
            subjects,
            signals: Emitter::new(&config, env.get("EVENT_BUS")),
            quarantine: QuarantineStore::new(Table::new(&client, env.get("QUARANTINE_TABLE"))),
            history: Lake::new(&config, env.get("LAKE_DATABASE"), env.get("LAKE_WORKGROUP")),
            workbench: Workbench::new(Loader::new(models), affinities, items),
            addresses: Channels,
            clock: SystemClock,
        };
        let stage = async |task: Task| Ok(((), worker.work(&task).await?));
        task::serve("run-part", stage).await
    })
}
