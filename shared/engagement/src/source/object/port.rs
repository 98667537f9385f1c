//! Where objects lie, and where is kept what became of them.

use super::plan::{PartState, Plan};
use super::record::Object;
use ceap_kernel::{Fault, ObjectId, SourceId, TenantId};
use std::collections::BTreeMap;

/// What S3 knows of an object without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Bytes.
    pub size: u64,
    /// Its content's digest, as S3 says it, without quotes.
    pub etag: String,
    /// `Content-Encoding`, as whoever put it there said.
    pub content_encoding: Option<String>,
}

/// Reads objects of the drop bucket.
#[allow(async_fn_in_trait)]
pub trait ObjectFiles {
    /// What is known of an object, if it is there.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn head(&self, key: &str) -> Result<Option<Head>, Fault>;

    /// The `length` bytes from `from` on, all of them, of the content that has this `etag`.
    ///
    /// # Errors
    /// `NotFound` when there is no such content any more; `Unavailable` or `Throttled`.
    async fn read(&self, key: &str, etag: &str, from: u64, length: u64) -> Result<Vec<u8>, Fault>;
}

/// An object as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The object.
    pub object: Object,
    /// Counts up with each change, 1 at first.
    pub revision: u64,
}

/// A part's state as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPart {
    /// The state.
    pub state: PartState,
    /// Counts up with each change, 1 at first.
    pub revision: u64,
}

/// Keeps what became of objects.
#[allow(async_fn_in_trait)]
pub trait ObjectStore {
    /// Keeps a new object, unless there is one of its id; the one that is kept.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn create(&self, object: &Object) -> Result<Kept, Fault>;

    /// The object, if there is one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn get(&self, tenant: &TenantId, id: &ObjectId) -> Result<Option<Kept>, Fault>;

    /// Replaces an object that still has `revision`.
    ///
    /// # Errors
    /// `Conflict` when it has not; `Unavailable` or `Throttled`.
    async fn save(&self, object: &Object, revision: u64) -> Result<(), Fault>;

    /// At most `limit` objects of a source, newest first, from after `cursor` on; and where the next
    /// page begins, if there is one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn list(
        &self,
        tenant: &TenantId,
        source: &SourceId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Object>, Option<String>), Fault>;

    /// An object's plan, as far as it is made.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn plan(&self, tenant: &TenantId, id: &ObjectId) -> Result<Option<Plan>, Fault>;

    /// Keeps an object's plan in place of the one before.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn keep_plan(&self, object: &Object, plan: &Plan) -> Result<(), Fault>;

    /// How far a part was read, if it was begun.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn part(
        &self,
        tenant: &TenantId,
        id: &ObjectId,
        part: u32,
    ) -> Result<Option<KeptPart>, Fault>;

    /// Keeps how far a part was read, if it still has `revision`; 0 for one that was not begun.
    ///
    /// # Errors
    /// `Conflict` when another works on it, too; `Unavailable` or `Throttled`.
    async fn keep_part(
        &self,
        object: &Object,
        part: u32,
        state: &PartState,
        revision: u64,
    ) -> Result<(), Fault>;

    /// How far the parts were read that were begun.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn parts(
        &self,
        tenant: &TenantId,
        id: &ObjectId,
    ) -> Result<BTreeMap<u32, PartState>, Fault>;
}

/// Times a change is made anew when another was made meanwhile.
const ATTEMPTS: usize = 5;

/// Changes an object as it is kept now; the object after it. `None` changes nothing.
///
/// # Errors
/// `NotFound` when there is none; `Conflict`, `Unavailable` or `Throttled`.
pub async fn change(
    store: &impl ObjectStore,
    tenant: &TenantId,
    id: &ObjectId,
    step: impl Fn(Object) -> Option<Object>,
) -> Result<Object, Fault> {
    let mut last = Fault::Conflict("the object kept changing".to_owned());
    for _ in 0..ATTEMPTS {
        let Kept { object, revision } = store.get(tenant, id).await?.ok_or_else(unknown)?;
        let Some(after) = step(object.clone()) else { return Ok(object) };
        if after == object {
            return Ok(object);
        }
        match store.save(&after, revision).await {
            Ok(()) => return Ok(after),
            Err(fault @ Fault::Conflict(_)) => last = fault,
            Err(fault) => return Err(fault),
        }
    }
    Err(last)
}

pub(super) fn unknown() -> Fault {
    Fault::NotFound("there is no such object".to_owned())
}
