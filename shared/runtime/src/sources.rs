//! The API of sources, their write keys, the files of those that take files, and the polls of those that are asked.

use crate::bootstrap::random;
use crate::http::{Call, Reply};
use ceap_engagement::secret::SecretKeeper;
use ceap_engagement::source::library::{self, Sources};
use ceap_engagement::source::object::{ObjectDesk, ObjectStore};
use ceap_engagement::source::poll::{CourseStore, PollDesk, PollSchedules, PollWorkflow, Since};
use ceap_engagement::template::library::if_match;
use ceap_kernel::{Clock, Fault, ObjectId, SourceId};

/// A tenant's sources.
#[derive(Debug)]
pub struct SourceApi<S, X, K, L, W, C, O> {
    desk: PollDesk<S, X, K, L, W, C>,
    objects: ObjectDesk<O>,
}

impl<S, X, K, L, W, C, O> SourceApi<S, X, K, L, W, C, O>
where
    S: Sources,
    X: SecretKeeper,
    K: CourseStore,
    L: PollSchedules,
    W: PollWorkflow,
    C: Clock,
    O: ObjectStore,
{
    /// Kept at this desk, and what became of their files in `objects`.
    #[must_use]
    pub const fn new(desk: PollDesk<S, X, K, L, W, C>, objects: O) -> Self {
        Self { desk, objects: ObjectDesk { objects } }
    }

    /// Answers a call.
    ///
    /// # Errors
    /// `Invalid`, naming the field; `NotFound`; `Conflict` when another version is kept;
    /// `Unavailable` or `Throttled`.
    pub async fn answer(&self, call: &Call) -> Result<Reply, Fault> {
        let tenant = &call.principal.tenant;
        let (store, secrets) = (&self.desk.sources, &self.desk.secrets);
        let version = || if_match(call.header("if-match"));
        match call.route().as_str() {
            "GET /v1/sources" => Reply::json(200, &library::list(store, tenant).await?),
            "GET /v1/sources/{id}" => {
                Reply::json(200, &self.desk.get(tenant, &named(call)?).await?)
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
                let kept = self.desk.put(tenant, &id, &body, version()?).await?;
                Reply::json(if kept.version == 1 { 201 } else { 200 }, &kept)
            }
            "DELETE /v1/sources/{id}" => {
                self.desk.delete(tenant, &named(call)?, version()?).await?;
                Ok(Reply::empty())
            }
            "GET /v1/sources/{id}/polls" => {
                Reply::json(200, &self.desk.polls(tenant, &named(call)?).await?)
            }
            "POST /v1/sources/{id}/poll" => {
                let (id, key) = (named(call)?, call.idempotency_key(random));
                let asked = match call.body()?.is_empty() {
                    true => Since::default(),
                    false => call.json("poll")?,
                };
                Reply::json(202, &self.desk.ask(tenant, &id, asked, &key).await?)
            }
            "POST /v1/sources/{id}/keys" => {
                let id = named(call)?;
                let (random, clock) = (random(), &self.desk.clock);
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
