//! Every asynchronous edge says where its failures go.

use ceap_stacks::{Resource, Template, many, target};
use serde_json::Value;

use super::{Finding, house::House};

/// SAM events through which a function or state machine is called without a caller who waits.
const CALLED_BY_EVENT: [&str; 7] =
    ["EventBridgeRule", "CloudWatchEvent", "Schedule", "ScheduleV2", "S3", "SNS", "IoTRule"];

/// Checks every queue, event source, rule, schedule and subscription.
pub fn check(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for template in &house.templates {
        for resource in template.resources() {
            for text in broken(template, &resource) {
                findings.push(Finding::new(&template.file, format!("{}: {text}", resource.id)));
            }
        }
    }
    findings
}

fn broken(template: &Template, resource: &Resource<'_>) -> Vec<String> {
    let properties = resource.properties;
    let lacks =
        |path: &str, text: &str| properties.pointer(path).is_none().then(|| text.to_owned());
    match resource.kind {
        "AWS::SQS::Queue" if !resource.id.contains("DeadLetters") => lacks(
            "/RedrivePolicy/deadLetterTargetArn",
            "a queue needs a RedrivePolicy, or DeadLetters in its name",
        )
        .into_iter()
        .collect(),
        "AWS::Lambda::EventSourceMapping" => source(template, properties),
        "AWS::Events::Rule" => many(properties.get("Targets"))
            .into_iter()
            .filter(|rule_target| rule_target.pointer("/DeadLetterConfig/Arn").is_none())
            .map(|_| "each target needs a DeadLetterConfig".to_owned())
            .collect(),
        "AWS::Scheduler::Schedule" => {
            lacks("/Target/DeadLetterConfig/Arn", "the target needs a DeadLetterConfig")
                .into_iter()
                .collect()
        }
        "AWS::SNS::Subscription" => {
            lacks("/RedrivePolicy", "a subscription needs a RedrivePolicy").into_iter().collect()
        }
        "AWS::Serverless::Function" | "AWS::Serverless::StateMachine" => {
            sam_events(template, resource)
        }
        _ => Vec::new(),
    }
}

fn sam_events(template: &Template, resource: &Resource<'_>) -> Vec<String> {
    let mut texts = Vec::new();
    let events = resource.properties.get("Events").and_then(Value::as_object);
    for (name, event) in events.into_iter().flatten() {
        let kind = event.get("Type").and_then(Value::as_str).unwrap_or_default();
        let properties = event.get("Properties").unwrap_or(&Value::Null);
        match kind {
            "EventBridgeRule" | "CloudWatchEvent" | "Schedule" | "ScheduleV2"
                if properties.get("DeadLetterConfig").is_none() =>
            {
                texts.push(format!("event {name} needs a DeadLetterConfig"));
            }
            "SQS" | "Kinesis" | "DynamoDB" => {
                texts.extend(
                    source(template, properties)
                        .into_iter()
                        .map(|text| format!("event {name}: {text}")),
                );
            }
            _ => {}
        }
        let waits_for_nobody =
            resource.kind == "AWS::Serverless::Function" && CALLED_BY_EVENT.contains(&kind);
        let destination =
            resource.properties.pointer("/EventInvokeConfig/DestinationConfig/OnFailure");
        if waits_for_nobody
            && destination.is_none()
            && resource.properties.get("DeadLetterQueue").is_none()
        {
            texts.push(format!("event {name} calls it asynchronously: set EventInvokeConfig.DestinationConfig.OnFailure"));
        }
    }
    texts
}

/// An event source mapping, as a resource or as a SAM event.
fn source(template: &Template, properties: &Value) -> Vec<String> {
    let mut texts = Vec::new();
    let partial = many(properties.get("FunctionResponseTypes"));
    if !partial.iter().any(|kind| kind.as_str() == Some("ReportBatchItemFailures")) {
        texts.push("set FunctionResponseTypes: [ReportBatchItemFailures], or one bad record repeats the whole batch".into());
    }
    let arn =
        properties.get("EventSourceArn").or(properties.get("Queue")).or(properties.get("Stream"));
    let id = arn.and_then(target);
    // Somebody else's queue: how it is set up can't be seen here.
    if id.is_some_and(|id| names_queue(template, id)) {
        return texts;
    }
    let queue = id.and_then(|id| template.resource(id)).filter(|r| r.kind == "AWS::SQS::Queue");
    let Some(queue) = queue else {
        if properties.pointer("/DestinationConfig/OnFailure/Destination").is_none() {
            texts.push(
                "a stream needs DestinationConfig.OnFailure, which keeps the records given up on"
                    .into(),
            );
        }
        if properties.get("MaximumRetryAttempts").is_none() {
            texts.push("a stream needs MaximumRetryAttempts: without, one bad record blocks its shard for a day".into());
        }
        return texts;
    };
    let function =
        properties.get("FunctionName").and_then(target).and_then(|id| template.resource(id));
    let timeout =
        function.and_then(|f| template.function_setting(&f, "/Timeout").and_then(Value::as_u64));
    let visible = queue.properties.get("VisibilityTimeout").and_then(Value::as_u64).unwrap_or(30);
    if let Some(timeout) = timeout.filter(|timeout| visible < timeout.saturating_mul(6)) {
        texts.push(format!(
            "{} needs a VisibilityTimeout of six times the function's {timeout} s",
            queue.id
        ));
    }
    texts
}

/// Whether `id` is a parameter that takes the ARN of a queue.
fn names_queue(template: &Template, id: &str) -> bool {
    let pattern = template.body.pointer(&format!("/Parameters/{id}/AllowedPattern"));
    pattern.and_then(Value::as_str).is_some_and(|pattern| pattern.contains(":sqs:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(id: &str, yaml: &str) -> Vec<String> {
        let template = Template::parse("t", yaml).unwrap();
        let resource = template.resource(id).unwrap();
        broken(&template, &resource)
    }

    #[test]
    fn queues_and_their_sources() {
        let yaml = "
Resources:
  Q: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 60}}
  QDeadLetters: {Type: AWS::SQS::Queue}
  F: {Type: AWS::Serverless::Function, Properties: {Timeout: 30}}
  S: {Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: !Ref F, EventSourceArn: !GetAtt Q.Arn}}";
        assert_eq!(texts("Q", yaml).len(), 1);
        assert_eq!(texts("QDeadLetters", yaml).len(), 0);
        assert_eq!(texts("S", yaml).len(), 2);
    }

    #[test]
    fn rules_and_streams() {
        let yaml = "
Resources:
  M:
    Type: AWS::Serverless::StateMachine
    Properties: {Events: {E: {Type: EventBridgeRule, Properties: {}}}}
  F:
    Type: AWS::Serverless::Function
    Properties: {Events: {E: {Type: Schedule, Properties: {DeadLetterConfig: {Arn: x}}}}}
  S:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Stream.Arn
      FunctionResponseTypes: [ReportBatchItemFailures]
      MaximumRetryAttempts: 3
      DestinationConfig: {OnFailure: {Destination: x}}";
        assert_eq!(texts("M", yaml).len(), 1);
        assert_eq!(texts("F", yaml).len(), 1);
        assert_eq!(texts("S", yaml).len(), 0);
    }
}
