//! Which signals go on.

use ceap_runtime::{Env, Error, pipeline, start, task};

const VARIABLES: [&str; 4] =
    ["PROFILES_TABLE", "PLATFORM_TABLE", "ENGAGEMENT_TABLE", "QUARANTINE_TABLE"];

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&VARIABLES)?;
        let config = ceap_aws::config().await;
        task::stage("filter", pipeline::sift(&env, &config)).await
    })
}
