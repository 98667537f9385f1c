//! A function that does nothing, with the clients that another one has: what a function that does something is measured
//! against.

use ceap_aws::dynamodb::{self, SecretStore, Table};
use ceap_aws::emitter::Emitter;
use ceap_aws::model_bucket::ModelBucket;
use ceap_aws::ses::Ses;
use ceap_aws::sqs::Queues;
use ceap_aws::stream::KinesisStream;
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
        for name in clients.split(',') {
            match name {
                "dynamodb" | "helpdesk" => kept.push(Box::new(dynamodb::client(&config))),
                "kinesis" => kept.push(Box::new(KinesisStream::new(&config, "events"))),
                "eventbridge" => kept.push(Box::new(Emitter::new(&config, "bus"))),
                "sqs" => kept.push(Box::new(Queues::new(&config, "queue-"))),
                "s3" => kept.push(Box::new(ModelBucket::new(&config, "models"))),
                "sesv2" => kept.push(Box::new(Ses::new(&config, mime::write))),
                "kms" => {
                    let table = Table::new(&dynamodb::client(&config), "PlatformTable");
                    kept.push(Box::new(SecretStore::new(&config, table, "key")));
                }
                _ => {}
            }
        }
        let ran =
            task::serve("hello", async |event: Value| Ok::<_, Fault>((event, Tally::default())));
        let ran = ran.await;
        drop(kept);
        ran
    })
}
