//! Requests that were made, and what came of them.

use super::edit::Credential;
use super::request::{Plan, prepare};
use super::{Delivered, Undelivered, Webhook, ulid};
use crate::api::{Desk, Refused};
use crate::ids::RecordId;
use crate::later::later;
use crate::record::{Changes, places};
use crate::store::{Failure, Item, Key};
use ceap_kernel::{Fault, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a request is remembered: Zendesk's seven days.
const REMEMBERED_SECONDS: i64 = 7 * 24 * 60 * 60;

/// Bytes of a body that are remembered.
const MAX_BODY: usize = 4_096;

/// A request of a webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Invocation {
    /// Its id.
    pub id: RecordId,
    /// How often it was tried, and what came of it.
    pub attempts: Vec<Attempt>,
    /// From when on it may be tried again, if it was surely refused. While somebody tries, and once nobody knows what came
    /// of it, there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_at: Option<Timestamp>,
}

/// A try.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its id.
    pub id: RecordId,
    /// When it was over.
    pub completed_at: Timestamp,
    /// What came of it, in Zendesk's words.
    pub status: String,
    /// The status that was answered, if anything was.
    pub status_code: Option<u16>,
    /// Where it went.
    pub endpoint: String,
    /// What was sent, as it begins.
    pub payload: String,
    /// The names and values of headers that are not secret.
    pub headers: Vec<(String, String)>,
    /// The headers of the answer.
    pub answer_headers: Vec<(String, String)>,
    /// The answer, as it begins.
    pub answer: String,
}

/// Whether a request is to be made.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Turn {
    /// It is, by who asks: nobody else makes it now.
    Now(Invocation),
    /// It is, from then on.
    Wait(Timestamp),
    /// It was, or somebody else makes it.
    Over,
}

impl Invocation {
    /// One that was not tried yet.
    #[must_use]
    pub const fn new(id: RecordId) -> Self {
        Self { id, attempts: Vec::new(), again_at: None }
    }

    /// Where the requests of a webhook are kept.
    #[must_use]
    pub fn partition(webhook: u64) -> String {
        format!("INVOCATIONS#{}", places::rank(webhook))
    }

    /// Where it is kept.
    #[must_use]
    pub fn key(&self, webhook: u64) -> Key {
        Key::new(Self::partition(webhook), places::rank(self.id.get()))
    }
}

/// Whether a request is to be made: each try is begun by one alone. `known` is what was read of it.
///
/// # Errors
/// `Unavailable` or `Throttled`; `Internal` if it cannot be read.
pub(super) async fn claim(
    desk: &Desk<'_>,
    tenant: &TenantId,
    webhook: &Webhook,
    id: RecordId,
    known: Option<&Item>,
) -> Result<Turn, Fault> {
    let mut begun = Invocation::new(id);
    let mut changes = Changes::new();
    let over = Some(over(desk)?);
    if let Some(item) = known {
        let wrong = |error| Fault::Internal(format!("unreadable invocation: {error}"));
        begun = serde_json::from_str(&item.body).map_err(wrong)?;
        match begun.again_at.take() {
            None => return Ok(Turn::Over),
            Some(at) if at > desk.clock.now() => return Ok(Turn::Wait(at)),
            Some(_) => changes.replace(item, &begun, over)?,
        }
    } else {
        changes.once(begun.key(webhook.id.get()), &begun, over)?;
    }
    let (writes, _) = changes.finish();
    match desk.store.commit(tenant, &writes).await {
        Ok(()) => Ok(Turn::Now(begun)),
        Err(Failure::Unexpected(_)) => Ok(Turn::Over),
        Err(Failure::Fault(fault)) => Err(fault),
    }
}

/// Seconds after which what conflicted is tried again: three times, as Zendesk does.
const WAITS_S: [i64; 3] = [5, 15, 45];

/// Seconds that whoever refuses may ask to wait.
const MOST_WAIT_S: i64 = 60;

/// After how many seconds a request may be tried again that was tried so often before, if it was surely refused in a way
/// that passes ([webhook retries](https://developer.zendesk.com/api-reference/webhooks/introduction/)). What nobody
/// answered may have been honoured.
fn again_after(outcome: &Result<Delivered, Undelivered>, tried: usize) -> Option<i64> {
    let Ok(Delivered { status, headers, .. }) = outcome else { return None };
    let wait = *WAITS_S.get(tried)?;
    let asked = || {
        let mut named = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
        let seconds: i64 = named.next()?.1.trim().parse().ok()?;
        (0..=MOST_WAIT_S).contains(&seconds).then_some(seconds)
    };
    match status {
        409 => Some(wait),
        429 | 503 => asked(),
        _ => None,
    }
}

/// When what begins now is forgotten.
fn over(desk: &Desk<'_>) -> Result<Timestamp, Fault> {
    later(desk.clock.now(), REMEMBERED_SECONDS)
}

