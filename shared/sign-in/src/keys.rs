//! The keys that an issuer signs with (RFC 7517): asked for once and kept, and again when a token names another.

use ceap_http::{HeaderMap, Http, Method, Reach, Url};
use ceap_kernel::{Clock, Fault, Timestamp};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::Mutex;

/// Bytes of an answer that are read. Cognito's have two keys, of about 400 bytes each.
const MAX_ANSWER: usize = 64 * 1024;

/// The time that an answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Seconds between two questions: who makes up names of keys does not make us ask more.
const PAUSE_S: i64 = 60;

/// The same after a question that had no answer.
const PAUSE_UNANSWERED_S: i64 = 5;

/// An issuer's keys.
pub(crate) struct Keys {
    url: Url,
    reach: Reach,
    clock: Box<dyn Clock>,
    http: OnceLock<Http>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, DecodingKey>,
    asked: Option<Asked>,
}

/// The last question.
#[derive(Clone, Copy)]
struct Asked {
    at: Timestamp,
    answered: bool,
}

impl Keys {
    /// Those at a URL that may be asked.
    pub fn new(url: &str, reach: Reach, clock: Box<dyn Clock>) -> Result<Self, Fault> {
        let url = reach.url(url).map_err(|rule| Fault::invalid("SIGN_IN_KEYS", rule))?;
        Ok(Self { url, reach, clock, http: OnceLock::new(), known: Mutex::default() })
    }

    /// The key of this name.
    pub async fn find(&self, name: &str) -> Result<DecodingKey, Fault> {
        let mut known = self.known.lock().await;
        if let Some(key) = known.keys.get(name) {
            return Ok(key.clone());
        }
        let now = self.clock.now();
        let since = |asked: Asked| now.as_second().saturating_sub(asked.at.as_second());
        match known.asked {
            Some(asked) if asked.answered && since(asked) < PAUSE_S => {
                return Err(super::not_good());
            }
            Some(asked) if !asked.answered && since(asked) < PAUSE_UNANSWERED_S => {
                return Err(unanswered());
            }
            Some(_) | None => {}
        }
        let answer = self.ask().await;
        known.asked = Some(Asked { at: now, answered: answer.is_ok() });
        // Keys that are no longer among them are worth nothing from now on.
        known.keys = answer?;
        known.keys.get(name).cloned().ok_or_else(super::not_good)
    }

    async fn ask(&self) -> Result<HashMap<String, DecodingKey>, Fault> {
        let (url, none) = (self.url.clone(), HeaderMap::new());
        let answer = self.http()?.ask(Method::GET, url, none, Vec::new(), MAX_ANSWER).await;
        let answer = answer.map_err(|_| unanswered())?;
        if answer.status != 200 || !answer.whole {
            return Err(unanswered());
        }
        let set: JwkSet = serde_json::from_slice(&answer.body).map_err(|_| unanswered())?;
        let keys: HashMap<_, _> = set.keys.into_iter().filter_map(usable).collect();
        if keys.is_empty() { Err(unanswered()) } else { Ok(keys) }
    }

    fn http(&self) -> Result<&Http, Fault> {
        match self.http.get() {
            Some(http) => Ok(http),
            None => {
                let http = Http::within(self.reach, TIMEOUT)?;
                Ok(self.http.get_or_init(|| http))
            }
        }
    }
}

/// A key with its name, if it is one that tokens are signed with.
fn usable(key: Jwk) -> Option<(String, DecodingKey)> {
    let common = &key.common;
    let signs = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature))
        && matches!(common.key_algorithm, None | Some(KeyAlgorithm::RS256));
    let AlgorithmParameters::RSA(_) = &key.algorithm else { return None };
    let decoding = DecodingKey::from_jwk(&key).ok().filter(|_| signs)?;
    Some((key.common.key_id?, decoding))
}

/// Whether a token is good cannot be known: which is nothing against it.
fn unanswered() -> Fault {
    Fault::Unavailable("the keys that tokens are signed with cannot be read".to_owned())
}
