//! What a million events cost: what a run used, times what it is priced at.

use crate::invoke::as_f64;
use crate::prices::Prices;
use crate::run::{Aside, Run};
use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;

/// One line of a bill.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// Which service.
    pub service: String,
    /// What of it.
    pub what: String,
    /// How many units a million events take.
    pub units: f64,
    /// What they cost, in US dollars.
    pub usd: f64,
}

/// What a million events cost.
#[derive(Debug, Clone, Serialize)]
pub struct Cost {
    /// In US dollars, without what the provider of messages asks, nor the event lake.
    pub usd_per_million: f64,
    /// The parts, the dearest service first.
    pub lines: Vec<Line>,
    /// What could be saved, and what that would be worth.
    pub levers: Vec<Lever>,
    /// Calls of AWS that a million events take, by service and operation.
    pub calls: BTreeMap<String, f64>,
    /// The event lake, which is beside: Firehose, and the function that makes rows.
    pub lake_usd: f64,
    /// What SES tells of each email by itself, and what that leads to, which is beside.
    pub receipts_usd: f64,
    /// Traces, if X-Ray takes each: it takes one a second and a twentieth of the rest.
    pub traces_usd: f64,
    /// All of these.
    pub usd_with_all: f64,
    /// What each millisecond that AWS takes for a call adds, by functions that wait for it.
    pub usd_per_wait_ms: f64,
    /// Candidates and sends of each event.
    pub candidates: f64,
    /// Sends of each event.
    pub sends: f64,
    /// Events that were played.
    pub events: u64,
    /// Metrics of our own that were told of.
    pub metrics: usize,
    /// US dollars a month that these cost, if each is told of in every hour.
    pub usd_metrics_month: f64,
}

/// Something that could be done otherwise. What it would be worth is worked out from what was counted; none of these is
/// done.
#[derive(Debug, Clone, Serialize)]
pub struct Lever {
    /// What would be done.
    pub what: &'static str,
    /// US dollars a million events that it would save.
    pub usd: f64,
}

/// Requests by which Lambda takes a batch from a queue: one receives it, one deletes it.
const POLLED: f64 = 2.0;

/// Functions that queues call.
const OF_QUEUES: [&str; 2] = ["deliver-email", "receipts"];

/// Functions that a trace begins with: what they hand on to a bus goes on with theirs.
const TRACED: [&str; 4] = ["ingest-http", "ingest-stream", "deliver-email", "receipts"];

/// Megabytes that an Express workflow has before its definition and its payload, those that it is billed in, and the
/// milliseconds (<https://aws.amazon.com/step-functions/pricing/>).
const WORKFLOW_MB: f64 = 50.0;
const WORKFLOW_STEP_MB: f64 = 64.0;
const WORKFLOW_STEP_MS: f64 = 100.0;

impl Cost {
    /// What `run` would cost with a million events.
    ///
    /// # Errors
    /// When a price is missing.
    pub fn of(run: &Run, prices: &Prices) -> Result<Self> {
        let scale = 1_000_000.0 / as_f64(run.events.max(1));
        let mut lines = Vec::new();
        let mut add = |service: &str, what: &str, units: f64, price: &str| -> Result<()> {
            let units = units * scale;
            let usd = units * prices.of(price)?;
            if units > 0.0 {
                lines.push(Line { service: service.to_owned(), what: what.to_owned(), units, usd });
            }
            Ok(())
        };
        let meter = &run.bill.meter;
        let billed = |service: &str| as_f64(meter.calls_of(service).billed);
        add(
            "API Gateway",
            "requests in 512 KB",
            as_f64(run.api_chunks),
            "apigateway_http_request",
        )?;
        add("Kinesis", "PUT payload units", billed("kinesis"), "kinesis_put_unit")?;
        for ((table, operation), units) in &meter.units {
            let what = format!("{table} {operation}");
            let of = |part: &str| format!("{what}: {part}");
            add("DynamoDB", &of("write"), as_f64(units.write), "dynamodb_write_unit")?;
            add("DynamoDB", &of("indexes"), as_f64(units.index), "dynamodb_write_unit")?;
            add("DynamoDB", &of("read"), units.read, "dynamodb_read_unit")?;
        }
        let mut chain = 0.0;
        for (name, invocations) in &run.bill.functions {
            add(
                "Lambda",
                &format!("{name}: invocations"),
                as_f64(invocations.count),
                "lambda_request",
            )?;
            let used = invocations.gb_seconds(0.0);
            add("Lambda", &format!("{name}: GB-seconds"), used, "lambda_arm_gb_second")?;
            chain += invocations.gb_seconds(1.0) - used;
        }
        add("EventBridge", "events in 64 KB", billed("events"), "eventbridge_event")?;
        add("EventBridge", "schedules", as_f64(run.schedules), "scheduler_invocation")?;
        add(
            "Step Functions",
            "executions",
            as_f64(run.executions),
            "stepfunctions_express_request",
        )?;
        add("Step Functions", "GB-hours", workflow_gb_hours(run), "stepfunctions_express_gb_hour")?;
        let polls = as_f64(invocations(run, &OF_QUEUES)) * POLLED;
        let requests = billed("sqs") + as_f64(run.queued) + polls;
        add("SQS", "requests in 64 KB", requests, "sqs_request")?;
        add("KMS", "requests", billed("kms"), "kms_request")?;
        add("CloudWatch", "GB of logs", as_f64(run.log_bytes) / 1e9, "logs_ingested_gb")?;
        lines.sort_by(|one, other| {
            one.service.cmp(&other.service).then(other.usd.total_cmp(&one.usd))
        });
        let usd_per_million = lines.iter().map(|line| line.usd).sum();
        let of_aside = |part: fn(&Aside) -> &Run| match &run.aside {
            Some(aside) => Self::of(part(aside), prices).map(|it| it.usd_per_million + it.lake_usd),
            None => Ok(0.0),
        };
        let firehose = as_f64(run.lake_bytes) * scale / 1e9 * prices.of("firehose_iceberg_gb")?;
        let lake_usd = firehose + of_aside(|it| &it.lake)?;
        let receipts_usd = of_aside(|it| &it.receipts)?;
        let told = run.aside.as_ref().map_or(0, |it| invocations(&it.receipts, &TRACED));
        let traces = as_f64(invocations(run, &TRACED).saturating_add(told));
        let traces_usd = traces * scale * prices.of("xray_trace")?;
        Ok(Self {
            usd_per_million,
            calls: calls(run, scale),
            lake_usd,
            receipts_usd,
            traces_usd,
            usd_with_all: usd_per_million + lake_usd + receipts_usd + traces_usd,
            levers: levers(run, scale, prices)?,
            lines,
            usd_per_wait_ms: chain * scale * prices.of("lambda_arm_gb_second")?,
            candidates: as_f64(run.candidates) / as_f64(run.events.max(1)),
            sends: as_f64(run.emails) / as_f64(run.events.max(1)),
            events: run.events,
            metrics: run.metrics,
            usd_metrics_month: as_f64(u64::try_from(run.metrics).unwrap_or(u64::MAX))
                * prices.of("cloudwatch_metric_month")?,
        })
    }

