//! The services that take things and hand them on: streams, buses, queues, schedules, keys and the post.

use super::dynamodb::Refusal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What was handed to AWS to be brought elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Handed {
    /// Records of streams: what is in them.
    pub records: Vec<Vec<u8>>,
    /// Facts on buses: kind and JSON.
    pub facts: Vec<(String, String)>,
    /// Messages in queues: the queue's URL, and what is in them.
    pub messages: Vec<(String, String)>,
    /// Schedules that were made.
    pub schedules: u64,
    /// Emails that were sent: what SES tells of each afterwards.
    pub letters: Vec<Value>,
}

/// The operation of a request that names none: those of REST.
pub fn operation(service: &str, method: &str, path: &str) -> &'static str {
    match (service, method) {
        ("s3", "DELETE") if path.ends_with("?tagging") => "DeleteObjectTagging",
        ("email", "POST") => "SendEmail",
        ("scheduler", "POST") => "CreateSchedule",
        ("scheduler", "PUT") => "UpdateSchedule",
        ("scheduler", "DELETE") => "DeleteSchedule",
        ("s3", "GET") => "GetObject",
        ("s3", "PUT") => "PutObject",
        ("s3", "DELETE") => "DeleteObject",
        _ => "unknown",
    }
}

fn missing(message: &str) -> Refusal {
    let message = message.to_owned();
    Refusal { kind: "ResourceNotFoundException", message, more: Map::new() }
}

/// So many chunks of `size` bytes are begun; one at least.
fn chunks(bytes: usize, size: usize) -> u64 {
    u64::try_from(bytes.div_ceil(size).max(1)).unwrap_or(u64::MAX)
}

/// Bytes of a PUT payload unit (Kinesis), and of what EventBridge and SQS count as one.
const PAYLOAD_UNIT: usize = 25 << 10;
const CHUNK: usize = 64 << 10;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// Answers a request; what it is billed as comes with it.
pub fn answer(
    service: &str,
    operation: &str,
    request: &Value,
    handed: &mut Handed,
) -> (u64, Result<Value, Refusal>) {
    match (service, operation) {
        ("kinesis", "PutRecords") => put_records(request, handed),
        ("events", "PutEvents") => put_events(request, handed),
        ("sqs", "SendMessage") => {
            let (queue, body) = (text(request, "QueueUrl"), text(request, "MessageBody"));
            handed.messages.push((queue.to_owned(), body.to_owned()));
            let billed = chunks(body.len(), CHUNK);
            (billed, Ok(json!({"MessageId": id(handed.messages.len())})))
        }
        ("sqs", "SendMessageBatch") => send_batch(request, handed),
        ("sqs", "ChangeMessageVisibility") => (1, Ok(json!({}))),
        ("scheduler", "CreateSchedule") => {
            handed.schedules = handed.schedules.saturating_add(1);
            (1, Ok(json!({"ScheduleArn": "arn:aws:scheduler:us-east-1:123456789012:schedule/it"})))
        }
        // Names are not remembered: each schedule is new, which takes a call more.
        ("scheduler", "UpdateSchedule" | "DeleteSchedule") => {
            (1, Err(missing("there is no such schedule")))
        }
        ("email", "SendEmail") => {
            let id = format!("0100{:020}-000000", handed.letters.len());
            handed.letters.push(letter(&id, request));
            (1, Ok(json!({"MessageId": id})))
        }
        // A transition of a workflow is billed by what it does, which is nothing here.
        ("states", "StartExecution") => {
            (0, Ok(json!({"executionArn": EXECUTION, "startDate": 1_795_255_200})))
        }
        // What it is asked is not read: whoever asks has put the answer where it is told to be.
        ("athena", "StartQueryExecution") => (0, Ok(json!({"QueryExecutionId": id(1)}))),
        ("athena", "GetQueryExecution") => {
            let told = json!({"OutputLocation": format!("s3://{}/{}", ANSWER.0, ANSWER.1)});
            let done = json!({"Status": {"State": "SUCCEEDED"}, "ResultConfiguration": told});
            (0, Ok(json!({"QueryExecution": done})))
        }
        ("kms", "Encrypt" | "Decrypt") => (1, turned(operation, request)),
        _ => (0, Err(Refusal::invalid(format!("{service} {operation} is not played")))),
    }
}

