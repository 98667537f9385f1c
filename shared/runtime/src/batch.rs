//! Batches from Kinesis and SQS, answered with the records that must come again.

use crate::bootstrap::log;
use crate::metrics;
use crate::unreadable::unreadable;
use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::sqs::SqsEvent;
use ceap_engagement::event::Arrived;
use ceap_engagement::pipeline::ingest::Ingested;
use ceap_engagement::pipeline::send::Disposal;
use ceap_engagement::quarantine::{Quarantine, Rejected};
use ceap_kernel::{Clock, Fault, SystemClock, Tally};
use futures::future::join_all;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The answer to a batch (Lambda developer guide, `ReportBatchItemFailures`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The records that must come again: Kinesis starts anew at the first of them, SQS brings each.
    pub batch_item_failures: Vec<Failure>,
}

/// A record that must come again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// A sequence number (Kinesis) or message id (SQS).
    pub item_identifier: String,
}

/// Runs `stage` for each batch of a Kinesis stream. Records that cannot be read go to quarantine
/// and do not hold up the others.
///
/// # Errors
/// From Lambda's runtime API.
pub async fn kinesis(
    name: &'static str,
    quarantine: &impl Quarantine,
    stage: impl AsyncFn(&[Arrived]) -> Ingested,
) -> Result<(), Error> {
    let stage = &stage;
    run(service_fn(move |event: LambdaEvent<KinesisEvent>| async move {
        Ok::<_, Error>(Box::pin(stream_batch(name, quarantine, stage, event.payload)).await)
    }))
    .await
}

pub(crate) async fn stream_batch(
    name: &str,
    quarantine: &impl Quarantine,
    stage: &impl AsyncFn(&[Arrived]) -> Ingested,
    event: KinesisEvent,
) -> Answer {
    let (mut numbers, mut arrived, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    for record in event.records {
        let number = record.kinesis.sequence_number;
        match read::<Arrived>(&record.kinesis.data.0) {
            Ok(event) => {
                numbers.push(number);
                arrived.push(event);
            }
            Err((fault, payload)) => {
                let rejected = Rejected::new(None, name, &fault, payload, SystemClock.now());
                if let Err(fault) = quarantine.keep(&[rejected]).await {
                    log(name, &fault);
                    failures.push(number);
                }
            }
        }
    }
    let ingested = Box::pin(stage(&arrived)).await;
    metrics::emit(&ingested.tally);
    failures.extend(ingested.failed.iter().filter_map(|place| numbers.get(*place)).cloned());
    answer(failures)
}

/// Runs `stage` for each message of an SQS queue, those of a batch at once.
///
/// # Errors
/// From Lambda's runtime API.
pub async fn queue<T: DeserializeOwned>(
    name: &'static str,
    stage: impl AsyncFn(&T) -> Result<(Disposal, Tally), Fault>,
) -> Result<(), Error> {
    let stage = &stage;
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(Box::pin(queue_batch(name, stage, event.payload)).await)
    }))
    .await
}

pub(crate) async fn queue_batch<T: DeserializeOwned>(
    name: &str,
    stage: &impl AsyncFn(&T) -> Result<(Disposal, Tally), Fault>,
    event: SqsEvent,
) -> Answer {
    let messages = event.records.into_iter().map(async |message| {
        let id = message.message_id.unwrap_or_default();
        let body = message.body.unwrap_or_default();
        (one(name, stage, body).await == Disposal::Again).then_some(id)
    });
    answer(join_all(messages).await.into_iter().flatten().collect())
}

async fn one<T: DeserializeOwned>(
    name: &str,
    stage: &impl AsyncFn(&T) -> Result<(Disposal, Tally), Fault>,
    body: String,
) -> Disposal {
    let outcome = match read::<T>(body.as_bytes()) {
        Ok(item) => Box::pin(stage(&item)).await,
        // It stays on the queue and ends in its dead-letter queue, body and all.
        Err((fault, _)) => Err(fault),
    };
    match outcome {
        Ok((disposal, tally)) => {
            metrics::emit(&tally);
            disposal
        }
        Err(fault) => {
            log(name, &fault);
            Disposal::Again
        }
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, (Fault, Value)> {
    serde_json::from_slice(bytes).map_err(|error| {
        let fault = unreadable("record", &error);
        (fault, Value::from(String::from_utf8_lossy(bytes)))
    })
}

fn answer(failures: Vec<String>) -> Answer {
    let batch_item_failures =
        failures.into_iter().map(|item_identifier| Failure { item_identifier }).collect();
    Answer { batch_item_failures }
}
