//! Clients that speak Segment's and Jitsu's dialects: SDKs that nobody here wrote.
//!
//! Their errors are no problem documents but `{"code": …, "message": …}`, which is what they read. What
//! they make of each status was found by running them: 200 and no other is success (rudder-sdk-python sends again
//! after 202 and 204), 4xx but 429 lets them drop what they sent, 429 and 5xx send it again. So a call
//! that is no good is taken and put into quarantine, and only a body that cannot be read is refused.

use crate::api::{CallsRefused, CallsTaken};
use crate::bootstrap::log;
use crate::http::{Asked, Reply};
use crate::problem::{Status, headers};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_connectors::{Payload, segment};
use ceap_engagement::pipeline::accept::{EventStream, accept};
use ceap_engagement::quarantine::Quarantine;
use ceap_kernel::access::{Credential, Credentials, Principal};
use ceap_kernel::{Clock, Fault, SourceId, SystemClock, Tally};
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};
use std::io::Read;

/// Bytes of a body, unpacked: a batch of 4 MB, and the envelope around it.
pub const MAX_BODY: usize = 5 * 1024 * 1024;

/// What gzip begins with (RFC 1952 §2.3.1). No JSON does.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Where calls are taken.
#[derive(Debug)]
pub struct Tracking<C, S, Q> {
    /// Who may send.
    pub credentials: C,
    /// Where events go.
    pub stream: S,
    /// Where calls go that are none.
    pub quarantine: Q,
    /// Where clients reach the API: `https://…`.
    pub url: String,
}

/// A dialect, and what the path says that one call is.
struct Dialect {
    name: &'static str,
    kind: Option<String>,
}

impl Dialect {
    /// Of the paths of the table of operations; a batch says of each call what it is.
    fn of(asked: &Asked) -> Self {
        let route = asked.route();
        if route.starts_with("POST /api/s/") {
            let kind = asked.path("type").filter(|kind| kind != "batch");
            return Self { name: "jitsu", kind };
        }
        let last = route.rsplit('/').next().unwrap_or_default();
        let kind =
            segment::CALLS.into_iter().find(|call| *call == last || call.get(..1) == Some(last));
        Self { name: "segment", kind: kind.map(str::to_owned) }
    }
}

impl<C: Credentials, S: EventStream, Q: Quarantine> Tracking<C, S, Q> {
    /// Answers a call, in its dialect whatever happens.
    ///
    /// # Errors
    /// `Internal` when the answer cannot be written.
    pub async fn answer(&self, asked: &Asked) -> Result<Reply, Fault> {
        let outcome = match asked.route().starts_with("GET ") {
            true => self.settings(asked).await,
            false => self.take(asked).await,
        };
        outcome.or_else(|fault| refused(&fault))
    }

    async fn take(&self, asked: &Asked) -> Result<Reply, Fault> {
        let dialect = Dialect::of(asked);
        let body = unpacked(asked)?;
        let named = credential(asked).or_else(|| segment::write_key(&body));
        let principal = self.principal(asked, named).await?;
        let payload = Payload {
            content_type: asked.content_type(),
            headers: &[],
            body: &body,
            source: principal.source.as_ref().map_or(dialect.name, SourceId::as_str),
            arrived: SystemClock.now(),
        };
        let decoded = segment::decode(&payload, dialect.kind.as_deref())?;
        let tenant = &principal.tenant;
        let taken = accept(
            asked.origin("ingest-tracking", tenant),
            decoded,
            &self.stream,
            &self.quarantine,
            &SystemClock,
        );
        let (_, tally): (_, Tally) = taken.await?;
        Ok(Reply::json(200, &CallsTaken { success: true })?.counted(tally))
    }

