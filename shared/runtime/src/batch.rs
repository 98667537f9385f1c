//! Batches from Kinesis and SQS, answered with the records that must come again.

use crate::bootstrap::log;
use crate::unreadable::unreadable;
use crate::{metrics, stage};
use aws_lambda_events::event::kinesis::{KinesisEvent, KinesisEventRecord};
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use ceap_engagement::event::Arrived;
use ceap_engagement::pipeline::ingest::Ingested;
use ceap_engagement::pipeline::send::{Disposal, Postpone};
use ceap_engagement::quarantine::{Quarantine, Rejected};
use ceap_kernel::{Clock, Fault, Labels, Metric, SystemClock, Tally, TenantId, Timestamp, Trace};
use futures::future::join_all;
use lambda_runtime::Error;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tracing::field::Empty;
use tracing::{Instrument, Span, info_span};

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

/// Runs `take` for each batch of a Kinesis stream. Records that cannot be read go to quarantine
/// and do not hold up the others.
///
/// # Errors
/// From Lambda's runtime API.
pub async fn kinesis(
    name: &'static str,
    quarantine: &impl Quarantine,
    take: impl AsyncFn(&[Arrived]) -> Ingested,
) -> Result<(), Error> {
    stage::run(name, async |event: KinesisEvent| {
        Ok::<_, Error>(Box::pin(stream_batch(name, quarantine, &take, event)).await)
    })
    .await
}

pub(crate) async fn stream_batch(
    name: &str,
    quarantine: &impl Quarantine,
    take: &impl AsyncFn(&[Arrived]) -> Ingested,
    event: KinesisEvent,
) -> Answer {
    let since = |record: &KinesisEventRecord| {
        let at = record.kinesis.approximate_arrival_timestamp.0.timestamp_millis();
        Timestamp::from_millisecond(at).ok()
    };
    stage::took(event.records.len(), event.records.iter().filter_map(since).min());
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
    stage::linked(arrived.iter().filter_map(|it| it.trace.as_ref()));
    let mut ingested = Box::pin(take(&arrived)).await;
    late(&arrived, &mut ingested.tally);
    metrics::emit(&ingested.tally);
    failures.extend(ingested.failed.iter().filter_map(|place| numbers.get(*place)).cloned());
    failed(failures)
}

/// How late the latest event of each tenant came, in milliseconds.
fn late(arrived: &[Arrived], tally: &mut Tally) {
    let mut latest: BTreeMap<&TenantId, u64> = BTreeMap::new();
    for Arrived { tenant, at, event, .. } in arrived {
        let late = u64::try_from(at.duration_since(event.time).as_millis()).unwrap_or_default();
        let most = latest.entry(tenant).or_default();
        *most = late.max(*most);
    }
    for (tenant, late) in latest {
        tally.measure(Metric::EventLateness, Labels::of(tenant, None), late);
    }
}

/// A stage that takes one message of a queue, and how often the queue has brought it.
pub trait Taking<T>: AsyncFn(&T, u32) -> Result<(Disposal, Tally), Fault> {}

impl<T, F: AsyncFn(&T, u32) -> Result<(Disposal, Tally), Fault>> Taking<T> for F {}

/// Runs `take` for each message of an SQS queue, those of a batch at once. A message that is to
/// come again after some time is put off with `postpone`; one that has to wait for a moment only
/// (for its provider's rate, say) waits here.
///
/// # Errors
/// From Lambda's runtime API.
pub async fn queue<T: DeserializeOwned>(
    name: &'static str,
    postpone: &impl Postpone,
    take: impl Taking<T>,
) -> Result<(), Error> {
    stage::run(name, async |event: SqsEvent| {
        Ok::<_, Error>(Box::pin(queue_batch(name, postpone, &take, event)).await)
    })
    .await
}

/// Runs `take` for each fact that an SQS queue brings, those of a batch at once. One that fails comes
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
    take: &impl Taking<T>,
    event: SqsEvent,
) -> Answer {
    queued(&event.records);
    let messages = event.records.into_iter().map(async |message| {
        let body = message.body.unwrap_or_default();
        let attempt = message.attributes.get("ApproximateReceiveCount");
        let attempt = attempt.and_then(|count| count.parse().ok()).unwrap_or(1);
        let known: Known = serde_json::from_str(&body).unwrap_or_default();
        stage::linked(&known.trace);
        let taken = one(name, take, &body, attempt).instrument(known.span());
        let Disposal::Again(after_s) = taken.await else { return None };
        if let (Some(after_s), Some(receipt)) = (after_s, &message.receipt_handle)
            && let Err(fault) = postpone.postpone(receipt, after_s).await
        {
            log(name, &fault);
        }
        Some(message.message_id.unwrap_or_default())
    });
    failed(join_all(messages).await.into_iter().flatten().collect())
}

/// What can be told of most messages, whatever they are.
#[derive(Debug, Default, Deserialize)]
struct Known {
    tenant: Option<TenantId>,
    id: Option<String>,
    #[serde(default, deserialize_with = "Trace::lenient")]
    trace: Option<Trace>,
}

impl Known {
    /// The span that a message's log lines stand in.
    fn span(&self) -> Span {
        let span = info_span!("record", tenant = Empty, event_id = Empty, trace_id = Empty);
        let known = [
            ("tenant", self.tenant.as_ref().map(TenantId::as_str)),
            ("event_id", self.id.as_deref()),
            ("trace_id", self.trace.as_ref().map(Trace::as_str)),
        ];
        for (name, value) in known {
            value.map(|value| span.record(name, value));
        }
        span
    }
}

/// Says how many messages a queue brought, and since when the oldest of them waits.
pub(crate) fn queued(messages: &[SqsMessage]) {
    let since = |message: &SqsMessage| {
        let sent = message.attributes.get("SentTimestamp")?;
        Timestamp::from_millisecond(sent.parse().ok()?).ok()
    };
    stage::took(messages.len(), messages.iter().filter_map(since).min());
}

async fn one<T: DeserializeOwned>(
    name: &str,
    take: &impl Taking<T>,
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
        let disposal = match Box::pin(take(&item, attempt)).await {
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

/// The answer by which a batch of so many records comes again from its first on.
pub(crate) fn whole(first: Option<String>, records: usize) -> Answer {
    let answer = failed(first.into_iter().collect());
    stage::left(records);
    answer
}

/// The answer that names these.
pub(crate) fn failed(failures: Vec<String>) -> Answer {
    stage::left(failures.len());
    let batch_item_failures =
        failures.into_iter().map(|item_identifier| Failure { item_identifier }).collect();
    Answer { batch_item_failures }
}
