//! What lets tickets be given to agents leads to a pass.

use super::{ROUTED, RoutingSettings};
use crate::account::Remembered;
use crate::api::{Call, Method, Refused};
use crate::job::{self, Step, Waiting};
use crate::record::{Changes, places};
use crate::store::Store;
use crate::ticket::{Audit, What};
use ceap_kernel::{Fault, TenantId};
use serde_json::Value;

/// What is to be done because of these updates of tickets.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn bell(
    store: &dyn Store,
    accounts: &Remembered,
    tenant: &TenantId,
    audits: &[Audit],
) -> Result<Option<Waiting>, Fault> {
    if !audits.iter().any(rings) {
        return Ok(None);
    }
    let stamp = store.get(tenant, &[places::stamp()]).await?;
    let Some(stamp) = stamp.first().and_then(|it| it.body.parse().ok()) else { return Ok(None) };
    let settings = accounts.get(store, tenant, stamp).await?.routing()?;
    Ok(settings.ready().then(|| Waiting::Route { tenant: tenant.clone() }))
}

/// Whether an update changed anything by which tickets are routed. What routing itself gives to agents leads to nothing.
fn rings(audit: &Audit) -> bool {
    let own = audit.via.source.get("rel").and_then(Value::as_str) == Some(ROUTED);
    let changes = |it: &What| matches!(it, What::Create { .. } | What::Change { .. });
    !own && audit.events.iter().any(|it| changes(&it.what))
}

/// Keeps changes by which tickets may come to be given to somebody, and has a pass done soon after.
///
/// # Errors
/// As of a commit of the changes.
pub async fn wake(call: &Call<'_>, changes: Changes) -> Result<(), Refused> {
    let settings: RoutingSettings = call.account.routing()?;
    if !settings.ready() || changes.is_empty() {
        return call.commit(changes).await;
    }
    let pass = Step::new(Method::Post, "/routing/pass", Value::Null);
    job::start_quietly(call, "routing", vec![pass], changes).await
}
