//! A webhook's request: its headers, its body, and the signature by which its receiver knows that it is genuine
//! ([verifying](https://developer.zendesk.com/documentation/webhooks/verifying/)).

use super::edit::Credential;
use super::{Format, Verb};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_kernel::{TenantId, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// What requests of webhooks that are not kept are signed with, as Zendesk documents it.
pub const TEST_SECRET: &str = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";

/// A request that is ready to be made.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    /// How.
    pub method: Verb,
    /// Where.
    pub url: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Headers may be secret, and bodies are about people.
impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("method", &self.method).finish_non_exhaustive()
    }
}

/// What a request is made of.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// How.
    pub method: Verb,
    /// Where.
    pub url: &'a str,
    /// In what form.
    pub format: Format,
    /// More headers.
    pub headers: &'a [(String, String)],
    /// What it shows.
    pub credential: Option<&'a Credential>,
    /// What is sent, in its form.
    pub payload: &'a str,
    /// Whose it is.
    pub tenant: &'a TenantId,
    /// The webhook's id, and that of this request.
    pub ids: (&'a str, &'a str),
    /// What it is signed with.
    pub secret: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Makes a request ready.
#[must_use]
pub fn prepare(plan: &Plan<'_>) -> Prepared {
    let body = if plan.method == Verb::Get { "" } else { plan.payload };
    let at = plan.at.to_string();
    let (webhook, invocation) = plan.ids;
    let content_type = match plan.format {
        Format::Json => "application/json",
        Format::Xml => "application/xml",
        Format::FormEncoded => "application/x-www-form-urlencoded",
    };
    let mut headers = plan.headers.to_vec();
    let mut put = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
    put("Content-Type", content_type);
    put("X-Zendesk-Account-Id", plan.tenant.as_str());
    put("X-Zendesk-Webhook-Id", webhook);
    put("X-Zendesk-Webhook-Invocation-Id", invocation);
    put("X-Zendesk-Webhook-Signature", &sign(plan.secret, &at, body));
    put("X-Zendesk-Webhook-Signature-Timestamp", &at);
    headers.extend(plan.credential.map(Credential::header));
    let url = plan.url.to_owned();
    Prepared { method: plan.method, url, headers, body: body.as_bytes().to_vec() }
}

/// The signature of a body that is sent at a time: `base64(HMAC-SHA256(secret, timestamp + body))`.
#[must_use]
pub fn sign(secret: &str, timestamp: &str, body: &str) -> String {
    // A key of HMAC may be of any length (RFC 2104 §3).
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(timestamp.as_bytes());
    mac.update(body.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2, of which the data begins with a timestamp here.
    #[test]
    fn signs_as_the_rfc_does() {
        let signed = STANDARD.decode(sign("Jefe", "what do ya ", "want for nothing?")).unwrap();
        let hex: String = signed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
