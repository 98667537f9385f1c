//! The API of stored templates and partials.

use crate::bootstrap::random;
use crate::desk::MessageDesk;
use crate::http::{Call, Reply};
use ceap_aws::dynamodb::TemplateStore;
use ceap_engagement::template::library::{self, Kind};
use ceap_engagement::template::{Known, preview};
use ceap_engagement::use_case::UseCases;
use ceap_kernel::access::Role;
use ceap_kernel::{Fault, SystemClock, TenantId};

/// Stored templates and partials, and the desk that they are tried at.
#[derive(Debug)]
pub struct Library {
    store: TemplateStore,
    desk: MessageDesk,
}

impl Library {
    /// Of `store`, tried at `desk`.
    #[must_use]
    pub const fn new(store: TemplateStore, desk: MessageDesk) -> Self {
        Self { store, desk }
    }

    /// Answers a call.
    ///
    /// # Errors
    /// `Forbidden` for a role that may not; `Invalid`, naming the field; `NotFound`; `Conflict` when
    /// another version is kept; `Unavailable` or `Throttled`.
    pub async fn answer(&self, call: &Call) -> Result<Reply, Fault> {
        let (route, id) = (call.route(), call.path("id").unwrap_or_default());
        let tenant = &call.principal.tenant;
        match route.split_once(" /v1/").unwrap_or_default() {
            ("GET", rest) => {
                call.require(Role::may_read_customers)?;
                self.read(tenant, kind(rest), &id).await
            }
            ("PUT", rest) => {
                call.require(Role::may_send)?;
                self.keep(call, kind(rest), &id).await
            }
            ("DELETE", rest) => {
                call.require(Role::may_send)?;
                let version = library::if_match(call.header("if-match"))?;
                let known = Known::stored();
                library::delete(&self.store, &known, tenant, kind(rest), &id, version).await?;
                Ok(Reply::empty())
            }
            ("POST", rest) if rest.ends_with("/preview") => {
                call.require(Role::may_read_customers)?;
                self.preview(call, &id).await
            }
            ("POST", _) => {
                call.require(Role::may_send)?;
                let key = call.idempotency_key(random);
                let trial = call.json("test")?;
                let (view, tally) = self.desk.try_out(tenant, &key, &id, trial).await?;
                Ok(Reply::json(202, &view)?.counted(tally))
            }
            _ => Err(Fault::NotFound("there is no such route".to_owned())),
        }
    }

    async fn read(&self, tenant: &TenantId, kind: Kind, id: &str) -> Result<Reply, Fault> {
        if id.is_empty() {
            return Reply::json(200, &library::list(&self.store, tenant, kind).await?);
        }
        Reply::json(200, &library::get(&self.store, tenant, kind, id).await?)
    }

    async fn keep(&self, call: &Call, kind: Kind, id: &str) -> Result<Reply, Fault> {
        let version = library::if_match(call.header("if-match"))?;
        let body = String::from_utf8(call.body()?)
            .map_err(|_| Fault::invalid("body", "must be JSON in UTF-8"))?;
        let (clock, known) = (SystemClock, Known::stored());
        let tenant = &call.principal.tenant;
        let kept =
            library::put(&self.store, &clock, &known, tenant, kind, id, &body, version).await?;
        Reply::json(if kept.version == 1 { 201 } else { 200 }, &kept)
    }

    async fn preview(&self, call: &Call, id: &str) -> Result<Reply, Fault> {
        let tenant = &call.principal.tenant;
        let plan = self.desk.use_cases.plan(tenant).await?;
        let (subjects, addresses) = (&self.desk.subjects, &self.desk.gates.addresses);
        let (settings, request) = (&plan.settings_facts, call.json("preview")?);
        let shown =
            preview::preview(&self.store, subjects, addresses, settings, tenant, id, request);
        Reply::json(200, &shown.await?)
    }
}

fn kind(path: &str) -> Kind {
    if path.starts_with("partials") { Kind::Partial } else { Kind::Template }
}
