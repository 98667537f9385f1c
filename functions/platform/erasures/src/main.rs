//! Erasures of subjects: asked for, looked at.

use ceap_aws::dynamodb::{self, Erasures, Table};
use ceap_aws::workflow::StateMachine;
use ceap_engagement::erasure::desk::Desk;
use ceap_kernel::SystemClock;
use ceap_runtime::erasures::ErasureApi;
use ceap_runtime::http::{self, Call};
use ceap_runtime::limit;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&["REQUESTS_PER_MINUTE", "PLATFORM_TABLE", "ERASURES_STATE_MACHINE"])?;
        let config = ceap_aws::config().await;
        let platform = Table::new(&dynamodb::client(&config), env.get("PLATFORM_TABLE"));
        let credentials = limit::door(&env, platform.clone())?;
        let api = ErasureApi::new(Desk {
            erasures: Erasures::new(platform),
            workflow: StateMachine::new(&config, env.get("ERASURES_STATE_MACHINE")),
            clock: SystemClock,
        });
        http::serve("erasures", &credentials, async |call: &Call| api.answer(call).await).await
    })
}
