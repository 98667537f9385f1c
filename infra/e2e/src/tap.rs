//! A copy of what crosses the bus for one tenant: a rule of its own with a queue of its own.

use crate::aws;
use serde_json::{Value, json};

/// Removed with its rule and queue when dropped.
#[derive(Debug)]
pub struct Tap {
    name: String,
    queue: String,
}

impl Tap {
    #[must_use]
    pub fn on(tenant: &str) -> Self {
        let name = format!("tap-{tenant}");
        let made = aws::call("sqs", "AmazonSQS.CreateQueue", &json!({"QueueName": name}));
        let queue = made["QueueUrl"].as_str().unwrap().to_owned();
        let asked = json!({"QueueUrl": queue, "AttributeNames": ["QueueArn"]});
        let known = aws::call("sqs", "AmazonSQS.GetQueueAttributes", &asked);
        let bus = aws::output("/event_bus");
        let pattern = json!({"detail": {"tenant": [tenant]}}).to_string();
        let rule = json!({"Name": name, "EventBusName": bus, "EventPattern": pattern});
        let _ = aws::call("events", "AWSEvents.PutRule", &rule);
        let target =
            json!({"Id": "tap", "Arn": known["Attributes"]["QueueArn"], "InputPath": "$.detail"});
        let targets = json!({"Rule": name, "EventBusName": bus, "Targets": [target]});
        let _ = aws::call("events", "AWSEvents.PutTargets", &targets);
        Self { name, queue }
    }

    /// What crossed since the last look.
    #[must_use]
    pub fn take(&self) -> Vec<Value> {
        let mut found = Vec::new();
        loop {
            let ask = json!({"QueueUrl": self.queue, "MaxNumberOfMessages": 10});
            let batch = aws::call("sqs", "AmazonSQS.ReceiveMessage", &ask);
            let batch = batch["Messages"].as_array().cloned().unwrap_or_default();
            if batch.is_empty() {
                return found;
            }
            for message in batch {
                found.push(serde_json::from_str(message["Body"].as_str().unwrap()).unwrap());
                let done =
                    json!({"QueueUrl": self.queue, "ReceiptHandle": message["ReceiptHandle"]});
                let _ = aws::call("sqs", "AmazonSQS.DeleteMessage", &done);
            }
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        // A panic in here while a test fails would hide why it fails.
        let _ = std::panic::catch_unwind(|| {
            let bus = aws::output("/event_bus");
            let targets = json!({"Rule": self.name, "EventBusName": bus, "Ids": ["tap"]});
            let _ = aws::call("events", "AWSEvents.RemoveTargets", &targets);
            let rule = json!({"Name": self.name, "EventBusName": bus});
            let _ = aws::call("events", "AWSEvents.DeleteRule", &rule);
            let _ = aws::call("sqs", "AmazonSQS.DeleteQueue", &json!({"QueueUrl": self.queue}));
        });
    }
}
