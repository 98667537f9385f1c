//! Secrets: pk `<tenant>#SECRETS`, sk the name, encrypted by KMS with the tenant and the name as
//! context, so that an item copied to another tenant or name does not decrypt. Found ones are
//! remembered for a minute, so that a warm function asks neither the table nor KMS.

use super::Table;
use super::item::{key, text};
use crate::fault::fault;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::primitives::Blob;
use ceap_engagement::secret::{Secret, SecretKeeper, Secrets};
use ceap_kernel::{Clock, Fault, SystemClock, TenantId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const REMEMBERED: Duration = Duration::from_secs(60);
const MOST: usize = 10_000;

/// The attribute that holds the ciphertext.
const CIPHERTEXT: &str = "ciphertext";

/// When and what was found, by tenant and name.
type Known = HashMap<(TenantId, String), (Instant, Secret)>;

/// Secrets.
pub struct SecretStore {
    table: Table,
    kms: aws_sdk_kms::Client,
    key: String,
    known: Mutex<Known>,
    remembered: Duration,
}

impl fmt::Debug for SecretStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretStore").field("table", &self.table).finish_non_exhaustive()
    }
}

fn pk(tenant: &TenantId) -> String {
    format!("{tenant}#SECRETS")
}

/// What KMS binds the ciphertext to, and what policies can name (`kms:EncryptionContext:name`).
fn context(tenant: &TenantId, name: &str) -> HashMap<String, String> {
    HashMap::from([("tenant".to_owned(), tenant.to_string()), ("name".to_owned(), name.to_owned())])
}

impl SecretStore {
    /// In `table`, encrypted by the KMS key `key` (its ARN).
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, table: Table, key: impl Into<String>) -> Self {
        let kms = aws_sdk_kms::Client::new(config);
        Self { table, kms, key: key.into(), known: Mutex::default(), remembered: REMEMBERED }
    }

    /// The same, remembering nothing: for who shows a secret that somebody has just changed.
    #[must_use]
    pub const fn forgetful(mut self) -> Self {
        self.remembered = Duration::ZERO;
        self
    }

    fn remembered(&self, place: &(TenantId, String)) -> Option<Secret> {
        let known = self.known.lock().ok()?;
        let (at, secret) = known.get(place)?;
        (at.elapsed() < self.remembered).then(|| secret.clone())
    }

    fn remember(&self, place: (TenantId, String), secret: &Secret) {
        if let Ok(mut known) = self.known.lock() {
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(place, (Instant::now(), secret.clone()));
        }
    }
}

impl Secrets for SecretStore {
    async fn get(&self, tenant: &TenantId, name: &str) -> Result<Secret, Fault> {
        let place = (tenant.clone(), name.to_owned());
        if let Some(secret) = self.remembered(&place) {
            return Ok(secret);
        }
        let item = self.table.get(&pk(tenant), name).await?.unwrap_or_default();
        let Some(AttributeValue::B(ciphertext)) = item.get(CIPHERTEXT) else {
            return Err(Fault::NotFound(format!("there is no secret `{name}`")));
        };
        let decrypted = self
            .kms
            .decrypt()
            .key_id(&self.key)
            .ciphertext_blob(ciphertext.clone())
            .set_encryption_context(Some(context(tenant, name)))
            .send()
            .await
            .map_err(|error| fault("Decrypt", &error))?;
        let plaintext = decrypted.plaintext.map(Blob::into_inner).unwrap_or_default();
        let secret = String::from_utf8(plaintext)
            .map(Secret::new)
            .map_err(|_| Fault::Internal(format!("the secret `{name}` is not text")))?;
        self.remember(place, &secret);
        Ok(secret)
    }
}

impl SecretKeeper for SecretStore {
    async fn keep(&self, tenant: &TenantId, name: &str, secret: &Secret) -> Result<(), Fault> {
        let encrypted = self
            .kms
            .encrypt()
            .key_id(&self.key)
            .plaintext(Blob::new(secret.reveal().as_bytes()))
            .set_encryption_context(Some(context(tenant, name)))
            .send()
            .await
            .map_err(|error| fault("Encrypt", &error))?;
        let ciphertext = encrypted
            .ciphertext_blob
            .ok_or_else(|| Fault::Unavailable("Encrypt: no ciphertext".to_owned()))?;
        let mut item = key(&pk(tenant), name);
        item.insert(CIPHERTEXT.to_owned(), AttributeValue::B(ciphertext));
        item.insert("updated_at".to_owned(), text(SystemClock.now().to_string()));
        let table = &self.table;
        table
            .client
            .put_item()
            .table_name(&table.name)
            .set_item(Some(item))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| fault("PutItem", &error))
    }

    async fn forget(&self, tenant: &TenantId, name: &str) -> Result<(), Fault> {
        let table = &self.table;
        table
            .client
            .delete_item()
            .table_name(&table.name)
            .set_key(Some(key(&pk(tenant), name)))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| fault("DeleteItem", &error))
    }
}

#[cfg(feature = "helpdesk")]
mod of_helpdesk {
    use super::{Secret, SecretKeeper, SecretStore, Secrets};
    use ceap_helpdesk::store::Soon;
    use ceap_kernel::{Fault, TenantId};

    impl ceap_helpdesk::secret::Secrets for SecretStore {
        fn get<'a>(
            &'a self,
            tenant: &'a TenantId,
            name: &'a str,
        ) -> Soon<'a, Result<Option<String>, Fault>> {
            Box::pin(async move {
                match Secrets::get(self, tenant, name).await {
                    Ok(secret) => Ok(Some(secret.reveal().to_owned())),
                    Err(Fault::NotFound(_)) => Ok(None),
                    Err(fault) => Err(fault),
                }
            })
        }

        fn keep<'a>(
            &'a self,
            tenant: &'a TenantId,
            name: &'a str,
            secret: &'a str,
        ) -> Soon<'a, Result<(), Fault>> {
            let secret = Secret::new(secret);
            Box::pin(async move { SecretKeeper::keep(self, tenant, name, &secret).await })
        }

        fn forget<'a>(
            &'a self,
            tenant: &'a TenantId,
            name: &'a str,
        ) -> Soon<'a, Result<(), Fault>> {
            Box::pin(SecretKeeper::forget(self, tenant, name))
        }
    }
}
