//! Events all the way from the API to the provider: each function is invoked with what the one before it handed on, as
//! AWS would.

use crate::aside;
use crate::invoke::{Bill, Invoker};
use crate::platform::Platform;
use crate::printed::Printed;
use crate::workload::Mix;
use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_aws::dynamodb::{self, QuarantineStore};
use ceap_aws::ses::Ses;
use ceap_channels::mime;
use ceap_engagement::pipeline::send::Account;
use ceap_engagement::signal::SIGNALS_DETECTED;
use ceap_kernel::{Clock, SystemClock, Timestamp};
use ceap_models::Loader;
use ceap_runtime::channel::Channel;
use ceap_runtime::{drive, limit, pipeline};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a run came to.
#[derive(Debug, Default)]
pub struct Run {
    /// Events that went in.
    pub events: u64,
    /// Their bytes as they were sent.
    pub event_bytes: u64,
    /// Requests to the API, in chunks of 512 KB.
    pub api_chunks: u64,
    /// Executions of the workflow, and the milliseconds that each took at least, in hundreds, rounded up.
    pub executions: u64,
    /// Bytes that the largest execution carried.
    pub largest_payload: usize,
    /// Candidates that were handed to `deliver`.
    pub candidates: u64,
    /// Emails that were sent.
    pub emails: u64,
    /// Schedules that were made.
    pub schedules: u64,
    /// Bytes that the event lake takes: the larger of what comes and what is made of it.
    pub lake_bytes: u64,
    /// Messages that EventBridge put into a queue.
    pub queued: u64,
    /// What is done beside: for the event lake, and for what SES tells of emails.
    pub aside: Option<Box<Aside>>,
    /// What the functions took, and AWS.
    pub bill: Bill,
    /// Bytes that the functions printed for CloudWatch.
    pub log_bytes: u64,
    /// Metrics that they told of.
    pub metrics: usize,
    /// What each execution began with.
    pub signals: Vec<String>,
    /// CPU times of each invocation of `ingest-stream`.
    pub ingested: Vec<Duration>,
}

/// What is done beside, of the same events.
#[derive(Debug)]
pub struct Aside {
    /// Every event into the lake.
    pub lake: Run,
    /// What SES tells of each email without anybody doing anything: that it was sent, and that it arrived.
    pub receipts: Run,
}

/// API Gateway meters requests to HTTP APIs in 512 KB.
const API_CHUNK: usize = 512 << 10;

/// Messages of one invocation of a channel's function.
pub const QUEUE_BATCH: usize = 10;

