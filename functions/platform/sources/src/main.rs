//! Sources, their write keys, what became of their files, and of their polls.

use ceap_aws::dynamodb::{self, Courses, Objects, SecretStore, SourceStore, Table};
use ceap_aws::schedules::{ScheduleConfig, SourceSchedules};
use ceap_aws::workflow::StateMachine;
use ceap_engagement::source::poll::PollDesk;
use ceap_kernel::SystemClock;
use ceap_runtime::http::{self, Call};
use ceap_runtime::limit;
use ceap_runtime::sources::SourceApi;
use ceap_runtime::{Env, Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "REQUESTS_PER_MINUTE",
            "PLATFORM_TABLE",
            "SECRETS_KEY",
            "POLLS_STATE_MACHINE",
            "SCHEDULE_GROUP",
            "SCHEDULE_ROLE_ARN",
            "SCHEDULE_DLQ_ARN",
        ])?;
        let config = ceap_aws::config().await;
        let platform = Table::new(&dynamodb::client(&config), env.get("PLATFORM_TABLE"));
        let schedules = ScheduleConfig {
            group: env.get("SCHEDULE_GROUP").to_owned(),
            target: env.get("POLLS_STATE_MACHINE").to_owned(),
            role: env.get("SCHEDULE_ROLE_ARN").to_owned(),
            dead_letters: env.get("SCHEDULE_DLQ_ARN").to_owned(),
        };
        let credentials = limit::door(&env, platform.clone())?;
        let desk = PollDesk {
            sources: SourceStore::new(platform.clone()),
            secrets: SecretStore::new(&config, platform.clone(), env.get("SECRETS_KEY")),
            courses: Courses::new(platform.clone()),
            schedules: SourceSchedules::new(&config, schedules),
            workflow: StateMachine::new(&config, env.get("POLLS_STATE_MACHINE")),
            clock: SystemClock,
        };
        let api = SourceApi::new(desk, Objects::new(platform));
        http::serve("sources", &credentials, async |call: &Call| api.answer(call).await).await
    })
}