    /// The sum of each service, the dearest first.
    #[must_use]
    pub fn services(&self) -> Vec<(String, f64)> {
        let mut sums: Vec<(String, f64)> = Vec::new();
        for line in &self.lines {
            match sums.iter_mut().find(|(service, _)| *service == line.service) {
                Some((_, sum)) => *sum += line.usd,
                None => sums.push((line.service.clone(), line.usd)),
            }
        }
        sums.sort_by(|one, other| other.1.total_cmp(&one.1));
        sums
    }
}

fn invocations(run: &Run, functions: &[&str]) -> u64 {
    let each = functions.iter().filter_map(|name| run.bill.functions.get(*name));
    each.fold(0, |sum, it| sum.saturating_add(it.count))
}

fn calls(run: &Run, scale: f64) -> BTreeMap<String, f64> {
    let named = run.bill.meter.calls.iter();
    named
        .map(|((service, name), it)| (format!("{service} {name}"), as_f64(it.count) * scale))
        .collect()
}

/// An execution lasts as long as its functions, which run one after the other.
fn workflow_gb_hours(run: &Run) -> f64 {
    let executions = as_f64(run.executions);
    if executions == 0.0 {
        return 0.0;
    }
    let stages = ["filter", "score", "store", "deliver"];
    let stages = stages.iter().filter_map(|name| run.bill.functions.get(*name));
    let lasted: f64 = stages.map(|stage| as_f64(stage.billed_ms)).sum::<f64>() / executions;
    let lasted = (lasted / WORKFLOW_STEP_MS).ceil().max(1.0) * WORKFLOW_STEP_MS;
    let payload = u64::try_from(run.largest_payload).unwrap_or(u64::MAX);
    let megabytes = WORKFLOW_MB + as_f64(payload) / f64::from(1 << 20);
    let megabytes = (megabytes / WORKFLOW_STEP_MB).ceil() * WORKFLOW_STEP_MB;
    executions * lasted / 3_600_000.0 * megabytes / 1024.0
}

fn levers(run: &Run, scale: f64, prices: &Prices) -> Result<Vec<Lever>> {
    let read = prices.of("dynamodb_read_unit")?;
    let write = prices.of("dynamodb_write_unit")?;
    let units = |table: &str, operation: &str| {
        let key = (table.to_owned(), operation.to_owned());
        run.bill.meter.units.get(&key).copied().unwrap_or_default()
    };
    let reads = units("ProfilesTable", "BatchGetItem").read;
    let features = units("ProfilesTable", "PutItem");
    let record = units("EngagementTable", "PutItem");
    let refused = record.items.saturating_sub(run.candidates.saturating_add(run.emails));
    let lever = |what, usd: f64| Lever { what, usd: usd * scale };
    let mut levers = vec![
        lever(
            "read profiles and features as they were a moment ago: the conditional write notices",
            reads / 2.0 * read,
        ),
        lever(
            "keep every feature item below 1 KB",
            as_f64(features.write.saturating_sub(features.items)) * write,
        ),
        // A record and its two places in indexes.
        lever("count what a gate refuses instead of recording each", as_f64(refused) * 3.0 * write),
    ];
    levers.sort_by(|one, other| other.usd.total_cmp(&one.usd));
    Ok(levers)
}
