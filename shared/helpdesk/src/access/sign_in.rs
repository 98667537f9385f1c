//! People who sign in elsewhere, and come with a token that says who they are.
//!
//! What makes a token good is the business of whoever implements [`SignIn`]; here it is decided whose account it opens.
//! It names no tenant: the app client through which somebody signed in does, by a record of the platform.

use super::credential::Platform;
use crate::store::Soon;
use ceap_kernel::{Fault, TenantId, digest};
use std::collections::HashMap;
use std::sync::Mutex;

/// Verifies the tokens of people who signed in.
pub trait SignIn {
    /// What a token says, if it is good.
    ///
    /// It fails with `Unauthorized` if the token is not good, or no longer; with `Unavailable` if that cannot be known,
    /// since the keys cannot be read.
    fn verify<'a>(&'a self, token: &'a str) -> Soon<'a, Result<Verified, Fault>>;
}

/// What a good token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The app client that they signed in through.
    pub client: String,
    /// Their id where they signed in.
    pub subject: String,
    /// Their address.
    pub email: Option<String>,
    /// Whether the address is known to be theirs.
    pub email_verified: bool,
    /// The identity providers that vouch for them; none of who has a password in the pool itself.
    pub providers: Vec<String>,
}

impl Verified {
    /// The address that is known to be theirs.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.email.as_deref().filter(|email| self.email_verified && !email.is_empty())
    }

    /// What their requests are counted by, whatever token they show.
    pub(crate) fn fingerprint(&self) -> String {
        digest(&["signed-in", &self.client, &self.subject])
    }
}

/// Whose app clients were when they were last looked up: only a hint where to look, so that who is known there is read
/// together with what the client is now.
#[derive(Debug, Default)]
pub struct Clients(Mutex<HashMap<String, TenantId>>);

/// How many are remembered.
const MOST: usize = 10_000;

impl Clients {
    /// Whose app client it is, or was.
    ///
    /// # Errors
    /// `Unauthorized` if it is nobody's; `Unavailable` or `Throttled`.
    pub(crate) async fn tenant(
        &self,
        platform: &dyn Platform,
        id: &str,
    ) -> Result<TenantId, Fault> {
        let known = self.0.lock().ok().and_then(|known| known.get(id).cloned());
        if let Some(tenant) = known {
            return Ok(tenant);
        }
        let nobodys = || Fault::Unauthorized("the app client is nobody's".to_owned());
        let tenant = platform.client(id).await?.ok_or_else(nobodys)?.tenant;
        if let Ok(mut known) = self.0.lock() {
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(id.to_owned(), tenant.clone());
        }
        Ok(tenant)
    }

    /// It is another's now, or nobody's.
    pub(crate) fn forget(&self, id: &str) {
        if let Ok(mut known) = self.0.lock() {
            known.remove(id);
        }
    }
}
