//! Batches from Kinesis and SQS, answered with the records that must come again.

use crate::bootstrap::log;
use crate::metrics;
use crate::unreadable::unreadable;
use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::sqs::SqsEvent;
use ceap_engagement::event::Arrived;
use ceap_engagement::pipeline::ingest::Ingested;
use ceap_engagement::pipeline::send::{Disposal, Postpone};
use ceap_engagement::quarantine::{Quarantine, Rejected};
use ceap_kernel::{Clock, Fault, SystemClock, Tally};
use futures::future::join_all;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::{Duration, Instant};

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
    failed(failures)
}

/// A stage that takes one message of a queue, and how often the queue has brought it.
pub trait Taking<T>: AsyncFn(&T, u32) -> Result<(Disposal, Tally), Fault> {}

impl<T, F: AsyncFn(&T, u32) -> Result<(Disposal, Tally), Fault>> Taking<T> for F {}

/// Runs `stage` for each message of an SQS queue, those of a batch at once. A message that is to
/// come again after some time is put off with `postpone`; one that has to wait for a moment only
/// (for its provider's rate, say) waits here.
///
/// # Errors
/// From Lambda's runtime API.
pub async fn queue<T: DeserializeOwned>(
    name: &'static str,
    postpone: &impl Postpone,
    stage: impl Taking<T>,
) -> Result<(), Error> {
    let stage = &stage;
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(Box::pin(queue_batch(name, postpone, stage, event.payload)).await)
    }))
    .await
}

/// Runs `stage` for each fact that an SQS queue brings, those of a batch at once. One that fails comes
/// again when the queue brings it again.
///
/// # Errors
/// From Lambda's runtime API.
pub async fn facts<T: DeserializeOwned>(
    name: &'static str,
    stage: impl AsyncFn(&T) -> Result<Tally, Fault>,
) -> Result<(), Error> {
    let stage = &stage;
    let taking = async move |fact: &T, _: u32| Ok((Disposal::Done, stage(fact).await?));
    queue(name, &AsTheQueueSays, taking).await
}

/// For a stage that puts nothing off.
struct AsTheQueueSays;

impl Postpone for AsTheQueueSays {
    async fn postpone(&self, _: &str, _: u32) -> Result<(), Fault> {
        Ok(())
    }
}

/// Seconds of a wait that is a moment, and of all such waits of one message together: well below
/// the function's timeout.
const MOMENT_S: u32 = 3;
const MOMENTS_S: u64 = 9;

pub(crate) async fn queue_batch<T: DeserializeOwned>(
    name: &str,
    postpone: &impl Postpone,
    stage: &impl Taking<T>,
    event: SqsEvent,
) -> Answer {
    let messages = event.records.into_iter().map(async |message| {
        let body = message.body.unwrap_or_default();
        let attempt = message.attributes.get("ApproximateReceiveCount");
        let attempt = attempt.and_then(|count| count.parse().ok()).unwrap_or(1);
        let Disposal::Again(after_s) = one(name, stage, &body, attempt).await else { return None };
        if let (Some(after_s), Some(receipt)) = (after_s, &message.receipt_handle)
            && let Err(fault) = postpone.postpone(receipt, after_s).await
        {
            log(name, &fault);
        }
        Some(message.message_id.unwrap_or_default())
    });
    failed(join_all(messages).await.into_iter().flatten().collect())
}

async fn one<T: DeserializeOwned>(
    name: &str,
    stage: &impl Taking<T>,
    body: &str,
    attempt: u32,
) -> Disposal {
    let item = match read::<T>(body.as_bytes()) {
        Ok(item) => item,
        // It stays on the queue and ends in its dead-letter queue, body and all.
        Err((fault, _)) => {
            log(name, &fault);
            return Disposal::Again(None);
        }
    };
    let began = Instant::now();
    loop {
        let disposal = match Box::pin(stage(&item, attempt)).await {
            Ok((disposal, tally)) => {
                metrics::emit(&tally);
                disposal
            }
            Err(fault) => {
                log(name, &fault);
                Disposal::Again(None)
            }
        };
        match disposal {
            Disposal::Again(Some(after_s))
                if after_s <= MOMENT_S && began.elapsed().as_secs() < MOMENTS_S =>
            {
                tokio::time::sleep(Duration::from_secs(after_s.into())).await;
            }
            disposal => return disposal,
        }
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, (Fault, Value)> {
    serde_json::from_slice(bytes).map_err(|error| {
        let fault = unreadable("record", &error);
        (fault, Value::from(String::from_utf8_lossy(bytes)))
    })
}

/// The answer that names these.
pub(crate) fn failed(failures: Vec<String>) -> Answer {
    let batch_item_failures =
        failures.into_iter().map(|item_identifier| Failure { item_identifier }).collect();
    Answer { batch_item_failures }
}
