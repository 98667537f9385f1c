//! Plain HTTP to loopback; no TLS is compiled in and no proxy is asked.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

/// What a server answered, whatever its status.
pub struct Answer {
    /// HTTP status code.
    pub status: u16,
    /// The header that tells a failed Lambda invocation from a good one.
    pub function_error: Option<String>,
    /// Seconds the server asks to wait before the next try.
    pub retry_after: Option<u64>,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {}", self.text()))
    }

    /// The body as text, cut to what fits a terminal line or two.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).chars().take(400).collect()
    }
}

/// The largest answer read: an outbox of some hundred thousand messages.
const LARGEST_ANSWER: u64 = 1 << 30;

fn agent(timeout: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .new_agent()
}

fn read(mut answer: ureq::http::Response<ureq::Body>) -> Result<Answer> {
    let header =
        |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let function_error = header("x-amz-function-error");
    let retry_after = header("retry-after").and_then(|v| v.parse().ok());
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec()?;
    Ok(Answer { status, function_error, retry_after, body })
}

/// GET; an error means that no answer came.
pub fn get(url: &str, timeout: Duration) -> Result<Answer> {
    read(agent(timeout).get(url).call().with_context(|| format!("GET {url}"))?)
}

/// POST; an error means that no answer came.
pub fn post(url: &str, headers: &[(&str, &str)], body: &[u8], timeout: Duration) -> Result<Answer> {
    let mut request = agent(timeout).post(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    read(request.send(body).with_context(|| format!("POST {url}"))?)
}
