//! What routing does to a ticket: it gives it to an agent, takes it back from one who is not there, and comes to know of it.

use super::super::ticket_rules;
use super::automated::{go_on, go_on_with, untouched};
use super::fire::Acted;
use super::write::after;
use crate::api::{Call, Refused};
use crate::ids::{GroupId, RecordId, TicketId};
use crate::record::{Changes, Kept};
use crate::routing::{Availability, Queue, ROUTED};
use crate::ticket::{self, Edit, Status, Ticket, Via};
use crate::trigger::{Around, Fired};
use serde_json::json;

/// To whom a ticket is given, and why.
#[derive(Debug, Clone, Copy)]
pub struct Receiver<'a> {
    /// To whom, as they were read before what they have to do was counted.
    pub availability: &'a Kept<Availability>,
    /// In which of their groups.
    pub group: GroupId,
    /// Because of which queue, if that is not the standard one.
    pub queue: Option<RecordId>,
}

/// Gives a ticket that waits to an agent, if both are still as they were read. Triggers act on it as on any update. The agent's
/// availability as it is then.
///
/// # Errors
/// `Unavailable` or `Throttled`; 409 if either has changed; 422 if the account's rules are against it.
pub async fn give(
    call: &Call<'_>,
    before: &Kept<Ticket>,
    to: Receiver<'_>,
) -> Result<Kept<Availability>, Refused> {
    let Receiver { availability, group, queue } = to;
    let agent = availability.agent_id;
    let edit =
        Edit { assignee_id: Some(Some(agent)), group_id: Some(Some(group)), ..Edit::default() };
    let mut acted = edited(call, before, edit)?;
    acted.0.ticket.routing.give(call.at);
    let record = Availability { turn: call.new_id(), ..availability.record.clone() };
    let mut beside = Changes::new();
    beside.update(availability, &record)?;
    let queue = match queue {
        Some(id) => call.account.find::<Queue>(id.get())?,
        None => None,
    };
    let from = match queue {
        Some(queue) => json!({"queue_id": queue.id.to_string(), "title": queue.name}),
        None => json!({"title": "Standard queue"}),
    };
    let via = via(&from, ROUTED);
    go_on_with(call, before, acted, via, Around::default(), beside).await?;
    let revision = availability.revision.saturating_add(1);
    Ok(Kept { record, revision })
}

/// Takes a ticket back from an agent who is still not there: its group keeps it, and it waits again. Whether there was anything
/// to take.
///
/// # Errors
/// `Unavailable` or `Throttled`; 409 if somebody else was faster.
pub async fn take_back(
    call: &Call<'_>,
    id: TicketId,
    from: &Kept<Availability>,
) -> Result<bool, Refused> {
    let Some(before) = call.find::<Ticket>(id.get()).await? else { return Ok(false) };
    if before.assignee_id != Some(from.agent_id) || before.status != Status::Open {
        return Ok(false);
    }
    let acted = edited(call, &before, Edit { assignee_id: Some(None), ..Edit::default() })?;
    let mut beside = Changes::new();
    beside.unless_changed(from);
    let status = from.status.as_str();
    let via = via(&json!({"agent_id": from.agent_id}), &format!("agent_{status}"));
    go_on_with(call, &before, acted, via, Around::default(), beside).await?;
    Ok(true)
}

/// Has routing know of a ticket that was there before it was turned on. Whether it did not yet.
///
/// # Errors
/// `Unavailable` or `Throttled`; 409 if somebody else was faster.
pub async fn adopt(call: &Call<'_>, id: TicketId) -> Result<bool, Refused> {
    let Some(before) = call.find::<Ticket>(id.get()).await? else { return Ok(false) };
    let active = matches!(before.status, Status::New | Status::Open);
    if !active || before.routing.is_known() {
        return Ok(false);
    }
    let acted = (Fired::nothing(untouched(call, &before)?.ticket), Vec::new());
    go_on(call, &before, acted, Via::of("rule"), Around::default()).await?;
    Ok(true)
}

/// What an edit by the account's owner makes of a ticket.
fn edited(call: &Call<'_>, before: &Ticket, mut edit: Edit) -> Result<Acted, Refused> {
    let rules = ticket_rules::against(call, &mut edit)?;
    let (agents, by) = (call.account.agents()?, call.actor()?.of_tickets());
    let at = after(before.updated_at, call.at)?;
    let applied = ticket::apply(before, &edit, by, &agents, &rules, at)?;
    Ok((Fired::nothing(applied.ticket), Vec::new()))
}

fn via(from: &serde_json::Value, rel: &str) -> Via {
    let source = json!({"from": from, "to": {}, "rel": rel});
    Via { channel: "rule".to_owned(), source }
}
