//! Who asks a JSON API: credentials from a secret, or a token that they are given for.
//!
//! A secret names the hosts that it is for. Who may change a source may not read its secret, and so may not have it sent
//! to a host of his own either.

use super::HttpPoll;
use crate::outcome::{Trouble, json, no_answer, status};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_engagement::secret::Secrets;
use ceap_engagement::source::poll::{Auth, Placed};
use ceap_http::{HeaderMap, HeaderName, HeaderValue, Method, Url};
use ceap_kernel::{Clock, Fault, SystemClock, TenantId, digest};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of an answer that holds a token.
const MAX_TOKEN: usize = 64 * 1024;

/// A token whose server does not say how long it lives is used for so long, in seconds.
const UNSAID: u64 = 300;

/// A token is renewed so long before it ends, in seconds.
const EARLY: u64 = 30;

/// What a server says that it does not like about a client (RFC 6749 §5.2).
const ERRORS: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// Tokens, each until it ends.
#[derive(Default)]
pub struct Tokens(Mutex<BTreeMap<String, (String, Instant)>>);

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(…)")
    }
}

impl Tokens {
    fn get(&self, key: &str) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).filter(|(_, ends)| Instant::now() < *ends).map(|(token, _)| token.clone())
    }

    fn put(&self, key: String, token: &str, seconds: u64) {
        let lives = Duration::from_secs(seconds.saturating_sub(EARLY));
        if let Some(ends) = Instant::now().checked_add(lives) {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.retain(|_, (_, ends)| Instant::now() < *ends);
            known.insert(key, (token.to_owned(), ends));
        }
    }
}

/// What a secret holds, as far as it is of use here.
#[derive(Deserialize)]
struct Held {
    #[serde(default)]
    hosts: Vec<String>,
    token: Option<String>,
    username: Option<String>,
    password: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// Whether other credentials can be had at once.
pub fn renews(auth: Option<&Auth>) -> bool {
    matches!(auth, Some(Auth::OAuth2 { .. }))
}

impl<S: Secrets> HttpPoll<S> {
    /// The header that says who asks `url`.
    pub(super) async fn credentials(
        &self,
        tenant: &TenantId,
        auth: &Auth,
        url: &Url,
        renew: bool,
    ) -> Result<(HeaderName, HeaderValue), Trouble> {
        let held = self.held(tenant, auth).await?;
        meant_for(auth, &held, url)?;
        let lacks = |field: &str| wrong(auth, &format!("has no `{field}`"));
        let authorization = HeaderName::from_static("authorization");
        let (name, value) = match auth {
            Auth::Bearer { .. } => {
                (authorization, format!("Bearer {}", held.token.ok_or_else(|| lacks("token"))?))
            }
            Auth::Header { name, .. } => {
                let name = HeaderName::from_bytes(name.as_bytes());
                let name = name.map_err(|_| Fault::invalid("auth.header.name", "is no header"))?;
                (name, held.token.ok_or_else(|| lacks("token"))?)
            }
            Auth::Basic { .. } => {
                let username = held.username.ok_or_else(|| lacks("username"))?;
                (authorization, basic(&username, &held.password.unwrap_or_default()))
            }
            Auth::OAuth2 { .. } => {
                (authorization, format!("Bearer {}", self.token(tenant, auth, held, renew).await?))
            }
        };
        let mut value = HeaderValue::from_str(&value).map_err(|_| wrong(auth, "can't be sent"))?;
        value.set_sensitive(true);
        Ok((name, value))
    }