/// Makes a request of a webhook, once, and remembers what came of it, and whether it may be tried again.
///
/// # Errors
/// `Unavailable` or `Throttled` if its secrets cannot be read, or what came of it cannot be kept.
pub async fn invoke(
    desk: &Desk<'_>,
    tenant: &TenantId,
    webhook: &Webhook,
    mut invocation: Invocation,
    payload: &str,
) -> Result<Invocation, Refused> {
    let id = invocation.id;
    let (signing, credential) =
        futures::try_join!(signing(desk, tenant, webhook), credential(desk, tenant, webhook))?;
    let headers: Vec<(String, String)> = webhook.custom_headers.clone().into_iter().collect();
    let at = desk.clock.now();
    let prepared = prepare(&Plan {
        method: webhook.http_method,
        url: &webhook.endpoint,
        format: webhook.request_format,
        headers: &headers,
        credential: credential.as_ref(),
        payload,
        tenant,
        ids: (&webhook.shown_id(), &ulid::shown(id.get())),
        secret: &signing,
        at: Timestamp::from_second(at.as_second()).unwrap_or(at),
    });
    let outcome = desk.deliver.deliver(&prepared).await?;
    let (status, code) = told(&outcome);
    let (now, tried) = (desk.clock.now(), invocation.attempts.len());
    let again_at = again_after(&outcome, tried).map(|wait| later(now, wait)).transpose()?;
    let (answer, answer_headers) = match outcome {
        Ok(Delivered { body, headers, .. }) => (body, headers),
        Err(Undelivered::Refused(why) | Undelivered::Unreachable(why) | Undelivered::Lost(why)) => {
            (why, Vec::new())
        }
    };
    // The first try is known by the request's own id, the others by those behind it.
    let own = RecordId::new(id.get().saturating_add(tried as u64)).unwrap_or(id);
    invocation.attempts.push(Attempt {
        id: own,
        completed_at: now,
        status: status.to_owned(),
        status_code: code,
        endpoint: webhook.endpoint.clone(),
        payload: begins(payload),
        headers,
        answer_headers,
        answer: begins(&answer),
    });
    invocation.again_at = again_at;
    remember(desk, tenant, webhook, &invocation).await?;
    Ok(invocation)
}

/// What it is signed with.
///
/// # Errors
/// `Internal` if there is nothing; `Unavailable` or `Throttled`.
pub async fn signing(
    desk: &Desk<'_>,
    tenant: &TenantId,
    webhook: &Webhook,
) -> Result<String, Fault> {
    let found = desk.secrets.get(tenant, &webhook.signing_name()).await?;
    found.ok_or_else(|| Fault::Internal(format!("webhook {} has no secret", webhook.id)))
}

/// What it shows.
///
/// # Errors
/// `Internal` if it cannot be read; `Unavailable` or `Throttled`.
pub async fn credential(
    desk: &Desk<'_>,
    tenant: &TenantId,
    webhook: &Webhook,
) -> Result<Option<Credential>, Fault> {
    let Some(authentication) = &webhook.authentication else { return Ok(None) };
    let kept = desk.secrets.get(tenant, &authentication.kept_as).await?;
    let kept = kept.and_then(|text| serde_json::from_str(&text).ok());
    let missing = || Fault::Internal(format!("webhook {} has no credential", webhook.id));
    kept.map(Some).ok_or_else(missing)
}

async fn remember(
    desk: &Desk<'_>,
    tenant: &TenantId,
    webhook: &Webhook,
    invocation: &Invocation,
) -> Result<(), Fault> {
    let mut changes = Changes::new();
    changes.put(invocation.key(webhook.id.get()), invocation, Some(over(desk)?))?;
    let (writes, _) = changes.finish();
    match desk.store.commit(tenant, &writes).await {
        Ok(()) | Err(Failure::Unexpected(_)) => Ok(()),
        Err(Failure::Fault(fault)) => Err(fault),
    }
}

/// What came of a request, in Zendesk's words, and the status that was answered.
fn told(outcome: &Result<Delivered, Undelivered>) -> (&'static str, Option<u16>) {
    match outcome {
        Ok(Delivered { status, .. }) => {
            let word = match status {
                200..=299 => "success",
                429 => "throttled",
                500..=599 => "server error",
                _ => "client error",
            };
            (word, Some(*status))
        }
        Err(Undelivered::Refused(_)) => ("endpoint error", None),
        Err(Undelivered::Unreachable(_)) => ("destination error", None),
        Err(Undelivered::Lost(_)) => ("timeout", None),
    }
}

/// How a text begins, not cut within a letter.
fn begins(text: &str) -> String {
    let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= MAX_BODY).last();
    if text.len() <= MAX_BODY {
        return text.to_owned();
    }
    text.get(..end.unwrap_or_default()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(409, None, 0, Some(5))]
    #[case(409, None, 2, Some(45))]
    #[case(409, Some("1"), 3, None)]
    #[case(429, Some("60"), 0, Some(60))]
    #[case(503, Some(" 0 "), 2, Some(0))]
    #[case(503, Some("61"), 0, None)]
    #[case(503, Some("-1"), 0, None)]
    #[case(429, Some("Sun, 22 Nov 2026 10:00:00 GMT"), 0, None)]
    #[case(429, None, 0, None)]
    #[case(429, Some("1"), 3, None)]
    #[case(500, Some("1"), 0, None)]
    #[case(404, Some("1"), 0, None)]
    #[case(200, Some("1"), 0, None)]
    fn what_was_refused_for_a_while_is_tried_again(
        #[case] status: u16,
        #[case] asked: Option<&str>,
        #[case] tried: usize,
        #[case] after: Option<i64>,
    ) {
        let headers = asked.map(|it| ("Retry-After".to_owned(), it.to_owned()));
        let headers = headers.into_iter().collect();
        let answer = Delivered { status, headers, body: String::new(), milliseconds: 1 };
        assert_eq!(again_after(&Ok(answer), tried), after);
        let lost = Undelivered::Lost("no answer".to_owned());
        assert_eq!(again_after(&Err(lost), tried), None, "it may have been honoured");
    }
}
