//! What AWS tells of a run that it serves: models of its metrics, each as its service's page describes it, which is named beside it.
//! They take what they can from the templates: how often a queue hands a message over, how an execution may end, when records are
//! given up.

use super::root;
use crate::batch::queue_batch;
use crate::tests::{Queue, brought};
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::send::Disposal;
use ceap_kernel::Tally;
use ceap_stacks::{Alarm, Metric, Points, Resource, State, Template, target};
use serde_json::{Value, json};
use std::sync::OnceLock;

/// Which metric of AWS's an alarm looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Messages in a dead-letter queue, told each minute, and how often another queue hands one over before it goes there.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>
    DeadLetters(u32),
    /// Executions that ended so, told when they do.
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html>
    Executions,
    /// How old the last record of a batch is when a function has been handed it, in milliseconds.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>
    IteratorAge,
    /// How far Firehose is behind its stream, in milliseconds.
    /// <https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html>
    Behind,
    /// Something that is counted when it happens.
    Count,
    /// Invocations, and errors, which are 0 for one that ends well. The same page as the iterator's age.
    Invocations,
    /// Requests to an HTTP API, and those that were answered with 5xx, 0 for one that was not.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html>
    Requests,
    /// Reads and writes that a table refused; told of tables that refused some.
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html>
    Refusals,
    /// A share of an account's emails, 0 to 1.
    /// <https://docs.aws.amazon.com/ses/latest/dg/security-event-monitoring-cloudwatch.html>
    Reputation,
}

/// How much happens in a period: what goes wrong, and what well.
pub type Amount = (u32, u32);

impl Model {
    /// The model of what an alarm looks at, if there is one.
    pub fn of(alarm: &Alarm, template: &Template) -> Option<Self> {
        let stats = alarm.watched.stats();
        let names: Vec<(&str, &str)> =
            stats.iter().map(|it| (&*it.metric.namespace, &*it.metric.name)).collect();
        Some(match names[..] {
            [("AWS/SQS", "ApproximateNumberOfMessagesVisible")] => {
                Self::DeadLetters(receives(template, dead_letters(alarm, template).id).unwrap_or(0))
            }
            [("AWS/States", _)] if machine(alarm, template).is_some() => Self::Executions,
            [("AWS/Lambda", "IteratorAge")] => Self::IteratorAge,
            [("AWS/Firehose", "KinesisMillisBehindLatest")] => Self::Behind,
            [("AWS/Firehose", "DeliveryToIceberg.FailedRowCount")]
            | [("AWS/ApiGateway", "IntegrationError")]
            | [("AWS/Lambda", "Errors")]
            | [("AWS/Lambda", "Throttles")]
            | [("AWS/Kinesis", "WriteProvisionedThroughputExceeded")] => Self::Count,
            [("AWS/Lambda", "Errors"), ("AWS/Lambda", "Invocations")] => Self::Invocations,
            [("AWS/ApiGateway", "5xx"), ("AWS/ApiGateway", "Count")] => Self::Requests,
            [("AWS/SES", "Reputation.BounceRate" | "Reputation.ComplaintRate")] => Self::Reputation,
            _ if names.iter().all(|(namespace, _)| *namespace == "AWS/DynamoDB") => Self::Refusals,
            _ => return None,
        })
    }

    /// What has to hold for the alarm to be of use at all.
    pub fn holds(self, alarm: &Alarm, template: &Template) {
        let of = &alarm.id;
        match self {
            Self::DeadLetters(_) => {
                let queue = dead_letters(alarm, template);
                assert!(queue.id.contains("DeadLetters"), "{of}: {} is worked off", queue.id);
                assert!(
                    receives(template, queue.id).is_some() || named(template, queue.id) > 0,
                    "{of}: nothing puts messages into {}",
                    queue.id
                );
                assert!(comes_back(), "a message that fails has to come back");
            }
            Self::Executions => {
                let machine = machine(alarm, template).unwrap();
                let metric = &alarm.watched.stats()[0].metric.name;
                assert!(ends_so(&machine, template, metric), "{of}: no execution ends in {metric}");
            }
            Self::IteratorAge => {
                let kept = given_up_after_s(alarm, template) * 1000.0;
                assert!(alarm.threshold < kept / 2.0, "{of} rings when records are given up");
            }
            // The stream keeps records for a day.
            Self::Behind => assert!(alarm.threshold < 86_400_000.0 / 2.0, "{of} rings too late"),
            _ => {}
        }
    }