    async fn held(&self, tenant: &TenantId, auth: &Auth) -> Result<Held, Trouble> {
        let secret = match self.secrets.get(tenant, auth.secret()).await {
            Err(Fault::Unavailable(_) | Fault::Throttled(_)) => {
                let why = "AWS Secrets Manager does not answer".to_owned();
                return Err(Trouble::Later { why, seconds: None });
            }
            secret => secret?,
        };
        // serde's own words would quote it.
        serde_json::from_str(secret.reveal()).map_err(|_| {
            wrong(auth, r#"must be a JSON object, as {"hosts": ["api.example.com"], "token": "…"}"#)
                .into()
        })
    }

    /// A token for client credentials (RFC 6749 §4.4).
    async fn token(
        &self,
        tenant: &TenantId,
        auth: &Auth,
        held: Held,
        renew: bool,
    ) -> Result<String, Trouble> {
        let Auth::OAuth2 { token_url, scope, audience, client, secret } = auth else {
            return Err(Fault::Internal("a token of what gives none".to_owned()).into());
        };
        let text = |it: &Option<String>| it.clone().unwrap_or_default();
        let key = digest(&[tenant.as_str(), secret, token_url, &text(scope), &text(audience)]);
        if let Some(token) = self.tokens.get(&key).filter(|_| !renew) {
            return Ok(token);
        }
        let url = self.url("auth.oauth2.token_url", token_url)?;
        meant_for(auth, &held, &url)?;
        let lacks = |field: &str| wrong(auth, &format!("has no `{field}`"));
        let id = held.client_id.ok_or_else(|| lacks("client_id"))?;
        let password = held.client_secret.ok_or_else(|| lacks("client_secret"))?;
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(scope.as_deref().map(|scope| ("scope", scope)));
        form.extend(audience.as_deref().map(|audience| ("audience", audience)));
        let mut headers = HeaderMap::new();
        match client {
            Placed::Body => {
                form.extend([("client_id", id.as_str()), ("client_secret", password.as_str())])
            }
            Placed::Basic => {
                // Each is form-encoded before (RFC 6749 §2.3.1).
                let value = HeaderValue::from_str(&basic(&encoded(&id), &encoded(&password)));
                headers.insert("authorization", value.map_err(|_| wrong(auth, "can't be sent"))?);
            }
        }
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert("content-type", form_type);
        headers.insert("accept", HeaderValue::from_static("application/json"));
        let body = pairs(&form).into_bytes();
        let who = url.host_str().unwrap_or_default().to_owned();
        let answer = self.http.ask(Method::POST, url, headers, body, MAX_TOKEN).await;
        let answer = answer.map_err(|why| no_answer(&who, "auth.oauth2.token_url", why))?;
        let told = json(&who, &answer, MAX_TOKEN);
        if (400..=401).contains(&answer.status) {
            let code = told.ok().and_then(|told| told.get("error")?.as_str().map(str::to_owned));
            let code = code.filter(|code| ERRORS.contains(&code.as_str())).unwrap_or_default();
            let said = format!("{who} gives no token ({} {code})", answer.status);
            return Err(Fault::Unauthorized(format!(
                "{said}: put good credentials into the secret `{secret}`"
            ))
            .into());
        }
        status(&who, "auth.oauth2.token_url", &answer, SystemClock.now())?;
        let told = told?;
        let token = told.get("access_token").and_then(Value::as_str).filter(|it| !it.is_empty());
        let none = || {
            Fault::invalid(
                "auth.oauth2.token_url",
                format!("{who} answered without an `access_token`"),
            )
        };
        let token = token.ok_or_else(none)?;
        let lives = told.get("expires_in").and_then(Value::as_u64).unwrap_or(UNSAID);
        self.tokens.put(key, token, lives);
        Ok(token.to_owned())
    }
}

fn wrong(auth: &Auth, why: &str) -> Fault {
    Fault::invalid("auth.secret", format!("the secret `{}` {why}", auth.secret()))
}

fn meant_for(auth: &Auth, held: &Held, url: &Url) -> Result<(), Fault> {
    let host = url.host_str().unwrap_or_default();
    if held.hosts.iter().any(|it| it.eq_ignore_ascii_case(host)) {
        return Ok(());
    }
    Err(wrong(auth, &format!("is not meant for {host}: its `hosts` do not name it")))
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// As `application/x-www-form-urlencoded` (WHATWG URL §5).
fn pairs(form: &[(&str, &str)]) -> String {
    let Ok(mut url) = Url::parse("https://form/") else { return String::new() };
    url.query_pairs_mut().extend_pairs(form);
    url.query().unwrap_or_default().to_owned()
}

fn encoded(text: &str) -> String {
    pairs(&[("", text)]).trim_start_matches('=').to_owned()
}
