//! What Lambda brings of a feed, as records.

use aws_lambda_events::event::dynamodb::{Event as DynamoDbEvent, EventRecord};
use aws_lambda_events::event::kinesis::{KinesisEvent, KinesisEventRecord};
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use ceap_connectors::feeds::pieces;
use ceap_engagement::source::feed::Record;
use ceap_kernel::{Clock, Fault, SystemClock, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A batch of a Kinesis stream.
pub type OfStream = KinesisEvent;

/// A batch of a queue of SQS.
pub type OfQueue = SqsEvent;

/// A batch of changes of a table of DynamoDB.
pub type OfTable = DynamoDbEvent;

/// A batch of a feed.
pub trait Records {
    /// The kind of source that it is of, as documents write it.
    const KIND: &'static str;

    /// Its records.
    fn records(self) -> Vec<Record>;
}

impl Records for KinesisEvent {
    const KIND: &'static str = "kinesis";

    fn records(self) -> Vec<Record> {
        self.records.into_iter().flat_map(of_stream).collect()
    }
}

/// A record is known by its shard and number, in the stream for ever.
fn of_stream(record: KinesisEventRecord) -> Vec<Record> {
    let kinesis = record.kinesis;
    let id = record.event_id.unwrap_or(kinesis.sequence_number);
    let arrived = instant(kinesis.approximate_arrival_timestamp.0.timestamp_millis());
    let headers = json!({"partition-key": kinesis.partition_key});
    let pieces = pieces(&id, &kinesis.data.0).into_iter();
    pieces.map(|(id, body)| Record { id, headers: headers.clone(), arrived, body }).collect()
}

impl Records for SqsEvent {
    const KIND: &'static str = "sqs";

    fn records(self) -> Vec<Record> {
        self.records.into_iter().flat_map(of_queue).collect()
    }
}

/// A message is known by its id, however often the queue brings it.
fn of_queue(message: SqsMessage) -> Vec<Record> {
    let (id, arrived) = (message.message_id.unwrap_or_default(), sent(&message.attributes));
    let headers: Map<String, Value> = message
        .message_attributes
        .into_iter()
        .filter_map(|(name, it)| Some((name.to_lowercase(), it.string_value?.into())))
        .collect();
    let headers = Value::Object(headers);
    let pieces = pieces(&id, message.body.unwrap_or_default().as_bytes()).into_iter();
    pieces.map(|(id, body)| Record { id, headers: headers.clone(), arrived, body }).collect()
}

/// Events of a bus, which wait in a queue so that many come at once.
#[derive(Debug, Deserialize)]
pub struct OfBus(SqsEvent);

impl Records for OfBus {
    const KIND: &'static str = "eventbridge";

    fn records(self) -> Vec<Record> {
        self.0.records.into_iter().map(of_bus).collect()
    }
}

/// An event is known by its id, however often the bus brings it.
fn of_bus(message: SqsMessage) -> Record {
    let text = message.body.unwrap_or_default();
    let headers = Value::Null;
    match serde_json::from_str(&text).ok().and_then(envelope) {
        Some((id, arrived, body)) => Record { id, headers, arrived, body: Ok(body) },
        None => {
            let rule = "must be an event of EventBridge, as its rule sends it";
            let (id, arrived) = (message.message_id.unwrap_or_default(), sent(&message.attributes));
            let body = Err((Fault::invalid("record", rule), text.into()));
            Record { id, headers, arrived, body }
        }
    }
}

/// An event in its envelope, with its id and time
/// ([EventBridge user guide](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html)).
fn envelope(body: Value) -> Option<(String, Timestamp, Value)> {
    let text = |field: &str| body.get(field)?.as_str();
    let id = text("id").zip(text("source")).zip(text("detail-type"))?.0.0.to_owned();
    let at = text("time")?.parse().ok()?;
    Some((id, at, body))
}

impl Records for DynamoDbEvent {
    const KIND: &'static str = "dynamodb";

    fn records(self) -> Vec<Record> {
        self.records.into_iter().map(of_table).collect()
    }
}

/// A change is known by the id that the table's stream gives it.
fn of_table(record: EventRecord) -> Record {
    let change = record.change;
    let item = |item| serde_dynamo::from_item::<_, Value>(item);
    let read = item(change.keys).and_then(|keys| {
        Ok(json!({
            "change": record.event_name,
            "table": record.event_source_arn.as_deref().and_then(table),
            "expired": record.user_identity.is_some(),
            "keys": keys,
            "new": item(change.new_image)?,
            "old": item(change.old_image)?,
        }))
    });
    let body = read.map_err(|error| {
        let fault = Fault::invalid("record", format!("holds what JSON cannot: {error}"));
        (fault, json!({"change": record.event_name}))
    });
    let arrived = instant(change.approximate_creation_date_time.timestamp_millis());
    Record { id: record.event_id, headers: Value::Null, arrived, body }
}

/// The table of a stream: `arn:aws:dynamodb:<region>:<account>:table/<table>/stream/<when>`.
fn table(arn: &str) -> Option<&str> {
    arn.split('/').nth(1)
}

fn sent(attributes: &HashMap<String, String>) -> Timestamp {
    let millis = attributes.get("SentTimestamp").and_then(|text| text.parse().ok());
    millis.map_or_else(arrival, instant)
}

/// For what does not say when it came.
fn arrival() -> Timestamp {
    SystemClock.now()
}

fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or_else(|_| arrival())
}
