//! What time brings about of routing.

use super::{Availability, Passed, RoutingSettings, loads, pass_through};
use crate::api::{Ask, Call, Desk, Refused, entry, list};
use crate::automation::{each_of, tickets};
use crate::record::Kept;
use crate::routes::tickets::{adopt, take_back};
use crate::search::document::field;
use crate::search::{Filter, Finder, Kind};
use crate::ticket::Status;
use ceap_kernel::{TenantId, Timestamp};
use futures::stream::{self, StreamExt};
use serde::Serialize;

/// Seconds after which nobody is still at a request that does not know yet that routing was turned on: the gateway ends it
/// after 30.
const SETTLED_S: i64 = 60;

/// The same of whatever nobody waits for: Lambda ends it after 15 minutes.
const ENDED_S: i64 = 20 * 60;

/// Tickets that are looked at for who could be given them.
const MOST: usize = 20_000;

/// Agents whose tickets are taken back at once.
const AT_ONCE: usize = 16;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tended {
    /// Tickets that were there before routing was turned on, of which it knows by now.
    pub adopted: u64,
    /// Tickets that were taken back from agents who are not there.
    pub returned: u64,
    /// Tickets that were given to agents.
    pub given: u64,
    /// Tickets to which it could not be done, which are left to the next time.
    pub left: u64,
}

/// Does what is due of an account's routing: each minute.
///
/// # Errors
/// `Unavailable` or `Throttled`, also while the index is far behind: then it is to be begun again.
pub async fn tend(desk: &Desk<'_>, tenant: &TenantId) -> Result<Tended, Refused> {
    let ask = Ask::nothing();
    let call = entry::by_itself(desk, tenant, &ask, Vec::new()).await?;
    let settings = call.account.all::<RoutingSettings>()?;
    let mut tended = Tended::default();
    let Some(settings) = settings.first().filter(|it| it.enabled) else { return Ok(tended) };
    if wanted(settings, call.at) {
        known(&call, settings, &mut tended).await?;
    }
    if settings.reassign {
        returned(&call, settings.reassign_after_minutes, &mut tended).await?;
    }
    let Passed { given, left } = pass_through(desk, tenant, MOST).await?;
    (tended.given, tended.left) = (given, tended.left.saturating_add(left));
    Ok(tended)
}

/// Whether to look for tickets of which routing does not know: once nobody writes any more who does not know that it was turned
/// on, first in answer to requests, then at all.
fn wanted(settings: &RoutingSettings, now: Timestamp) -> bool {
    let Some(enabled_at) = settings.enabled_at else { return false };
    let since = |at: Timestamp| at.as_second().saturating_sub(enabled_at.as_second());
    let due = if since(now) >= ENDED_S { ENDED_S } else { SETTLED_S };
    since(now) >= due && settings.adopted_at.is_none_or(|at| since(at) < due)
}

/// Has routing know of all tickets that were there before it was turned on: until then agents would be taken to have less to
/// do than they have.
async fn known(
    call: &Call<'_>,
    settings: &Kept<RoutingSettings>,
    tended: &mut Tended,
) -> Result<(), Refused> {
    let finder = Finder::open(call, &[Kind::Ticket]).await?;
    let active = [Status::New, Status::Open].map(Status::as_str);
    let found = tickets(&finder, &Filter::is_any(field::STATUS, active)).await?;
    let done = each_of(found, async |id| adopt(&call.anew(), id).await).await?;
    tended.adopted = done.changed.len() as u64;
    tended.left = done.left;
    if done.left > 0 {
        return Ok(());
    }
    let after = RoutingSettings { adopted_at: Some(call.at), ..settings.record.clone() };
    match call.anew().change(settings, &after).await {
        // Whoever changed them has it looked at again.
        Ok(()) | Err(Refused::Conflict) => Ok(()),
        Err(refused) => Err(refused),
    }
}

/// Takes open tickets back from agents who have not been there for so many minutes.
async fn returned(call: &Call<'_>, minutes: u32, tended: &mut Tended) -> Result<(), Refused> {
    let all = list::whole::<Availability>(call).await?.into_iter();
    let absent = all.filter(|it| it.absent_for(minutes, call.at));
    let each = absent.map(|it| relieved(call, it));
    let each: Vec<Result<(u64, u64), Refused>> =
        stream::iter(each).buffer_unordered(AT_ONCE).collect().await;
    for one in each {
        let (returned, left) = one?;
        tended.returned = tended.returned.saturating_add(returned);
        tended.left = tended.left.saturating_add(left);
    }
    Ok(())
}

/// Takes an agent's open tickets back, one after the other, since each is to find them still absent: how many, and how many it
/// could not be done to.
async fn relieved(call: &Call<'_>, agent: Kept<Availability>) -> Result<(u64, u64), Refused> {
    let (mut returned, mut left) = (0_u64, 0_u64);
    for (_, id) in loads(call, Some(agent.agent_id)).await?.tickets() {
        match take_back(&call.anew(), id, &agent).await {
            Ok(true) => returned = returned.saturating_add(1),
            Ok(false) => {}
            Err(Refused::Fault(fault)) if fault.retryable() => return Err(fault.into()),
            Err(_) => left = left.saturating_add(1),
        }
    }
    Ok((returned, left))
}
