//! Candidates, one live one per use case, subject and key.

use ceap_runtime::{Env, Error, pipeline, start, task};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["ENGAGEMENT_TABLE"])?;
        let config = ceap_aws::config().await;
        task::stage("store", pipeline::keep(&env, &config)).await
    })
}
