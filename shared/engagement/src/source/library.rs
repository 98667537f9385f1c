//! A tenant's sources: kept, changed, and let in by write keys of their own.
//!
//! A source has a version that counts up; a change names the version that it is made to (RFC 9110
//! §13.1.1, `If-Match`). Its keys are credentials that name it, so that an event is known to be its,
//! and one that leaked is revoked alone.

use super::document::{SourceDocument, SourceKind};
use ceap_kernel::access::{Credential, Principal, Role};
use ceap_kernel::{Clock, Fault, SignedDuration, SourceId, TenantId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keys of one source: enough to change them one at a time, few enough to look through.
pub const MAX_KEYS: usize = 20;

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

/// A fresh write key. It is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "FreshSourceKey")]
pub struct Fresh {
    /// What it is known by from now on.
    #[serde(flatten)]
    pub shown: Shown,
    /// The key.
    pub write_key: String,
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
    let stored = store.get(tenant, id).await?.ok_or_else(|| missing(id))?;
    let keys = store.keys(tenant, id).await?.iter().map(Granted::shown).collect();
    let problem = store.problem(tenant, id).await?;
    Ok(Read { stored, keys, problem })
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
/// interrupted.
///
/// # Errors
/// `NotFound`; `Conflict` when another version is kept; `Unavailable` or `Throttled`.
pub async fn delete(
    store: &impl Sources,
    tenant: &TenantId,
    id: &SourceId,
    if_match: Option<u64>,
) -> Result<(), Fault> {
    let kept = store.get(tenant, id).await?;
    if let Some(kept) = &kept {
        // First: no key can be made of a source that is gone.
        let version = if_match.unwrap_or(kept.version);
        store.delete(tenant, id, version).await.map_err(|fault| match fault {
            Fault::Conflict(_) => changed(id, version),
            other => other,
        })?;
    }
    for key in store.keys(tenant, id).await? {
        store.revoke(tenant, &key.fingerprint).await?;
    }
    kept.map(|_| ()).ok_or_else(|| missing(id))
}

/// Makes a key for a source from 256 fresh random bits.
///
/// # Errors
/// `NotFound`; `Invalid` when its kind has no keys; `Conflict` when it has [`MAX_KEYS`];
/// `Unavailable` or `Throttled`.
pub async fn grant(
    store: &impl Sources,
    clock: &impl Clock,
    tenant: &TenantId,
    id: &SourceId,
    random: &[u8; 32],
) -> Result<Fresh, Fault> {
    let Read { stored, keys, .. } = get(store, tenant, id).await?;
    if !stored.document.from.has_keys() {
        let message = format!("`{}` takes no write key", stored.document.from.as_str());
        return Err(Fault::invalid("from", message));
    }
    if keys.len() >= MAX_KEYS {
        let message = format!("the source `{id}` has {MAX_KEYS} keys; revoke one first");
        return Err(Fault::Conflict(message));
    }
    let credential = Credential::generate(tenant.clone(), random);
    let key = Granted { fingerprint: credential.fingerprint(), created_at: clock.now() };
    let (tenant, source) = (tenant.clone(), Some(id.clone()));
    let principal = Principal { tenant, role: Role::Source, email: None, source };
    store.grant(&principal, id, &key).await?;
    Ok(Fresh { shown: key.shown(), write_key: credential.reveal() })
}

/// Revokes the key that is shown as `key`. Functions that have just seen it take it for a minute more.
///
/// # Errors
/// `NotFound` when the source has no such key; `Unavailable` or `Throttled`.
pub async fn revoke(
    store: &impl Sources,
    tenant: &TenantId,
    id: &SourceId,
    key: &str,
) -> Result<(), Fault> {
    let keys = store.keys(tenant, id).await?;
    let found = keys.iter().find(|granted| granted.shown().key == key);
    let none = || Fault::NotFound(format!("the source `{id}` has no key `{key}`"));
    store.revoke(tenant, &found.ok_or_else(none)?.fingerprint).await
}

impl Granted {
    fn shown(&self) -> Shown {
        let key = self.fingerprint.chars().take(SHOWN).collect();
        Shown { key, created_at: self.created_at }
    }
}

fn missing(id: &SourceId) -> Fault {
    Fault::NotFound(format!("there is no source `{id}`"))
}

fn changed(id: &SourceId, version: u64) -> Fault {
    Fault::Conflict(format!("the source `{id}` is no longer at version {version}; read it again"))
}
