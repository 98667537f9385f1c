//! The few AWS calls that the commands make, over plain HTTP to the local AWS.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::http;

/// Where the local AWS listens.
pub const ENDPOINT: &str = "http://127.0.0.1:4566";
/// Where the local API listens.
pub const API: &str = "http://127.0.0.1:3000";

const TIMEOUT: Duration = Duration::from_secs(60);

/// The local AWS checks no signature but routes by the service named in it.
fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

/// Invokes a function and waits; the inner error is the message of a function that ran and failed.
pub fn invoke(function: &str, payload: &Value) -> Result<Result<Value, String>> {
    let url = format!("{ENDPOINT}/2015-03-31/functions/{function}/invocations");
    let authorization = authorization("lambda");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let answer = http::post(&url, &headers, payload.to_string().as_bytes(), TIMEOUT)
        .context("the local stack does not answer: run `cargo xtask up`")?;
    if answer.function_error.is_some() {
        let body = answer.json().unwrap_or(Value::Null);
        let message = body.get("errorMessage").and_then(Value::as_str).map(str::to_owned);
        return Ok(Err(message.unwrap_or_else(|| answer.text())));
    }
    if answer.status != 200 {
        bail!("function {function} could not be invoked ({}): {}", answer.status, answer.text());
    }
    answer.json().map(Ok)
}

/// One page of log lines. `Ok(None)` means that the group does not exist (its function never ran).
pub fn filter_log_events(
    group: &str,
    pattern: &str,
    from_ms: i64,
    to_ms: i64,
) -> Result<Option<Vec<String>>> {
    let body = json!({
        "logGroupName": group, "filterPattern": pattern, "startTime": from_ms, "endTime": to_ms, "limit": LOG_PAGE,
    });
    let answer = json_call("logs", "Logs_20140328.FilterLogEvents", "1.1", &body)?;
    if answer.status != 200 {
        if answer.text().contains("ResourceNotFoundException") {
            return Ok(None);
        }
        bail!("log group {group} could not be read ({}): {}", answer.status, answer.text());
    }
    let page = answer.json()?;
    let lines = page.get("events").and_then(Value::as_array).into_iter().flatten();
    Ok(Some(lines.filter_map(|e| e.get("message")?.as_str().map(str::to_owned)).collect()))
}

/// The most log lines that one call returns.
pub const LOG_PAGE: usize = 10_000;

/// A call to DynamoDB.
pub fn dynamodb(operation: &str, body: &Value) -> Result<Value> {
    let answer = json_call("dynamodb", &format!("DynamoDB_20120810.{operation}"), "1.0", body)?;
    if answer.status != 200 {
        bail!("DynamoDB {operation} failed ({}): {}", answer.status, answer.text());
    }
    answer.json()
}

/// A call to Step Functions.
pub fn states(operation: &str, body: &Value) -> Result<Value> {
    let answer = json_call("states", &format!("AWSStepFunctions.{operation}"), "1.0", body)?;
    if answer.status != 200 {
        bail!("Step Functions {operation} failed ({}): {}", answer.status, answer.text());
    }
    answer.json()
}

fn json_call(service: &str, target: &str, version: &str, body: &Value) -> Result<http::Answer> {
    let authorization = authorization(service);
    let kind = format!("application/x-amz-json-{version}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", kind.as_str()),
        ("x-amz-target", target),
    ];
    http::post(&format!("{ENDPOINT}/"), &headers, body.to_string().as_bytes(), TIMEOUT)
        .context("the local stack does not answer: see `cargo xtask status`")
}
