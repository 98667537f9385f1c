//! A function that does nothing, with the clients that another one has: what a function that does something is measured
//! against.

use ceap_aws::SdkConfig;
use ceap_aws::athena::Lake;
use ceap_aws::connections::GatewayConnections;
use ceap_aws::dynamodb::{self, SecretStore, Table};
use ceap_aws::emitter::Emitter;
use ceap_aws::eum::EumSms;
use ceap_aws::model_bucket::ModelBucket;
use ceap_aws::schedules::{ScheduleConfig, UseCaseSchedules};
use ceap_aws::secrets_manager::SecretsManager;
use ceap_aws::ses::Ses;
use ceap_aws::sns::SnsSms;
use ceap_aws::sqs::Queues;
use ceap_aws::stream::KinesisStream;
use ceap_aws::workflow::StateMachine;
use ceap_bench::cold::CLIENTS;
use ceap_channels::mime;
use ceap_kernel::{Fault, Tally};
use ceap_runtime::{Error, start, task};
use serde_json::Value;
use std::any::Any;

fn main() -> Result<(), Error> {
    start(async {
        let config = ceap_aws::config().await;
        let clients = std::env::var(CLIENTS).unwrap_or_default();
        let mut kept: Vec<Box<dyn Any>> = Vec::new();
        for name in clients.split(',').filter(|name| !name.is_empty()) {
            kept.push(client(&config, name)?);
        }
        let ran =
            task::serve("hello", async |event: Value| Ok::<_, Fault>((event, Tally::default())));
        let ran = ran.await;
        drop(kept);
        ran
    })
}

/// The client of this feature, as functions build it.
fn client(config: &SdkConfig, name: &str) -> Result<Box<dyn Any>, Error> {
    Ok(match name {
        "apigateway" => Box::new(GatewayConnections::new(config, "https://example.com")),
        "athena" => Box::new(Lake::new(config, "lake", "lake")),
        "dynamodb" => Box::new(dynamodb::client(config)),
        "eum" => Box::new(EumSms::new(config, None)),
        "eventbridge" => Box::new(Emitter::new(config, "bus")),
        "kinesis" => Box::new(KinesisStream::new(config, "events")),
        "kms" => {
            let table = Table::new(&dynamodb::client(config), "PlatformTable");
            Box::new(SecretStore::new(config, table, "key"))
        }
        "s3" => Box::new(ModelBucket::new(config, "models")),
        "scheduler" => Box::new(UseCaseSchedules::new(config, schedules())),
        "secretsmanager" => Box::new(SecretsManager::new(config, "ceap/")),
        "sesv2" => Box::new(Ses::new(config, mime::write)),
        "sfn" => Box::new(StateMachine::new(config, "runs")),
        "sns" => Box::new(SnsSms::new(config)),
        "sqs" => Box::new(Queues::new(config, "queue-")),
        _ => return Err(format!("no client is called {name}").into()),
    })
}

fn schedules() -> ScheduleConfig {
    let named = |name: &str| name.to_owned();
    ScheduleConfig {
        group: named("delays"),
        target: named("bus"),
        role: named("role"),
        dead_letters: named("dead"),
    }
}