    /// Amounts just this side of the alarm's threshold and just beyond; and those at which it has to be quiet, and to ring,
    /// wherever the threshold is.
    pub fn amounts(self, alarm: &Alarm) -> Vec<(Amount, State)> {
        let sure = |quiet: u32, ring: u32| vec![((quiet, 0), State::Ok), ((ring, 0), State::Alarm)];
        let sure = match self {
            Self::DeadLetters(_) | Self::Executions | Self::Invocations | Self::Requests => {
                Vec::new()
            }
            // A minute is a batch that was asked again; an hour is a customer who waits.
            Self::IteratorAge => sure(60, 3600),
            // Firehose writes each `LakeSeconds`, a quarter of an hour at most.
            Self::Behind => sure(900, 6 * 3600),
            Self::Count => sure(0, 1000),
            Self::Refusals => sure(10, 1000),
            // SES reviews an account at 5 % bounces and 0.1 % complaints, and takes 2 % and 0.03 % for usual.
            // <https://docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html>
            Self::Reputation if alarm.id.contains("Complaint") => sure(3, 10),
            Self::Reputation => sure(200, 500),
        };
        [self.around(alarm), sure].concat()
    }

    fn around(self, alarm: &Alarm) -> Vec<(Amount, State)> {
        let just = |bad: u32, good| vec![((bad, good), State::Ok), ((bad + 1, good), State::Alarm)];
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small and whole
        let threshold = alarm.threshold as u32;
        match self {
            // How often the message is handed over: one more, and it is in the dead-letter queue.
            Self::DeadLetters(receives) => just(receives, 0),
            Self::Executions => just(0, 3),
            Self::IteratorAge | Self::Behind => just(threshold / 1000, 0),
            Self::Count | Self::Refusals => just(threshold, 0),
            // 5 % of 200 and 1 % of 1,000 are not more than that; all of nine are few, all of ten are not.
            Self::Invocations => [just(10, 190), just(9, 0)].concat(),
            Self::Requests => [just(10, 990), just(9, 0)].concat(),
            Self::Reputation => just(threshold_of(alarm, 10_000.0), 0),
        }
    }

    /// What is told of such an amount in the period that begins at `start`.
    pub fn tell(self, alarm: &Alarm, (bad, good): Amount, points: &mut Points, start: i64) {
        let told: Vec<Metric> =
            alarm.watched.stats().into_iter().map(|stat| as_told(alarm, &stat.metric)).collect();
        let metric = told[0].clone();
        match self {
            // It comes back so often, and is put aside then, within the first minute.
            Self::DeadLetters(receives) => (0..5).for_each(|minute| {
                let visible = bad > receives && minute > 0;
                points.put(metric.clone(), start + minute * 60, f64::from(u8::from(visible)));
            }),
            Self::Executions => {
                let ended = Metric { name: "ExecutionsSucceeded".to_owned(), ..metric.clone() };
                (0..good).for_each(|_| points.put(ended.clone(), start, 1.0));
                points.put(metric, start, f64::from(bad));
            }
            // Every minute a batch, each of them so late, in seconds.
            Self::IteratorAge | Self::Behind => {
                (0..5).for_each(|minute| {
                    points.put(metric.clone(), start + minute * 60, f64::from(bad) * 1000.0);
                });
            }
            Self::Count => {
                points.put(metric.clone(), start, 0.0);
                (0..bad).for_each(|_| points.put(metric.clone(), start, 1.0));
            }
            Self::Invocations | Self::Requests => {
                let all = told[1].clone();
                for n in 0..bad + good {
                    points.put(all.clone(), start, 1.0);
                    points.put(metric.clone(), start, f64::from(u8::from(n < bad)));
                }
            }
            // Some of them by the last table alone, and none by some.
            Self::Refusals => {
                let last = told[told.len() - 1].clone();
                (0..bad).for_each(|n| {
                    points.put(if n % 3 == 0 { metric.clone() } else { last.clone() }, start, 1.0);
                });
            }
            Self::Reputation => points.put(metric, start, f64::from(bad) / 10_000.0),
        }
    }
}

