//! Plain HTTP to loopback.

use crate::{aws, described};
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use std::io::Write;
use std::time::Duration;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: ureq::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    #[cfg(test)]
    pub(crate) fn new(status: u16, kind: &str, body: &str) -> Self {
        let mut headers = ureq::http::HeaderMap::new();
        headers.insert("content-type", kind.parse().unwrap());
        Self { status, headers, body: body.as_bytes().to_vec() }
    }

    /// A header's value, empty when there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {self}"))
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text: String = String::from_utf8_lossy(&self.body).chars().take(1000).collect();
        write!(f, "{} {text}", self.status)
    }
}

/// One request; whatever the status, it is an answer. The API's must be what its document says.
#[must_use]
pub fn call(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    reached(method, url, headers, body).unwrap_or_else(|error| {
        panic!("{method} {url}: {error}; does the local stack run (`cargo xtask up`)?")
    })
}

/// As [`call`], of a stack that may not be there.
///
/// # Errors
/// When nobody answers, or not to the end.
pub fn reached(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Answer, ureq::Error> {
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(60)))
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .new_agent();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let sent = if method == "GET" {
        agent.run(request.body(()).unwrap())
    } else {
        agent.run(request.body(body).unwrap())
    };
    let mut answer = sent?;
    let body = answer.body_mut().with_config().limit(1 << 30).read_to_vec()?;
    let answer =
        Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), body };
    if let Some(path) = url.strip_prefix(aws::API).filter(|path| path.starts_with("/v1/")) {
        described::check(method, path, &answer);
    }
    Ok(answer)
}

#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A text as one segment of a path (RFC 3986 §2.1).
#[must_use]
pub fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
