//! How promising each signal is.

use ceap_models::Loader;
use ceap_runtime::{Env, Error, pipeline, start, task};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["PLATFORM_TABLE", "QUARANTINE_TABLE", "MODELS_BUCKET"])?;
        let config = ceap_aws::config().await;
        task::stage("score", pipeline::rate(&env, &config, Loader::new)).await
    })
}
