//! A tenant's sources: kept, changed, and let in by write keys of their own.
//!
//! A source has a version that counts up; a change names the version that it is made to (RFC 9110
//! §13.1.1, `If-Match`). Its keys are credentials that name it, so that an event is known to be its,
//! and one that leaked is revoked alone.

use super::document::{Keys, SourceDocument, SourceKind};
use crate::secret::{Secret, SecretKeeper};
use ceap_kernel::access::{AccessKey, Credential, Principal, Role};
use ceap_kernel::{Clock, Fault, SignedDuration, SourceId, TenantId, Timestamp};
use futures::{future::join_all, try_join};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keys of one source: enough to change them one at a time, few enough to look through.
pub const MAX_KEYS: usize = 20;

/// What the names of secrets that access keys sign with begin with.
pub const ACCESS_SECRET: &str = "pinpoint_";

/// Digits of a fingerprint by which a key is shown and revoked.
const SHOWN: usize = 12;

/// A source as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StoredSource")]
pub struct Stored {
    /// Its version, from 1.
    pub version: u64,
    /// When it was stored.
    pub updated_at: Timestamp,
    /// The document.
    pub document: SourceDocument,
}

/// A write key as it is stored: what it is known by, and never the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Its fingerprint.
    pub fingerprint: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A write key as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SourceKey")]
pub struct Shown {
    /// The beginning of its fingerprint, by which it is revoked.
    pub key: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A fresh key: a write key, or an access key id with its secret. It is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "FreshSourceKey")]
pub struct Fresh {
    /// What it is known by from now on.
    #[serde(flatten)]
    pub shown: Shown,
    /// The write key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_key: Option<String>,
    /// What the client's requests name, of a source whose clients sign them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    /// What they are signed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_access_key: Option<String>,
}

/// A source with its keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SourceRead")]
pub struct Read {
    /// The source.
    #[serde(flatten)]
    pub stored: Stored,
    /// Its write keys, oldest first.
    pub keys: Vec<Shown>,
    /// What went wrong with it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// How far it was read, if it is one that is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polling: Option<super::poll::Polling>,
}

/// What went wrong with a source lately, of which nothing else is kept: a request that nobody known signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SourceProblem")]
pub struct Problem {
    /// When.
    pub at: Timestamp,
    /// A stable code for programs.
    pub code: String,
    /// What was wrong, and the remedy.
    pub message: String,
}

impl Problem {
    /// How far apart two are that are kept: a sender that nobody knows writes no more often than that.
    pub const EVERY: SignedDuration = SignedDuration::from_mins(1);

    /// Of a fault at `at`.
    #[must_use]
    pub fn of(fault: &Fault, at: Timestamp) -> Self {
        Self { at, code: fault.code().to_owned(), message: fault.public() }
    }
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SourceListed")]
pub struct Listed {
    /// Its id.
    pub id: SourceId,
    /// Its version.
    pub version: u64,
    /// When it was stored.
    pub updated_at: Timestamp,
    /// Its name.
    pub name: String,
    /// What sends: `segment`, `jitsu`, …
    pub kind: &'static str,
}

/// Keeps sources and their keys.
#[allow(async_fn_in_trait)]
pub trait Sources {
    /// The source, if there is one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn get(&self, tenant: &TenantId, id: &SourceId) -> Result<Option<Stored>, Fault>;

    /// All of the tenant's, by id.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn list(&self, tenant: &TenantId) -> Result<Vec<Stored>, Fault>;

    /// Keeps it, if the version that is kept is the one before `stored.version`; none for 1.
    ///
    /// # Errors
    /// `Conflict` when it is not; `Unavailable` or `Throttled`.
    async fn put(&self, tenant: &TenantId, stored: &Stored) -> Result<(), Fault>;

    /// Forgets it, if `version` is kept.
    ///
    /// # Errors
    /// `Conflict` when it is not; `Unavailable` or `Throttled`.
    async fn delete(&self, tenant: &TenantId, id: &SourceId, version: u64) -> Result<(), Fault>;

    /// Keeps what went wrong with a source, unless something did less than [`Problem::EVERY`] before.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn report(
        &self,
        tenant: &TenantId,
        id: &SourceId,
        problem: &Problem,
    ) -> Result<(), Fault>;

    /// What went wrong with a source last.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn problem(&self, tenant: &TenantId, id: &SourceId) -> Result<Option<Problem>, Fault>;

