//! Requests that are signed.

use super::gateway::HOST;
use super::script::{AccessKey, Request};
use anyhow::{Result, anyhow};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write;
use std::time::SystemTime;

/// The name under which requests to Pinpoint are signed.
const SERVICE: &str = "mobiletargeting";

/// What an AWS SDK adds to a request, signed now with Signature Version 4: headers.
///
/// # Errors
/// When it cannot be signed.
pub fn by_sdk(request: &Request, key: &AccessKey) -> Result<Vec<(String, String)>> {
    let identity = Credentials::new(&key.id, &key.secret, None, None, "bench").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(SERVICE)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let uri = format!("https://{HOST}{}", request.path);
    let body = request.body.written().map(|(_, body)| body).unwrap_or_default();
    let headers = [("host", HOST)].into_iter();
    let body = SignableBody::Bytes(body.as_bytes());
    let signable = SignableRequest::new(request.method.as_str(), uri, headers, body)?;
    let signed = sign(signable, &params).map_err(|error| anyhow!("{error}"))?;
    let (instructions, _) = signed.into_parts();
    let added = instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(added.collect())
}

/// The header `X-Hub-Signature-256` of a request, as GitHub and Meta write it: `sha256=` and the HMAC-SHA256 of its body in
/// hexadecimal (<https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>).
///
/// # Errors
/// When the secret is no key.
pub fn by_hub(request: &Request, secret: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())?;
    mac.update(request.body.written().map(|(_, body)| body).unwrap_or_default().as_bytes());
    let mut text = String::from("sha256=");
    for byte in mac.finalize().into_bytes() {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}
