//! Ends a run, with its result or the reason why it failed.

use ceap_aws::dynamodb::{self, AffinityStore, Runs, Table};
use ceap_aws::model_bucket::ModelBucket;
use ceap_aws::run_files::RunBucket;
use ceap_engagement::run::finish::{End, Finisher};
use ceap_kernel::{SystemClock, Tally};
use ceap_runtime::{Env, Error, start, task};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["PLATFORM_TABLE", "RUNS_BUCKET", "MODELS_BUCKET"])?;
        let config = ceap_aws::config().await;
        let platform = Table::new(&dynamodb::client(&config), env.get("PLATFORM_TABLE"));
        let models = ModelBucket::new(&config, env.get("MODELS_BUCKET"));
        let finisher = Finisher {
            runs: Runs::new(platform.clone()),
            files: RunBucket::new(&config, env.get("RUNS_BUCKET")),
            affinities: AffinityStore::new(models, platform),
            clock: SystemClock,
        };
        let stage = async |end: End| Ok((finisher.finish(&end).await?, Tally::default()));
        task::serve("finish-run", stage).await
    })
}
