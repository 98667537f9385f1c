//! The API of sources, their write keys, and the files of those that take files.

use crate::bootstrap::random;
use crate::http::{Call, Reply};
use ceap_engagement::secret::SecretKeeper;
use ceap_engagement::source::library::{self, Sources};
use ceap_engagement::source::object::{ObjectDesk, ObjectStore};
use ceap_engagement::template::library::if_match;
use ceap_kernel::{Fault, ObjectId, SourceId, SystemClock};

/// A tenant's sources.
#[derive(Debug)]
pub struct SourceApi<S, K, O> {
    store: S,
    secrets: K,
    objects: ObjectDesk<O>,
}

impl<S: Sources, K: SecretKeeper, O: ObjectStore> SourceApi<S, K, O> {
    /// Kept in `store`, what their clients sign with in `secrets`, and what became of their files in
    /// `objects`.
    #[must_use]
    pub const fn new(store: S, secrets: K, objects: O) -> Self {
        Self { store, secrets, objects: ObjectDesk { objects } }
    }

    /// Answers a call.
    ///
    /// # Errors
    /// `Invalid`, naming the field; `NotFound`; `Conflict` when another version is kept;
    /// `Unavailable` or `Throttled`.
    pub async fn answer(&self, call: &Call) -> Result<Reply, Fault> {
        let (store, secrets, tenant) = (&self.store, &self.secrets, &call.principal.tenant);
        let version = || if_match(call.header("if-match"));
        match call.route().as_str() {
            "GET /v1/sources" => Reply::json(200, &library::list(store, tenant).await?),
            "GET /v1/sources/{id}" => {
                Reply::json(200, &library::get(store, tenant, &named(call)?).await?)
            }
            "GET /v1/sources/{id}/objects" => {
                let (id, cursor) = (named(call)?, call.query("cursor"));
                Reply::json(200, &self.objects.list(tenant, &id, cursor.as_deref()).await?)
            }
            "GET /v1/sources/{id}/objects/{object}" => {
                let object = ObjectId::new(call.path("object").unwrap_or_default())?;
                Reply::json(200, &self.objects.get(tenant, &named(call)?, &object).await?)
            }
            "PUT /v1/sources/{id}" => {
                let (id, body) = (named(call)?, call.body()?);
                let kept = library::put(store, &SystemClock, tenant, &id, &body, version()?);
                let kept = kept.await?;
                Reply::json(if kept.version == 1 { 201 } else { 200 }, &kept)
            }
            "DELETE /v1/sources/{id}" => {
                library::delete(store, secrets, tenant, &named(call)?, version()?).await?;
                Ok(Reply::empty())
            }
            "POST /v1/sources/{id}/keys" => {
                let id = named(call)?;
                let (random, clock) = (random(), &SystemClock);
                let fresh = library::grant(store, secrets, clock, tenant, &id, &random).await?;
                // What is shown once must not lie in a cache.
                Ok(Reply::json(201, &fresh)?.header("cache-control", "no-store"))
            }
            "DELETE /v1/sources/{id}/keys/{key}" => {
                let key = call.path("key").unwrap_or_default();
                library::revoke(store, secrets, tenant, &named(call)?, &key).await?;
                Ok(Reply::empty())
            }
            other => Err(Fault::NotFound(format!("there is no {other}"))),
        }
    }
}

fn named(call: &Call) -> Result<SourceId, Fault> {
    SourceId::new(call.path("id").unwrap_or_default())
}
