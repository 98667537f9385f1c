//! Sessions: what a browser connects with, since it can set no headers for a WebSocket.

use crate::api::{Answer, Call, Refused};
use crate::ids::UserId;
use crate::later::later;
use crate::record::Changes;
use crate::store::Key;
use ceap_kernel::access::Credential;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The variable of the query that shows a session's secret.
pub const SESSION: &str = "session";

/// Seconds that a secret is good for.
const LIFE: i64 = 60;

/// Whose a session is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Session {
    /// The agent.
    pub user_id: UserId,
}

impl Session {
    /// Where it is kept: by its secret's fingerprint, for the secret itself is kept nowhere.
    pub fn key(secret: &Credential) -> Key {
        Key::new(format!("SESSION#{}", secret.fingerprint()), "SESSION")
    }
}

/// Begins a session of whoever asks: an address that connects once, within a minute.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn begin(call: &Call<'_>) -> Result<Answer, Refused> {
    let user_id = call.actor()?.id();
    let random = (call.desk.random)();
    let secret = Credential::of_person(call.tenant.clone(), user_id.get(), &random);
    let expires_at = later(call.at, LIFE)?;
    let mut changes = Changes::new();
    changes.put(Session::key(&secret), &Session { user_id }, Some(expires_at))?;
    call.commit(changes).await?;
    let url = format!("{}?{SESSION}={}", call.desk.connections.url(), secret.reveal());
    let answer = Answer::json(201, json!({"url": url, "expires_at": expires_at}));
    Ok(answer.header("cache-control", "no-store"))
}