/// An email as SES tells of it (SES developer guide, "Contents of event data that Amazon SES publishes", the mail object).
fn letter(id: &str, request: &Value) -> Value {
    let tag = |tag: &Value| (text(tag, "Name").to_owned(), json!([text(tag, "Value")]));
    let tags: Map<String, Value> = list(request, "EmailTags").map(tag).collect();
    let to = request.pointer("/Destination/ToAddresses");
    json!({"messageId": id, "destination": to, "tags": tags})
}

/// The bucket and the key of Athena's answers.
pub const ANSWER: (&str, &str) = ("lake", "answers/1.csv");

/// The workflow that is begun.
const EXECUTION: &str = "arn:aws:states:us-east-1:123456789012:execution:it:1";

fn id(count: usize) -> String {
    format!("00000000-0000-4000-8000-{count:012}")
}

fn put_records(request: &Value, handed: &mut Handed) -> (u64, Result<Value, Refusal>) {
    let (mut billed, mut told) = (0_u64, Vec::new());
    for record in list(request, "Records") {
        let data = STANDARD.decode(text(record, "Data")).unwrap_or_default();
        let bytes = data.len().saturating_add(text(record, "PartitionKey").len());
        billed = billed.saturating_add(chunks(bytes, PAYLOAD_UNIT));
        handed.records.push(data);
        let number = format!("{:056}", handed.records.len());
        told.push(json!({"SequenceNumber": number, "ShardId": "shardId-000000000000"}));
    }
    (billed, Ok(json!({"FailedRecordCount": 0, "Records": told})))
}

/// An entry's size: source, kind and detail, and 14 bytes of time where there is one
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html>).
fn put_events(request: &Value, handed: &mut Handed) -> (u64, Result<Value, Refusal>) {
    let (mut billed, mut told) = (0_u64, Vec::new());
    for entry in list(request, "Entries") {
        let parts = ["Source", "DetailType", "Detail"].map(|name| text(entry, name).len());
        let time = entry.get("Time").map_or(0, |_| 14);
        let bytes = parts.iter().fold(time, |sum: usize, part| sum.saturating_add(*part));
        billed = billed.saturating_add(chunks(bytes, CHUNK));
        let fact = (text(entry, "DetailType").to_owned(), text(entry, "Detail").to_owned());
        handed.facts.push(fact);
        told.push(json!({"EventId": id(handed.facts.len())}));
    }
    (billed, Ok(json!({"FailedEntryCount": 0, "Entries": told})))
}

fn send_batch(request: &Value, handed: &mut Handed) -> (u64, Result<Value, Refusal>) {
    let (mut bytes, mut told) = (0_usize, Vec::new());
    for entry in list(request, "Entries") {
        let body = text(entry, "MessageBody");
        bytes = bytes.saturating_add(body.len());
        handed.messages.push((text(request, "QueueUrl").to_owned(), body.to_owned()));
        let message = id(handed.messages.len());
        told.push(json!({"Id": text(entry, "Id"), "MessageId": message, "MD5OfMessageBody": ""}));
    }
    (chunks(bytes, CHUNK), Ok(json!({"Successful": told, "Failed": []})))
}

/// What is encrypted here is the plaintext after its context: whoever decrypts under another is refused.
fn turned(operation: &str, request: &Value) -> Result<Value, Refusal> {
    // A context is a map: whoever decrypts may write it in another order.
    let context: BTreeMap<&str, &str> = request
        .get("EncryptionContext")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect();
    let context = format!("{context:?}");
    let key = text(request, "KeyId");
    if operation == "Encrypt" {
        let sealed = STANDARD.encode(format!("{context}\n{}", text(request, "Plaintext")));
        return Ok(json!({"CiphertextBlob": sealed, "KeyId": key}));
    }
    let sealed = STANDARD.decode(text(request, "CiphertextBlob")).unwrap_or_default();
    let sealed = String::from_utf8(sealed).unwrap_or_default();
    let plain = sealed.split_once('\n').filter(|(sealed, _)| *sealed == context);
    let (_, plain) = plain.ok_or_else(|| Refusal {
        kind: "InvalidCiphertextException",
        message: String::new(),
        more: serde_json::Map::new(),
    })?;
    Ok(json!({"Plaintext": plain, "KeyId": key}))
}
