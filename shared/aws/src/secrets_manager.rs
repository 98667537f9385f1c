//! Secrets of tenants in AWS Secrets Manager: what sources that are asked log in with. An operator or the tenant's own
//! tools keep them there; nothing here writes one.

use crate::fault::fault;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use ceap_engagement::secret::{Secret, Secrets};
use ceap_kernel::{Fault, TenantId};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a secret is remembered.
const REMEMBERED: Duration = Duration::from_secs(60);

/// The secrets whose names are `<prefix>/<tenant>/<name>`.
pub struct SecretsManager {
    client: Client,
    prefix: String,
    known: Mutex<BTreeMap<String, (Secret, Instant)>>,
}

impl fmt::Debug for SecretsManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretsManager").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl SecretsManager {
    /// Those below `prefix`.
    pub fn new(config: &aws_config::SdkConfig, prefix: impl Into<String>) -> Self {
        Self { client: Client::new(config), prefix: prefix.into(), known: Mutex::default() }
    }
}

impl Secrets for SecretsManager {
    async fn get(&self, tenant: &TenantId, name: &str) -> Result<Secret, Fault> {
        let id = format!("{}/{tenant}/{name}", self.prefix);
        let known = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(&id).filter(|(_, at)| at.elapsed() < REMEMBERED).map(|(it, _)| it.clone())
        };
        if let Some(secret) = known {
            return Ok(secret);
        }
        let read = self.client.get_secret_value().secret_id(&id).send().await;
        let read = read.map_err(|error| match error.code() {
            Some("ResourceNotFoundException" | "InvalidRequestException") => Fault::NotFound(
                format!("there is no secret `{id}` in AWS Secrets Manager; make it"),
            ),
            Some("AccessDeniedException" | "DecryptionFailure") => Fault::Forbidden(format!(
                "the secret `{id}` may not be read; encrypt it with the key `aws/secretsmanager`"
            )),
            _ => fault("GetSecretValue", &error),
        })?;
        let text = || Fault::invalid("secret", format!("`{id}` must hold text, and not bytes"));
        let secret = Secret::new(read.secret_string.ok_or_else(text)?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, at)| at.elapsed() < REMEMBERED);
        known.insert(id, (secret.clone(), Instant::now()));
        Ok(secret)
    }
}
