//! The API of schemas.

use crate::http::{Call, Reply};
use ceap_engagement::history::History;
use ceap_engagement::schema::SchemaDocument;
use ceap_engagement::schema::registry::{self, List, SchemaKeeper};
use ceap_engagement::template::library::if_match;
use ceap_kernel::access::Role;
use ceap_kernel::{Fault, SystemClock};

/// A tenant's schemas, and the events that suggest some.
#[derive(Debug)]
pub struct SchemaApi<K, H> {
    keeper: K,
    lake: H,
}

impl<K: SchemaKeeper, H: History> SchemaApi<K, H> {
    /// Kept in `keeper`, suggested of `lake`.
    #[must_use]
    pub const fn new(keeper: K, lake: H) -> Self {
        Self { keeper, lake }
    }

    /// Answers a call.
    ///
    /// # Errors
    /// `Forbidden` for a role that may not; `Invalid`, naming the place; `NotFound`; `Conflict` when
    /// another version is kept; `Unavailable` or `Throttled`.
    pub async fn answer(&self, call: &Call) -> Result<Reply, Fault> {
        let (tenant, keeper, clock) = (&call.principal.tenant, &self.keeper, SystemClock);
        let kind = call.path("type").unwrap_or_default();
        match call.route().as_str() {
            "GET /v1/schemas" => {
                call.require(Role::may_read_customers)?;
                Reply::json(200, &List { schemas: keeper.list(tenant).await? })
            }
            "GET /v1/schemas/{type}" => {
                call.require(Role::may_read_customers)?;
                let version = call.query("version").map(|it| it.parse().map_err(|_| wrong()));
                let version = version.transpose()?;
                Reply::json(200, &registry::get(keeper, tenant, &kind, version).await?)
            }
            "GET /v1/schemas/{type}/suggestion" => {
                call.require(Role::may_read_customers)?;
                Reply::json(200, &registry::suggest(&self.lake, &clock, tenant, &kind).await?)
            }
            "PUT /v1/schemas/{type}" => {
                call.require(Role::may_send)?;
                let document: SchemaDocument = call.json("schema")?;
                let named = if_match(call.header("if-match"))?;
                let kept = registry::put(keeper, &clock, tenant, &kind, document, named).await?;
                Reply::json(if kept.version == 1 { 201 } else { 200 }, &kept)
            }
            "DELETE /v1/schemas/{type}" => {
                call.require(Role::may_send)?;
                let named = if_match(call.header("if-match"))?;
                registry::delete(keeper, tenant, &kind, named).await?;
                Ok(Reply::empty())
            }
            other => Err(Fault::NotFound(format!("there is no {other}"))),
        }
    }
}

fn wrong() -> Fault {
    Fault::invalid("version", "must be a version's number")
}