    /// The keys of a source, oldest first; also of one that is gone.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn keys(&self, tenant: &TenantId, id: &SourceId) -> Result<Vec<Granted>, Fault>;

    /// Keeps a key of a source that there is. From then on [`ceap_kernel::access::Credentials`] find it
    /// as `principal`.
    ///
    /// # Errors
    /// `NotFound` when there is no such source; `Unavailable` or `Throttled`.
    async fn grant(&self, principal: &Principal, id: &SourceId, key: &Granted)
    -> Result<(), Fault>;

    /// Forgets a key; one that is gone, too.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn revoke(&self, tenant: &TenantId, fingerprint: &str) -> Result<(), Fault>;
}

/// Keeps a source: a new one without `if_match`, a change with it.
///
/// # Errors
/// `Invalid`, naming the field; `Conflict` when another version is kept, or when a change would make
/// another kind of it; `Unavailable` or `Throttled` from the store.
pub async fn put(
    store: &impl Sources,
    clock: &impl Clock,
    tenant: &TenantId,
    id: &SourceId,
    body: &[u8],
    if_match: Option<u64>,
) -> Result<Stored, Fault> {
    let mut document = SourceDocument::parse(body)?;
    if document.id != *id {
        return Err(Fault::invalid("id", format!("must be `{id}`, as in the path")));
    }
    if let Some(before) = store.get(tenant, id).await? {
        same_kind(&before.document.from, &document.from)?;
    }
    let version = if_match.unwrap_or_default().saturating_add(1);
    document.version = Some(version);
    let stored = Stored { version, updated_at: clock.now(), document };
    store.put(tenant, &stored).await.map_err(|fault| match (fault, if_match) {
        (Fault::Conflict(_), None) => Fault::Conflict(format!(
            "there is a source `{id}`; name its version in If-Match to change it"
        )),
        (Fault::Conflict(_), Some(version)) => changed(id, version),
        (other, _) => other,
    })?;
    Ok(stored)
}

/// Events, checkpoints and keys are of one kind of source: another one is another source.
fn same_kind(before: &SourceKind, after: &SourceKind) -> Result<(), Fault> {
    if before.as_str() == after.as_str() {
        return Ok(());
    }
    let message = format!("this source is `{}`; make another one", before.as_str());
    Err(Fault::invalid("from", message))
}

/// A source with its keys.
///
/// # Errors
/// `NotFound`; `Unavailable` or `Throttled`.
pub async fn get(store: &impl Sources, tenant: &TenantId, id: &SourceId) -> Result<Read, Fault> {
    let (stored, keys, problem) =
        try_join!(store.get(tenant, id), store.keys(tenant, id), store.problem(tenant, id))?;
    let stored = stored.ok_or_else(|| missing(id))?;
    let keys = keys.iter().map(Granted::shown).collect();
    Ok(Read { stored, keys, problem, polling: None })
}

/// All of the tenant's, by id.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn list(store: &impl Sources, tenant: &TenantId) -> Result<Vec<Listed>, Fault> {
    let listed = |stored: Stored| Listed {
        id: stored.document.id,
        version: stored.version,
        updated_at: stored.updated_at,
        name: stored.document.name,
        kind: stored.document.from.as_str(),
    };
    Ok(store.list(tenant).await?.into_iter().map(listed).collect())
}

/// Forgets a source, and revokes its keys: of one that is gone already, too, should that have been
/// interrupted. Returns it; none if it is gone already.
///
/// # Errors
/// `Conflict` when another version is kept; `Unavailable` or `Throttled`.
pub async fn delete(
    store: &impl Sources,
    secrets: &impl SecretKeeper,
    tenant: &TenantId,
    id: &SourceId,
    if_match: Option<u64>,
) -> Result<Option<Stored>, Fault> {
    let kept = store.get(tenant, id).await?;
    if let Some(kept) = &kept {
        // First: no key can be made of a source that is gone.
        let version = if_match.unwrap_or(kept.version);
        store.delete(tenant, id, version).await.map_err(|fault| match fault {
            Fault::Conflict(_) => changed(id, version),
            other => other,
        })?;
    }
    // Of one that is gone nobody knows whether its keys had secrets.
    let signs = kept.as_ref().is_none_or(|it| it.document.from.keys() == Keys::Access);
    let keys = store.keys(tenant, id).await?;
    let gone = keys.iter().map(|key| forget(store, secrets, tenant, &key.fingerprint, signs));
    // Each to its end: one that cannot be revoked now keeps no other.
    join_all(gone).await.into_iter().collect::<Result<(), Fault>>()?;
    Ok(kept)
}