/// The dimensions by which AWS tells of each metric, as far as alarms look at them, and what the value of the first is the name of
/// (the pages are those of [`Model`]).
const DIMENSIONS: [(&str, &str, &[&str], &str); 16] = [
    ("AWS/ApiGateway", "5xx", &["ApiId"], "AWS::ApiGatewayV2::Api"),
    ("AWS/ApiGateway", "Count", &["ApiId"], "AWS::ApiGatewayV2::Api"),
    ("AWS/ApiGateway", "IntegrationError", &["ApiId", "Stage"], "AWS::ApiGatewayV2::Api"),
    ("AWS/DynamoDB", "ReadThrottleEvents", &["TableName"], "AWS::DynamoDB::Table"),
    ("AWS/DynamoDB", "WriteThrottleEvents", &["TableName"], "AWS::DynamoDB::Table"),
    ("AWS/Firehose", "DeliveryToIceberg.FailedRowCount", FIREHOSE, FIREHOSE_KIND),
    ("AWS/Firehose", "KinesisMillisBehindLatest", FIREHOSE, FIREHOSE_KIND),
    ("AWS/Kinesis", "WriteProvisionedThroughputExceeded", &["StreamName"], "AWS::Kinesis::Stream"),
    // Without dimensions: of all functions of the account in its region.
    ("AWS/Lambda", "Errors", &[], ""),
    ("AWS/Lambda", "Invocations", &[], ""),
    ("AWS/Lambda", "Throttles", &[], ""),
    ("AWS/Lambda", "IteratorAge", &["FunctionName"], "AWS::Serverless::Function"),
    ("AWS/SES", "Reputation.BounceRate", &[], ""),
    ("AWS/SES", "Reputation.ComplaintRate", &[], ""),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", &["QueueName"], "AWS::SQS::Queue"),
    ("AWS/States", "Executions*", &["StateMachineArn"], "AWS::Serverless::StateMachine"),
];
static TEMPLATES: OnceLock<Vec<Template>> = OnceLock::new();
const FIREHOSE: &[&str] = &["DeliveryStreamName"];
const FIREHOSE_KIND: &str = "AWS::KinesisFirehose::DeliveryStream";

/// The metric as AWS tells of it. An alarm that names other dimensions looks at one of which nothing is ever told.
fn as_told(alarm: &Alarm, looked_at: &Metric) -> Metric {
    let Metric { namespace, name, dimensions } = looked_at;
    let same =
        |known: &str| known.strip_suffix('*').map_or(known == name, |it| name.starts_with(it));
    let (.., keys, kind) = DIMENSIONS
        .iter()
        .find(|(of, known, ..)| of == namespace && same(known))
        .unwrap_or_else(|| panic!("{}: AWS is not known to tell of {namespace} {name}", alarm.id));
    let value = |key: &&str| {
        let value = dimensions.get(*key).cloned().unwrap_or_else(|| "another".to_owned());
        ((*key).to_owned(), value)
    };
    if let Some(key) = keys.first() {
        let named =
            dimensions.get(*key).and_then(|it| it.strip_prefix("${")?.split(['.', '}']).next());
        let is = named.and_then(|id| {
            let templates = TEMPLATES.get_or_init(|| ceap_stacks::all(&root()).unwrap());
            templates.iter().find_map(|it| Some(it.resource(id)?.kind.to_owned()))
        });
        assert!(is.is_none_or(|is| is == *kind), "{}: {named:?} is no {kind}", alarm.id);
    }
    Metric { dimensions: keys.iter().map(value).collect(), ..looked_at.clone() }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small and positive
fn threshold_of(alarm: &Alarm, parts: f64) -> u32 {
    (alarm.threshold * parts).round() as u32
}

/// The logical id that the value of an alarm's dimension refers to.
fn referred<'a>(alarm: &'a Alarm, dimension: &str) -> Option<&'a str> {
    let stats = alarm.watched.stats();
    let value = stats.first()?.metric.dimensions.get(dimension)?;
    value.strip_prefix("${")?.strip_suffix('}')?.split('.').next()
}

