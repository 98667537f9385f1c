//! Runs of use cases: asked for, looked at, resumed, called off.

use ceap_aws::dynamodb::{self, Runs, Table, UseCaseStore, UseCaseVersions};
use ceap_aws::run_files::RunBucket;
use ceap_aws::workflow::StateMachine;
use ceap_engagement::pipeline::delay::Delays;
use ceap_engagement::run::desk::{Desk, lag};
use ceap_kernel::SystemClock;
use ceap_runtime::http::{self, Call};
use ceap_runtime::limit;
use ceap_runtime::runs::RunApi;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "REQUESTS_PER_MINUTE",
            "PLATFORM_TABLE",
            "RUNS_BUCKET",
            "RUNS_STATE_MACHINE",
            "LAKE_SECONDS",
            "DELAY_SCALE",
        ])?;
        let config = ceap_aws::config().await;
        let platform = Table::new(&dynamodb::client(&config), env.get("PLATFORM_TABLE"));
        let credentials = limit::door(&env, platform.clone())?;
        let api = RunApi::new(Desk {
            runs: Runs::new(platform.clone()),
            files: RunBucket::new(&config, env.get("RUNS_BUCKET")),
            use_cases: UseCaseVersions::new(platform.clone()),
            plans: UseCaseStore::new(platform),
            workflow: StateMachine::new(&config, env.get("RUNS_STATE_MACHINE")),
            clock: SystemClock,
            lag: lag(env.parse("LAKE_SECONDS")?, Delays::scaled(env.parse("DELAY_SCALE")?)),
        });
        http::serve("runs", &credentials, async |call: &Call| api.answer(call).await).await
    })
}