/// Runs all batches of a mix.
///
/// # Errors
/// When a function fails, or what went in does not come out.
pub async fn run(
    platform: &Platform,
    printed: &Printed,
    memory: &BTreeMap<String, u64>,
    mix: &Mix,
) -> Result<Run> {
    let (env, config) = (&platform.env, &platform.config);
    let tables = pipeline::tables(env, config);
    let credentials =
        limit::door(env, tables("PLATFORM_TABLE")).map_err(|fault| anyhow!("{fault}"))?;
    let take = pipeline::take(env, config);
    let unread = QuarantineStore::new(tables("QUARANTINE_TABLE"));
    let ingest = pipeline::ingest(env, config).map_err(|fault| anyhow!("{fault}"))?;
    let sift = pipeline::sift(env, config);
    let rate = pipeline::rate(env, config, Loader::new);
    let keep = pipeline::keep(env, config);
    let deliver = pipeline::deliver(env, config).map_err(|fault| anyhow!("{fault}"))?;
    let client = dynamodb::client(config);
    let channel = Channel { env: env.clone(), config: config.clone(), client };
    let provider = Ses::new(config, mime::write);
    let provider = provider.configuration_set(Some(env.get("CONFIGURATION_SET").to_owned()));
    let send = channel.sender(Account::Platform, 0.0, provider);
    let send = send.map_err(|fault| anyhow!("{fault}"))?;
    let postpone = channel.postponer("email");

    let now = SystemClock.now();
    let profiles = mix.subjects().div_ceil(mix.batch.max(1));
    let mut found = Run::default();
    let mut invoker = Invoker::new(&platform.aws, memory);
    let (mut records, mut letters) = (Vec::new(), Vec::new());
    // Profiles come first, and what is warm on Lambda is warm here: neither is counted.
    for batch in 0..profiles.saturating_add(mix.batches()) {
        let events = match batch.checked_sub(profiles) {
            Some(nth) => mix.events(nth, now)?,
            None => told(mix, batch, now),
        };
        if batch == profiles {
            found = Run::default();
            invoker.bill = Bill::default();
            (records, letters) = (Vec::new(), Vec::new());
            printed.take()?;
        }
        let request = request(platform, &events);
        let answer = drive::http("ingest-http", &credentials, &take, &request);
        let (answer, _) = invoker.invoke("ingest-http", answer).await?;
        accepted(&answer, events.len())?;
        found.came_in(&events)?;

        let handed = platform.aws.take_handed();
        for records in handed.records.chunks(mix.batch.max(1)) {
            let event = stream_event(records);
            let answer = drive::kinesis("ingest-stream", &unread, &ingest, &event);
            let (answer, took) = invoker.invoke("ingest-stream", answer).await?;
            none_failed(&answer)?;
            found.ingested.push(took);
        }
        records.extend(handed.records);
        let handed = platform.aws.take_handed();
        ensure!(handed.records.is_empty(), "what came of events is not played on");
        found.schedules = found.schedules.saturating_add(handed.schedules);
        for (kind, detail) in handed.facts {
            if kind != SIGNALS_DETECTED {
                bail!("{kind} is not played on");
            }
            found.executions = found.executions.saturating_add(1);
            found.largest_payload = found.largest_payload.max(detail.len());
            found.signals.push(detail.clone());
            let stage = drive::task("filter", &sift, detail.as_bytes());
            let (filtered, _) = invoker.invoke("filter", stage).await?;
            if empty(&filtered, "signals")? {
                continue;
            }
            let stage = drive::task("score", &rate, &filtered);
            let (scored, _) = invoker.invoke("score", stage).await?;
            if empty(&scored, "signals")? {
                continue;
            }
            let stage = drive::task("store", &keep, &scored);
            let (stored, _) = invoker.invoke("store", stage).await?;
            found.largest_payload = found.largest_payload.max(stored.len());
            if empty(&stored, "candidates")? {
                continue;
            }
            found.candidates = found.candidates.saturating_add(count(&stored, "candidates")?);
            let stage = drive::task("deliver", &deliver, &stored);
            invoker.invoke("deliver", stage).await?;
        }
        let handed = platform.aws.take_handed();
        found.schedules = found.schedules.saturating_add(handed.schedules);
        for messages in handed.messages.chunks(QUEUE_BATCH) {
            let event = queue_event(messages);
            let answer = drive::queue("email", &postpone, &send, &event);
            let (answer, _) = invoker.invoke("deliver-email", answer).await?;
            none_failed(&answer)?;
        }
        letters.extend(platform.aws.take_handed().letters);
    }
    found.emails = u64::try_from(letters.len())?;
    found.bill = invoker.bill;
    found.metrics = printed.metrics()?;
    found.log_bytes = printed.take()?;
    let aside = aside::Beside { platform, printed, memory, events: found.events };
    let lake = aside.lake(&records).await?;
    let ingesting =
        async |event: Vec<u8>| drive::kinesis("ingest-stream", &unread, &ingest, &event).await;
    let receipts = aside.receipts(&letters, mix.batch, &ingesting).await?;
    found.aside = Some(Box::new(Aside { lake, receipts }));
    Ok(found)
}

/// A batch of profiles.
fn told(mix: &Mix, batch: usize, now: Timestamp) -> Vec<Value> {
    let first = batch.saturating_mul(mix.batch);
    let last = first.saturating_add(mix.batch).min(mix.subjects());
    (first..last).map(|subject| crate::workload::profile(subject, now)).collect()
}

