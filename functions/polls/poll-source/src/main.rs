//! Sources that are asked, into the stream: each invocation makes one step of the workflow.

use ceap_aws::athena::AthenaQueries;
use ceap_aws::dynamodb::{self, Courses, QuarantineStore, SourceStore, Table};
use ceap_aws::schedules::{ScheduleConfig, SourceSchedules};
use ceap_aws::secrets_manager::SecretsManager;
use ceap_aws::stream::KinesisStream;
use ceap_connectors::http_poll::{self, HttpPoll};
use ceap_connectors::snowflake::{self, Snowflake};
use ceap_engagement::source::poll::{Poller, SHIFT, Step};
use ceap_http::{Http, Reach};
use ceap_kernel::SystemClock;
use ceap_runtime::polls::Connections;
use ceap_runtime::{Env, Error, start, task};

fn main() -> Result<(), Error> {
    start(async {
        let env = Env::read(&[
            "PLATFORM_TABLE",
            "QUARANTINE_TABLE",
            "STREAM_NAME",
            "POLLS_STATE_MACHINE",
            "SCHEDULE_GROUP",
            "SCHEDULE_ROLE_ARN",
            "SCHEDULE_DLQ_ARN",
            "QUERY_ROLE_PREFIX",
            "SECRETS_PREFIX",
            "ALLOW_LOOPBACK",
        ])?;
        let config = ceap_aws::config().await;
        let client = dynamodb::client(&config);
        let platform = Table::new(&client, env.get("PLATFORM_TABLE"));
        let schedules = ScheduleConfig {
            group: env.get("SCHEDULE_GROUP").to_owned(),
            target: env.get("POLLS_STATE_MACHINE").to_owned(),
            role: env.get("SCHEDULE_ROLE_ARN").to_owned(),
            dead_letters: env.get("SCHEDULE_DLQ_ARN").to_owned(),
        };
        let reach = Reach::loopback(env.parse("ALLOW_LOOPBACK")?);
        let http = Http::new(reach)?;
        let secrets = || SecretsManager::new(&config, env.get("SECRETS_PREFIX"));
        let poller = Poller {
            sources: SourceStore::new(platform.clone()),
            courses: Courses::new(platform),
            pages: Connections {
                athena: AthenaQueries::new(&config, env.get("QUERY_ROLE_PREFIX")),
                snowflake: Snowflake::new(http.patient(snowflake::PATIENCE), secrets()),
                http: HttpPoll::new(http.patient(http_poll::PATIENCE), secrets()),
            },
            stream: KinesisStream::new(&config, env.get("STREAM_NAME")).patient(),
            quarantine: QuarantineStore::new(Table::new(&client, env.get("QUARANTINE_TABLE"))),
            schedules: SourceSchedules::new(&config, schedules),
            clock: SystemClock,
            shift: SHIFT,
        };
        task::serve("poll-source", async |step: Step| poller.step(&step).await).await
    })
}