/// Makes a key for a source from 256 fresh random bits. A secret that requests are signed with has to be read
/// again to verify them, so it is kept, encrypted; of a write key only the fingerprint is.
///
/// # Errors
/// `NotFound`; `Invalid` when its kind has no keys; `Conflict` when it has [`MAX_KEYS`];
/// `Unavailable` or `Throttled`.
pub async fn grant(
    store: &impl Sources,
    secrets: &impl SecretKeeper,
    clock: &impl Clock,
    tenant: &TenantId,
    id: &SourceId,
    random: &[u8; 32],
) -> Result<Fresh, Fault> {
    let (stored, keys) = try_join!(store.get(tenant, id), store.keys(tenant, id))?;
    let stored = stored.ok_or_else(|| missing(id))?;
    let kind = stored.document.from.keys();
    if kind == Keys::None {
        let message = format!("`{}` takes no write key", stored.document.from.as_str());
        return Err(Fault::invalid("from", message));
    }
    if keys.len() >= MAX_KEYS {
        let message = format!("the source `{id}` has {MAX_KEYS} keys; revoke one first");
        return Err(Fault::Conflict(message));
    }
    let signed = kind == Keys::Access;
    let credential = (!signed).then(|| Credential::generate(tenant.clone(), random));
    let pair = signed.then(|| AccessKey::generate(tenant.clone(), random));
    let written = credential.as_ref().map(Credential::fingerprint);
    let fingerprint = written.or_else(|| pair.as_ref().map(|(key, _)| key.fingerprint()));
    let key = Granted { fingerprint: fingerprint.unwrap_or_default(), created_at: clock.now() };
    if let Some((_, secret)) = &pair {
        // First: a secret that no key names is of no use to anybody.
        let name = access_secret(&key.fingerprint);
        secrets.keep(tenant, &name, &Secret::new(secret.as_str())).await?;
    }
    let (tenant, source) = (tenant.clone(), Some(id.clone()));
    let principal = Principal { tenant, role: Role::Source, email: None, source };
    store.grant(&principal, id, &key).await?;
    let (access_key_id, secret_access_key) =
        pair.map(|(key, secret)| (key.reveal(), secret)).unzip();
    let write_key = credential.as_ref().map(Credential::reveal);
    Ok(Fresh { shown: key.shown(), write_key, access_key_id, secret_access_key })
}

/// The name of the secret that the access key with this fingerprint signs with.
#[must_use]
pub fn access_secret(fingerprint: &str) -> String {
    format!("{ACCESS_SECRET}{fingerprint}")
}

/// The secret first: a key without it is refused, and found and revoked when that is asked for again.
async fn forget(
    store: &impl Sources,
    secrets: &impl SecretKeeper,
    tenant: &TenantId,
    fingerprint: &str,
    signs: bool,
) -> Result<(), Fault> {
    if signs {
        secrets.forget(tenant, &access_secret(fingerprint)).await?;
    }
    store.revoke(tenant, fingerprint).await
}

/// Revokes the key that is shown as `key`. Functions that have just seen it take it for a minute more.
///
/// # Errors
/// `NotFound` when the source has no such key; `Unavailable` or `Throttled`.
pub async fn revoke(
    store: &impl Sources,
    secrets: &impl SecretKeeper,
    tenant: &TenantId,
    id: &SourceId,
    key: &str,
) -> Result<(), Fault> {
    let (keys, kept) = try_join!(store.keys(tenant, id), store.get(tenant, id))?;
    let found = keys.iter().find(|granted| granted.shown().key == key);
    let none = || Fault::NotFound(format!("the source `{id}` has no key `{key}`"));
    let fingerprint = &found.ok_or_else(none)?.fingerprint;
    let signs = kept.is_none_or(|it| it.document.from.keys() == Keys::Access);
    forget(store, secrets, tenant, fingerprint, signs).await
}

impl Granted {
    fn shown(&self) -> Shown {
        let key = self.fingerprint.chars().take(SHOWN).collect();
        Shown { key, created_at: self.created_at }
    }
}

pub(super) fn missing(id: &SourceId) -> Fault {
    Fault::NotFound(format!("there is no source `{id}`"))
}

fn changed(id: &SourceId, version: u64) -> Fault {
    Fault::Conflict(format!("the source `{id}` is no longer at version {version}; read it again"))
}
