//! Requests that were made, and what came of them.

use super::edit::Credential;
use super::request::{Plan, prepare};
use super::{Delivered, Undelivered, Webhook, ulid};
use crate::api::{Desk, Refused};
use crate::ids::RecordId;
use crate::record::{Changes, places};
use crate::store::{Failure, Key};
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

impl Invocation {
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

/// Whether a request that is to be made once was not begun before: from now on it was.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub(super) async fn claim(
    desk: &Desk<'_>,
    tenant: &TenantId,
    webhook: &Webhook,
    invocation: &Invocation,
) -> Result<bool, Fault> {
    let mut changes = Changes::new();
    let key = invocation.key(webhook.id.get());
    changes.once(key, &serde_json::to_value(invocation).unwrap_or_default(), Some(over(desk)?))?;
    let (writes, _) = changes.finish();
    match desk.store.commit(tenant, &writes).await {
        Ok(()) => Ok(true),
        Err(Failure::Unexpected(_)) => Ok(false),
        Err(Failure::Fault(fault)) => Err(fault),
    }
}

/// When what begins now is forgotten.
fn over(desk: &Desk<'_>) -> Result<Timestamp, Fault> {
    let over = desk.clock.now().as_second().saturating_add(REMEMBERED_SECONDS);
    Timestamp::from_second(over).map_err(|error| Fault::Internal(error.to_string()))
}

/// Makes a request of a webhook, once, and remembers what came of it.
///
/// # Errors
/// `Unavailable` or `Throttled` if its secrets cannot be read, or what came of it cannot be kept.
pub async fn invoke(
    desk: &Desk<'_>,
    tenant: &TenantId,
    webhook: &Webhook,
    id: RecordId,
    payload: &str,
) -> Result<Invocation, Refused> {
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
    let (answer, answer_headers) = match outcome {
        Ok(Delivered { body, headers, .. }) => (body, headers),
        Err(Undelivered::Refused(why) | Undelivered::Unreachable(why) | Undelivered::Lost(why)) => {
            (why, Vec::new())
        }
    };
    let invocation = Invocation {
        id,
        attempts: vec![Attempt {
            id,
            completed_at: desk.clock.now(),
            status: status.to_owned(),
            status_code: code,
            endpoint: webhook.endpoint.clone(),
            payload: begins(payload),
            headers,
            answer_headers,
            answer: begins(&answer),
        }],
    };
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
