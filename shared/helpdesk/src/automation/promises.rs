//! What is promised of tickets, looked after: what is about to be broken is escalated, what is broken is told.
//!
//! Tickets say themselves what of them is due next, and are found by it through the index, so that no ticket costs a schedule of
//! its own. Two who look at once do nothing twice: each ticket is changed only as it was read.

use super::{Done, each_of, tickets};
use crate::api::{Ask, Desk, Refused, entry};
use crate::routes::tickets::swept;
use crate::search::document::{field, seconds};
use crate::search::{Filter, Finder, Kind};
use ceap_kernel::TenantId;
use serde::Serialize;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Tickets of which something was due.
    pub changed: u64,
    /// Tickets to which it could not be done, which are left to the next time.
    pub left: u64,
}

/// Does what is due of all promises of an account.
///
/// # Errors
/// `Unavailable` or `Throttled`, also while the index is far behind: then it is to be begun again.
pub async fn sweep(desk: &Desk<'_>, tenant: &TenantId) -> Result<Swept, Refused> {
    let ask = Ask::nothing();
    let call = entry::by_itself(desk, tenant, &ask, Vec::new()).await?;
    let finder = Finder::open(&call, &[Kind::Ticket]).await?;
    let due = Filter::number(field::PROMISE_DUE, ..=seconds(call.at));
    let found = tickets(&finder, &due).await?;
    let Done { changed, left } = each_of(found, async |id| swept(&call.anew(), id).await).await?;
    Ok(Swept { changed: changed.len() as u64, left })
}