fn dead_letters<'a>(alarm: &Alarm, template: &'a Template) -> Resource<'a> {
    let id = referred(alarm, "QueueName").unwrap();
    let queue = template.resource(id).unwrap();
    assert_eq!(queue.kind, "AWS::SQS::Queue", "{}", alarm.id);
    queue
}

/// How often a queue hands a message over before it goes to this one, if it is some queue's.
fn receives(template: &Template, dead: &str) -> Option<u32> {
    let mut queues = template.of_kind("AWS::SQS::Queue");
    let policy = queues.find_map(|queue| {
        let policy = queue.properties.get("RedrivePolicy")?;
        (policy.get("deadLetterTargetArn").and_then(target) == Some(dead)).then_some(policy)
    })?;
    u32::try_from(policy.get("maxReceiveCount")?.as_u64()?).ok()
}

/// How many resources and outputs name a queue as where something goes.
fn named(template: &Template, queue: &str) -> usize {
    let arn = json!({"Fn::GetAtt": [queue, "Arn"]}).to_string();
    template.body.to_string().matches(&arn).count()
}

/// Whether a function's answer has the queue bring a message again that it cannot read.
fn comes_back() -> bool {
    let stage = async |_: &Dispatch, _: u32| Ok((Disposal::Done, Tally::default()));
    let event = serde_json::from_value(brought("deliver-email", &json!({}))).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let queue = Queue::default();
    let answer = runtime.block_on(queue_batch("deliver-email", &queue, &stage, event));
    answer.batch_item_failures.len() == 1
}

fn machine<'a>(alarm: &Alarm, template: &'a Template) -> Option<Resource<'a>> {
    let machine = template.resource(referred(alarm, "StateMachineArn")?)?;
    (machine.kind == "AWS::Serverless::StateMachine").then_some(machine)
}

/// Whether an execution of a machine may end so.
fn ends_so(machine: &Resource<'_>, template: &Template, metric: &str) -> bool {
    let express = machine.properties.get("Type").and_then(Value::as_str) == Some("EXPRESS");
    let uri = machine.properties.get("DefinitionUri").and_then(Value::as_str).unwrap();
    let folder = root().join(&template.file).parent().unwrap().to_path_buf();
    let definition = std::fs::read_to_string(folder.join(uri)).unwrap();
    let definition: Value = serde_json::from_str(&definition).unwrap();
    let states = definition["States"].as_object().unwrap();
    match metric {
        "ExecutionsFailed" => states.values().any(|state| state["Type"] == "Fail"),
        // After five minutes, or when its definition says.
        "ExecutionsTimedOut" => express || definition["TimeoutSeconds"].is_u64(),
        // StopExecution takes no Express execution.
        "ExecutionsAborted" => !express,
        _ => false,
    }
}

/// After how many seconds the event source of an alarm's function gives a record up.
fn given_up_after_s(alarm: &Alarm, template: &Template) -> f64 {
    let function = referred(alarm, "FunctionName").unwrap();
    let mut sources = template.of_kind("AWS::Lambda::EventSourceMapping");
    let source =
        sources.find(|it| it.properties.get("FunctionName").and_then(target) == Some(function));
    let source = source.unwrap_or_else(|| panic!("{}: {function} reads no stream", alarm.id));
    source.properties["MaximumRecordAgeInSeconds"].as_f64().unwrap()
}
