//! Calls to the local AWS, and what the last deploy made in it.

use crate::http::{self, Answer};
use crate::{PATIENCE, until};
use serde_json::{Map, Value, json};

pub const ENDPOINT: &str = "http://127.0.0.1:4566";
pub const API: &str = "http://127.0.0.1:3000";

/// `.local/run/outputs.json`, or one text in it.
#[must_use]
pub fn output(path: &str) -> String {
    let file = crate::root().join(".local/run/outputs.json");
    let text = std::fs::read(file).expect("the local stack is not deployed: run `cargo xtask up`");
    let outputs: Value = serde_json::from_slice(&text).unwrap();
    let found = outputs.pointer(path).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("outputs.json has no {path}")).to_owned()
}

fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

/// An operation of a service with a JSON protocol: `call("dynamodb", "DynamoDB_20120810.Query", …)`.
#[must_use]
pub fn call(service: &str, target: &str, body: &Value) -> Value {
    let authorization = authorization(service);
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", target),
    ];
    let answer = http::call("POST", &format!("{ENDPOINT}/"), &headers, body.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{target}: {answer}");
    if answer.body.is_empty() { Value::Null } else { answer.json() }
}

/// Invokes a function by the short name of its folder.
#[must_use]
pub fn invoke(function: &str, payload: &Value) -> Answer {
    let name = output(&format!("/functions/{function}"));
    let url = format!("{ENDPOINT}/2015-03-31/functions/{name}/invocations");
    let authorization = authorization("lambda");
    http::call("POST", &url, &[("authorization", &authorization)], payload.to_string().as_bytes())
}

/// Invokes a function as a schedule does: again when a store did not answer.
pub fn scheduled(function: &str, payload: &Value) {
    until("the schedule's invocation", PATIENCE, || {
        let ran = invoke(function, payload);
        assert_eq!(ran.status, 200, "{ran}");
        let failed = !ran.header("x-amz-function-error").is_empty();
        let again = failed && ran.json()["errorType"] == "Retryable";
        assert!(again || !failed, "{ran}");
        (!again).then_some(())
    });
}

/// The schedules of the group whose name ends so.
#[must_use]
pub fn schedules(group: &str) -> Vec<Value> {
    let authorization = authorization("scheduler");
    let headers = [("authorization", authorization.as_str())];
    let ask = |path: String| {
        let answer = http::call("GET", &format!("{ENDPOINT}{path}"), &headers, &[]);
        assert_eq!(answer.status, 200, "{path}: {answer}");
        answer.json()
    };
    let listed = ask("/schedules?MaxResults=1000".to_owned());
    let of_it = |it: &&Value| it["GroupName"].as_str().is_some_and(|name| name.ends_with(group));
    let all = listed["Schedules"].as_array().unwrap().iter().filter(of_it);
    let whole = |it: &Value| {
        let (name, group) = (it["Name"].as_str().unwrap(), it["GroupName"].as_str().unwrap());
        ask(format!("/schedules/{name}?groupName={group}"))
    };
    all.map(whole).collect()
}

/// Items of a table, as DynamoDB writes them, of one partition.
#[must_use]
pub fn query(table: &str, pk: &str) -> Vec<Value> {
    pages("Query", json!({"KeyConditionExpression": "pk = :pk", "ConsistentRead": true}), table, pk)
}

/// Items of a table whose partition key begins with `prefix`.
#[must_use]
pub fn scan(table: &str, prefix: &str) -> Vec<Value> {
    let filter = json!({"FilterExpression": "begins_with(pk, :pk)", "ConsistentRead": true});
    pages("Scan", filter, table, prefix)
}

/// All items of a table, by its own name.
#[must_use]
pub fn all_items(table: &str) -> Vec<Value> {
    read("Scan", json!({"ConsistentRead": true, "TableName": table}))
}

