//! What an idle deployment costs in a month.

use crate::cost::Line;
use crate::invoke::as_f64;
use crate::prices::Prices;
use crate::templates::Templates;
use anyhow::Result;
use std::collections::BTreeMap;

/// Hours of a month as AWS counts them (8,760 of a year).
const HOURS: f64 = 730.0;

/// Lambda polls a queue that nothing comes to with this many connections at least, each of which waits this many
/// seconds (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>,
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html>).
const POLLERS: f64 = 5.0;
const POLL_SECONDS: f64 = 20.0;

/// The lines of a month's bill of the templates as they are, with one shard, before anything is stored or done.
///
/// # Errors
/// When a price is missing.
pub fn lines(templates: &Templates, prices: &Prices) -> Result<Vec<Line>> {
    let counts = templates.counts();
    let of = |kind: &str| as_f64(counts.get(kind).copied().unwrap_or_default());
    let mut lines = Vec::new();
    let mut add = |service: &str, what: &str, units: f64, price: &str| -> Result<()> {
        let usd = units * prices.of(price)?;
        lines.push(Line { service: service.to_owned(), what: what.to_owned(), units, usd });
        Ok(())
    };
    add("Kinesis", "shard hours", of("AWS::Kinesis::Stream") * HOURS, "kinesis_shard_hour")?;
    let polls = POLLERS * HOURS * 3600.0 / POLL_SECONDS * as_f64(templates.polled_queues());
    add("SQS", "polls of empty queues", polls, "sqs_request")?;
    let alarms = as_f64(templates.alarm_metrics());
    add("CloudWatch", "metrics of alarms", alarms, "cloudwatch_alarm_month")?;
    add(
        "CloudWatch",
        "dashboards",
        of("AWS::CloudWatch::Dashboard"),
        "cloudwatch_dashboard_month",
    )?;
    add("KMS", "keys", of("AWS::KMS::Key"), "kms_key_month")?;
    lines.retain(|line| line.units > 0.0);
    lines.sort_by(|one, other| other.usd.total_cmp(&one.usd));
    Ok(lines)
}

/// Kinds of resources that cost nothing while nothing happens, and those that cost and are counted: whatever a template
/// gets that is neither makes the figure wrong, and this crate's test fail.
pub const KNOWN: [&str; 45] = [
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Athena::WorkGroup",
    "AWS::Budgets::Budget",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Cognito::ManagedLoginBranding",
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolIdentityProvider",
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    "AWS::Glue::TableOptimizer",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::KMS::Key",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::Logs::LogStream",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::QueryDefinition",
    "AWS::Logs::ResourcePolicy",
    "AWS::Logs::SubscriptionFilter",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::Scheduler::ScheduleGroup",
    "AWS::Serverless::Application",
    "AWS::Serverless::Function",
    "AWS::Serverless::StateMachine",
    "AWS::SES::ConfigurationSet",
    "AWS::SES::ConfigurationSetEventDestination",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
];

/// Kinds of the templates that this file knows nothing of.
#[must_use]
pub fn unknown(counts: &BTreeMap<String, u64>) -> Vec<&str> {
    counts.keys().map(String::as_str).filter(|kind| !KNOWN.contains(kind)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn whatever_the_templates_have_is_known_to_cost_or_not_to() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let templates = Templates::read(&root).unwrap();
        assert_eq!(unknown(&templates.counts()), Vec::<&str>::new());
        let lines = lines(&templates, &Prices::read().unwrap()).unwrap();
        let of = |what: &str| lines.iter().find(|line| line.what == what).unwrap();
        assert_eq!(of("keys").units, 1.0);
        let alarms = as_f64(templates.counts()["AWS::CloudWatch::Alarm"]);
        assert!(of("metrics of alarms").units > alarms && alarms > 20.0, "{lines:?}");
        assert!(of("polls of empty queues").units > 1_000_000.0);
        assert!(templates.memory().unwrap().len() > 80);
        assert!(templates.stream_batch().is_some());
    }
}