    async fn principal(&self, asked: &Asked, named: Option<String>) -> Result<Principal, Fault> {
        let missing = || {
            let how = "send the write key as the user of Authorization: Basic, as X-Write-Key, or as \
                       writeKey in the body";
            Fault::Unauthorized(how.to_owned())
        };
        let credential = Credential::parse(&named.ok_or_else(missing)?)?;
        let claimed = asked.header("x-ceap-tenant");
        let principal = credential.authenticate(claimed, &self.credentials).await?;
        asked.of(&principal.tenant);
        if principal.role.may_ingest() {
            return Ok(principal);
        }
        Err(Fault::Forbidden("the credential's role does not allow this".to_owned()))
    }

    /// What Segment's library for browsers asks for before it sends anything: where to send to, and that
    /// no destination is reached from the browser itself.
    async fn settings(&self, asked: &Asked) -> Result<Reply, Fault> {
        let key = asked.path("writeKey").unwrap_or_default();
        let known = self.principal(asked, Some(key.clone())).await;
        known.map_err(|fault| match fault {
            // As Segment's own answers for a key that it does not know.
            Fault::Unauthorized(_) => Fault::NotFound("there is no such write key".to_owned()),
            other => other,
        })?;
        let (protocol, host) = self.url.split_once("://").unwrap_or(("https", &self.url));
        let everything = json!({"__default": {"enabled": true, "integrations": {}}});
        let settings: Value = json!({
            "integrations": {"Segment.io": {
                "apiKey": key,
                "apiHost": format!("{}/v1", host.trim_end_matches('/')),
                "protocol": protocol,
                "unbundledIntegrations": [],
                "addBundledMetadata": true,
            }},
            "plan": {"track": everything, "identify": everything, "group": everything},
            "edgeFunction": {},
            "analyticsNextEnabled": true,
            "middlewareSettings": {},
            "enabledMiddleware": {},
            "metrics": {"sampleRate": 0},
            "legacyVideoPluginsEnabled": false,
            "remotePlugins": [],
        });
        Ok(Reply::json(200, &settings)?.header("cache-control", "public, max-age=300"))
    }
}

/// The write key among the headers: the user of Basic (RFC 7617 §2), a bearer token, or `X-Write-Key`.
/// Jitsu's library wants a key of two parts and takes `<anything>:<write key>`.
fn credential(asked: &Asked) -> Option<String> {
    let basic = || {
        let (scheme, rest) = asked.header("authorization")?.split_once(' ')?;
        let bytes =
            STANDARD.decode(rest.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        let text = String::from_utf8(bytes).ok()?;
        text.split(':').find(|part| !part.is_empty()).map(str::to_owned)
    };
    let header = || Some(asked.header("x-write-key")?.rsplit(':').next()?.trim().to_owned());
    let bearer = || asked.bearer().map(str::to_owned);
    basic().or_else(header).or_else(bearer).filter(|key| !key.is_empty())
}

/// The body, unpacked if it is packed, whatever it is labelled.
fn unpacked(asked: &Asked) -> Result<Vec<u8>, Fault> {
    let raw = asked.raw_body();
    let limit = u64::try_from(MAX_BODY).unwrap_or(u64::MAX).saturating_add(1);
    let mut body = Vec::new();
    if raw.starts_with(&GZIP) {
        let wrong = |_| Fault::invalid("body", "begins as gzip and does not go on so");
        MultiGzDecoder::new(raw).take(limit).read_to_end(&mut body).map_err(wrong)?;
    } else {
        body.extend_from_slice(raw);
    }
    if body.len() > MAX_BODY {
        let message = format!("is larger than {MAX_BODY} bytes, unpacked; send smaller batches");
        return Err(Fault::invalid("body", message));
    }
    Ok(body)
}

fn refused(fault: &Fault) -> Result<Reply, Fault> {
    let status = Status::from(fault);
    if status.number() >= 500 {
        log("ingest-tracking", fault);
    }
    let said = CallsRefused { code: status.code(), message: fault.public() };
    let reply = Reply::json(status.number(), &said)?;
    Ok(headers(fault).fold(reply, |reply, (name, value)| reply.header(name, value)))
}

#[cfg(test)]
mod tests;
