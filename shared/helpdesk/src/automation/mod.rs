//! What time brings about. Automations: each hour, in their order, on all tickets that meet their conditions
//! ([about automations](https://support.zendesk.com/hc/en-us/articles/4408835801114)).
//!
//! An hour is done once. Its conditions are asked as of the full hour, so that a ticket for which something has been so for
//! exactly so many hours is one of one hour alone. Hours that were missed are caught up, each as of its own time. Who dies
//! in the midst of one leaves it to the next; what it did is remembered with each ticket, and not done again.

mod duty;
mod hours;
mod promises;

pub use duty::{Clockwork, Duty};
pub use promises::{Swept, sweep};

use crate::api::{Ask, Call, Desk, Refused, entry};
use crate::ids::TicketId;
use crate::routes::tickets::automated;
use crate::rule::{Automation, Order};
use crate::search::document::field;
use crate::search::{Filter, Finder, Kind, Looking, Search, Sort};
use crate::ticket::Status;
use ceap_kernel::{Fault, TenantId, Timestamp};
use futures::stream::{self, StreamExt};
use hours::Hours;
use serde::Serialize;
use std::collections::BTreeSet;

/// Places that are found at once.
const PAGE: usize = 10_000;

/// Tickets that are worked on at once.
const AT_ONCE: usize = 16;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Ran {
    /// Hours.
    pub hours: u32,
    /// Tickets that were changed.
    pub changed: u64,
    /// Tickets to which it could not be done: others kept changing them, or they cannot be as they would.
    pub left: u64,
}

/// Does the automations of an account for each full hour that is not done yet.
///
/// # Errors
/// `Unavailable` or `Throttled`, also while the index is far behind: then it is to be begun again, and goes on where it
/// stopped. `Unavailable` too while somebody else is at it.
pub async fn run(desk: &Desk<'_>, tenant: &TenantId) -> Result<Ran, Refused> {
    let ask = Ask::nothing();
    let call = entry::by_itself(desk, tenant, &ask, vec![Hours::key()]).await?;
    let mut run = None;
    let mut ran = Ran::default();
    while let Some(hour) = Hours::begin(&call).await? {
        if let Err(refused) = work(&call, &mut run, hour, &mut ran).await {
            // Whoever comes next need not wait. If that cannot be written either, they wait a while.
            let _ = Hours::leave(&call).await;
            return Err(refused);
        }
        Hours::end(&call, hour).await?;
        ran.hours = ran.hours.saturating_add(1);
    }
    Ok(ran)
}

/// Tickets as they are found at the beginning of a run, and those that it changed since: they may meet what they did not
/// meet before, and the index need not know of them.
struct Run {
    finder: Finder,
    touched: BTreeSet<TicketId>,
}

async fn work(
    call: &Call<'_>,
    run: &mut Option<Run>,
    hour: i64,
    ran: &mut Ran,
) -> Result<(), Refused> {
    let all = Automation::in_use(&call.account)?;
    if all.is_empty() {
        return Ok(());
    }
    let run = match run {
        Some(run) => run,
        None => {
            let finder = Finder::open(call, &[Kind::Ticket]).await?;
            run.insert(Run { finder, touched: BTreeSet::new() })
        }
    };
    for automation in all {
        each(call, run, &automation, hour, ran).await?;
    }
    Ok(())
}

/// Does one automation for an hour.
async fn each(
    call: &Call<'_>,
    run: &mut Run,
    automation: &Automation,
    hour: i64,
    ran: &mut Ran,
) -> Result<(), Refused> {
    let looking = Looking::of(&call.account, call.actor()?, at(hour)?)?;
    let found = run.found(&looking, automation).await?;
    let Done { changed, left } =
        each_of(found, async |id| automated(&call.anew(), &looking, (id, hour), automation).await)
            .await?;
    ran.changed = ran.changed.saturating_add(changed.len() as u64);
    ran.left = ran.left.saturating_add(left);
    run.touched.extend(changed);
    Ok(())
}

/// What became of tickets.
pub(crate) struct Done {
    /// Those to which something was done.
    pub changed: Vec<TicketId>,
    /// How many to which it could not be done.
    pub left: u64,
}

/// Does something to each of these tickets, several at once. One to which it cannot be done is left: it keeps no other from
/// its own.
pub(crate) async fn each_of(
    tickets: BTreeSet<TicketId>,
    act: impl AsyncFn(TicketId) -> Result<bool, Refused>,
) -> Result<Done, Refused> {
    let outcomes = stream::iter(tickets).map(async |id| (id, act(id).await));
    let outcomes: Vec<(TicketId, Result<bool, Refused>)> =
        outcomes.buffer_unordered(AT_ONCE).collect().await;
    let mut done = Done { changed: Vec::new(), left: 0 };
    for (id, outcome) in outcomes {
        match outcome {
            Ok(true) => done.changed.push(id),
            Ok(false) => {}
            Err(Refused::Fault(fault)) if fault.retryable() => return Err(fault.into()),
            Err(_) => done.left = done.left.saturating_add(1),
        }
    }
    Ok(done)
}

impl Run {
    /// The tickets that may meet an automation's conditions: whether each does is asked of it again.
    async fn found(
        &self,
        looking: &Looking,
        automation: &Automation,
    ) -> Result<BTreeSet<TicketId>, Refused> {
        let open = !Filter::is(field::STATUS, Status::Closed.as_str());
        let filter = Filter::all([looking.found(&automation.conditions), open]);
        let mut found = tickets(&self.finder, &filter).await?;
        found.extend(&self.touched);
        Ok(found)
    }
}

/// All tickets that are found.
pub(crate) async fn tickets(
    finder: &Finder,
    filter: &Filter,
) -> Result<BTreeSet<TicketId>, Refused> {
    let sort = Sort::by_number(field::ID, Order::Asc);
    let mut found = BTreeSet::new();
    let mut after = None;
    loop {
        let (backward, after_place) = (false, after.as_ref());
        let search = Search { filter, sort: &sort, backward, after: after_place, most: PAGE };
        let hits = finder.find(search).await?;
        found.extend(hits.places.iter().filter_map(|it| TicketId::new(it.id)));
        if hits.places.len() < PAGE {
            return Ok(found);
        }
        after = hits.places.into_iter().next_back();
    }
}

/// The time of a full hour.
fn at(hour: i64) -> Result<Timestamp, Fault> {
    Timestamp::from_second(hour.saturating_mul(3_600))
        .map_err(|error| Fault::Internal(error.to_string()))
}
