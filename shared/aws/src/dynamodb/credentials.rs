//! Credentials: pk `<tenant>#KEYS`, sk the fingerprint. Found ones are remembered for a minute, so
//! that a warm function asks the table for none.

use super::Table;
use super::item::{Item, from_json};
use ceap_kernel::access::{Credentials, Principal};
use ceap_kernel::{Fault, TenantId};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const REMEMBERED: Duration = Duration::from_secs(60);
const MOST: usize = 10_000;

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

impl Credentials for CredentialStore {
    async fn find(&self, tenant: &TenantId, fingerprint: &str) -> Result<Option<Principal>, Fault> {
        if let Some(principal) = self.remembered(fingerprint) {
            return Ok(Some(principal));
        }
        let item: Option<Item> = self.table.get(&pk(tenant), fingerprint).await?;
        let Some(item) = item else { return Ok(None) };
        let principal: Option<Principal> = from_json(&item, "principal")?;
        if let Some(principal) = &principal {
            self.remember(fingerprint, principal);
        }
        Ok(principal)
    }
}