impl Run {
    fn came_in(&mut self, events: &[Value]) -> Result<()> {
        let body: usize = events.iter().map(|event| event.to_string().len()).sum();
        self.events = self.events.saturating_add(u64::try_from(events.len())?);
        self.event_bytes = self.event_bytes.saturating_add(u64::try_from(body)?);
        let chunks = u64::try_from(body.div_ceil(API_CHUNK))?;
        self.api_chunks = self.api_chunks.saturating_add(chunks);
        Ok(())
    }
}

/// A request as API Gateway writes it.
fn request(platform: &Platform, events: &[Value]) -> Vec<u8> {
    let body = STANDARD.encode(Value::from(events.to_vec()).to_string());
    let event = json!({
        "version": "2.0",
        "routeKey": "POST /v1/events",
        "rawPath": "/v1/events",
        "rawQueryString": "",
        "headers": {
            "content-type": "application/cloudevents-batch+json",
            "host": "api.example.com",
            "x-write-key": platform.credential,
        },
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "api.example.com",
            "domainPrefix": "api", "requestId": "r", "routeKey": "POST /v1/events",
            "stage": "$default", "time": "21/Nov/2026:10:00:00 +0000", "timeEpoch": 1_795_255_200_000_u64,
            "http": {
                "method": "POST", "path": "/v1/events", "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7", "userAgent": "bench",
            },
        },
        "body": body,
        "isBase64Encoded": true,
    });
    event.to_string().into_bytes()
}

/// Records as Lambda brings them from a stream.
pub fn stream_event(records: &[Vec<u8>]) -> Vec<u8> {
    let record = |(n, data): (usize, &Vec<u8>)| {
        let number = format!("{n:056}");
        json!({
            "kinesis": {
                "kinesisSchemaVersion": "1.0", "partitionKey": "0", "sequenceNumber": number,
                "data": STANDARD.encode(data), "approximateArrivalTimestamp": 1_795_255_200.0,
            },
            "eventSource": "aws:kinesis", "eventVersion": "1.0",
            "eventID": format!("shardId-000000000000:{number}"), "eventName": "aws:kinesis:record",
            "invokeIdentityArn": "arn:aws:iam::123456789012:role/ingest-stream",
            "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/events",
        })
    };
    let records: Vec<Value> = records.iter().enumerate().map(record).collect();
    json!({ "Records": records }).to_string().into_bytes()
}

/// Messages as Lambda brings them from a queue.
pub fn queue_event(messages: &[(String, String)]) -> Vec<u8> {
    let message = |(n, (_, body)): (usize, &(String, String))| {
        json!({
            "messageId": format!("00000000-0000-4000-8000-{n:012}"),
            "receiptHandle": format!("handle-{n}"), "body": body,
            "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795255200000"},
            "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:ceap-email",
        })
    };
    let messages: Vec<Value> = messages.iter().enumerate().map(message).collect();
    json!({ "Records": messages }).to_string().into_bytes()
}

fn accepted(answer: &[u8], sent: usize) -> Result<()> {
    let answer: Value = serde_json::from_slice(answer)?;
    let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    let body: Value = serde_json::from_str(body).with_context(|| answer.to_string())?;
    let accepted = body.get("accepted").and_then(Value::as_u64);
    if accepted != u64::try_from(sent).ok() {
        bail!("not all events were accepted: {body}");
    }
    Ok(())
}

/// A batch of which nothing has to come again.
pub fn none_failed(answer: &[u8]) -> Result<()> {
    let answer: Value = serde_json::from_slice(answer)?;
    let failures = answer.get("batchItemFailures").and_then(Value::as_array);
    match failures.is_some_and(Vec::is_empty) {
        true => Ok(()),
        false => bail!("some of a batch failed: {answer}"),
    }
}

fn count(batch: &[u8], name: &str) -> Result<u64> {
    let batch: Value = serde_json::from_slice(batch)?;
    let list = batch.get(name).and_then(Value::as_array).context("no batch")?;
    Ok(u64::try_from(list.len())?)
}

fn empty(batch: &[u8], name: &str) -> Result<bool> {
    Ok(count(batch, name)? == 0)
}