fn pages(operation: &str, mut request: Value, table: &str, pk: &str) -> Vec<Value> {
    request["TableName"] = output(&format!("/tables/{table}")).into();
    request["ExpressionAttributeValues"] = json!({":pk": {"S": pk}});
    read(operation, request)
}

fn read(operation: &str, mut request: Value) -> Vec<Value> {
    let mut found = Vec::new();
    loop {
        let page = call("dynamodb", &format!("DynamoDB_20120810.{operation}"), &request);
        found.extend(page["Items"].as_array().unwrap().iter().cloned());
        match page.get("LastEvaluatedKey") {
            None | Some(Value::Null) => return found,
            Some(key) => request["ExclusiveStartKey"] = key.clone(),
        }
    }
}

pub fn put_item(table: &str, item: &Value) {
    let request = json!({"TableName": output(&format!("/tables/{table}")), "Item": item});
    let _ = call("dynamodb", "DynamoDB_20120810.PutItem", &request);
}

/// An item's fields without DynamoDB's types; numbers as text.
#[must_use]
pub fn plain(item: &Value) -> Value {
    fn attribute(value: &Value) -> Value {
        let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
        match kind.as_str() {
            "M" => plain(value),
            "L" => value.as_array().unwrap().iter().map(attribute).collect(),
            "NULL" => Value::Null,
            _ => value.clone(),
        }
    }
    let fields = item.as_object().unwrap().iter();
    Value::Object(
        fields.map(|(name, value)| (name.clone(), attribute(value))).collect::<Map<_, _>>(),
    )
}

/// Puts a body on one of the stack's queues.
pub fn enqueue(queue: &str, body: &str) {
    let request = json!({"QueueUrl": output(&format!("/queues/{queue}")), "MessageBody": body});
    let _ = call("sqs", "AmazonSQS.SendMessage", &request);
}

/// An object of a bucket, if there is one.
#[must_use]
pub fn object(bucket: &str, key: &str) -> Option<Vec<u8>> {
    let key: Vec<String> = key.split('/').map(http::segment).collect();
    let url = format!("{ENDPOINT}/{bucket}/{}", key.join("/"));
    let got = http::call("GET", &url, &[("authorization", &authorization("s3"))], b"");
    (got.status == 200).then_some(got.body)
}

/// The names of all buckets.
#[must_use]
pub fn buckets() -> Vec<String> {
    let got =
        http::call("GET", &format!("{ENDPOINT}/"), &[("authorization", &authorization("s3"))], b"");
    assert_eq!(got.status, 200, "{got}");
    elements(&String::from_utf8_lossy(&got.body), "Name")
}

/// The keys of all objects of a bucket.
#[must_use]
pub fn keys(bucket: &str) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let url = format!(
            "{ENDPOINT}/{bucket}?list-type=2&max-keys=1000&start-after={}",
            http::segment(&after)
        );
        let got = http::call("GET", &url, &[("authorization", &authorization("s3"))], b"");
        assert_eq!(got.status, 200, "{got}");
        let text = String::from_utf8_lossy(&got.body);
        found.extend(elements(&text, "Key"));
        match found.last().filter(|_| text.contains("<IsTruncated>true</IsTruncated>")) {
            Some(last) => after.clone_from(last),
            None => return found,
        }
    }
}

/// What stands in elements of this name.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let (begin, end) = (format!("<{name}>"), format!("</{name}>"));
    let parts = xml.split(&begin).skip(1).filter_map(|it| it.split_once(&end));
    let plain = |text: &str| {
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
        text.replace("&apos;", "'").replace("&amp;", "&")
    };
    parts.map(|(text, _)| plain(text)).collect()
}

/// Puts an object into a bucket.
#[must_use]
pub fn put_object(bucket: &str, key: &str, bytes: &[u8]) -> Answer {
    let key: Vec<String> = key.split('/').map(http::segment).collect();
    let url = format!("{ENDPOINT}/{bucket}/{}", key.join("/"));
    http::call("PUT", &url, &[("authorization", &authorization("s3"))], bytes)
}
