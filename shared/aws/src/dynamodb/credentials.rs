//! Credentials: pk `<tenant>#KEYS`, sk the fingerprint. Found ones are remembered for a minute, so
//! that a warm function asks the table for none; the helpdesk asks each time, since it reads so much else with each
//! request, and with that at once.

use super::Table;
use super::item::{Item, from_json};
use ceap_engagement::onboarding::Held;
#[cfg(feature = "helpdesk")]
use ceap_kernel::access::SignInClient;
use ceap_kernel::access::{Credentials, Principal};
use ceap_kernel::{Clock, Fault, SystemClock, TenantId, Timestamp};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const REMEMBERED: Duration = Duration::from_secs(60);
const MOST: usize = 10_000;

/// The attribute that says from when on one is worth nothing.
pub(super) const UNTIL: &str = "expires_at";

pub(super) fn pk(tenant: &TenantId) -> String {
    format!("{tenant}#KEYS")
}

/// Credentials.
#[derive(Debug)]
pub struct CredentialStore {
    table: Table,
    known: Mutex<HashMap<String, (Instant, Principal)>>,
}

impl CredentialStore {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table, known: Mutex::default() }
    }

    fn remembered(&self, fingerprint: &str) -> Option<Principal> {
        let known = self.known.lock().ok()?;
        let (at, principal) = known.get(fingerprint)?;
        (at.elapsed() < REMEMBERED).then(|| principal.clone())
    }

    fn remember(&self, fingerprint: &str, principal: &Principal) {
        if let Ok(mut known) = self.known.lock() {
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(fingerprint.to_owned(), (Instant::now(), principal.clone()));
        }
    }
}

async fn current(
    table: &Table,
    tenant: &TenantId,
    fingerprint: &str,
) -> Result<Option<Principal>, Fault> {
    let item: Option<Item> = table.get(&pk(tenant), fingerprint).await?;
    let Some(item) = item else { return Ok(None) };
    if instant(&item, UNTIL)?.is_some_and(|until| until <= SystemClock.now()) {
        return Ok(None);
    }
    from_json(&item, "principal")
}

/// What can be seen of a credential again.
pub(super) fn held(item: &Item) -> Result<Option<Held>, Fault> {
    let Some(principal) = from_json(item, "principal")? else { return Ok(None) };
    let id = item.get("sk").and_then(|it| it.as_s().ok()).cloned().unwrap_or_default();
    let created_at = instant(item, "created_at")?.unwrap_or_default();
    Ok(Held::of(id, principal, created_at, instant(item, UNTIL)?))
}

fn instant(item: &Item, name: &str) -> Result<Option<Timestamp>, Fault> {
    let text = item.get(name).and_then(|it| it.as_s().ok());
    let read = |text: &String| {
        text.parse().map_err(|_| Fault::Internal(format!("`{name}` of a credential is no instant")))
    };
    text.map(read).transpose()
}

/// Credentials as they are now: one that was revoked is worth nothing at once.
#[cfg(feature = "helpdesk")]
#[derive(Debug, Clone)]
pub struct CurrentCredentials(Table);

#[cfg(feature = "helpdesk")]
impl CurrentCredentials {
    /// In `table`.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(table)
    }
}

#[cfg(feature = "helpdesk")]
impl ceap_helpdesk::access::credential::Platform for CurrentCredentials {
    fn principal<'a>(
        &'a self,
        tenant: &'a TenantId,
        fingerprint: &'a str,
    ) -> ceap_helpdesk::store::Soon<'a, Result<Option<Principal>, Fault>> {
        Box::pin(current(&self.0, tenant, fingerprint))
    }

    fn client<'a>(
        &'a self,
        id: &'a str,
    ) -> ceap_helpdesk::store::Soon<'a, Result<Option<SignInClient>, Fault>> {
        Box::pin(super::clients::get(&self.0, id))
    }
}

impl Credentials for CredentialStore {
    async fn find(&self, tenant: &TenantId, fingerprint: &str) -> Result<Option<Principal>, Fault> {
        if let Some(principal) = self.remembered(fingerprint) {
            return Ok(Some(principal));
        }
        let principal = current(&self.table, tenant, fingerprint).await?;
        if let Some(principal) = &principal {
            self.remember(fingerprint, principal);
        }
        Ok(principal)
    }
}
