//! The skills that tickets ask for.

use super::super::tickets::{Asked, save, sees, ticket};
use super::values::several;
use crate::api::{Answer, Ask, Call, Refused};
use crate::record::{Record, places};
use crate::routing::{Availability, Skill};
use crate::store::Key;
use crate::ticket::{Ticket, Via};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The ticket that the path names.
pub(super) fn needs(ask: &Ask) -> Vec<Key> {
    let id = ask.segments().nth(2).and_then(|it| it.parse().ok());
    id.map(|id| places::record(Ticket::KIND, id)).into_iter().collect()
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = ticket(call, "ticket_id").await?;
    several(call, ticket.skills.iter().copied())
}

/// Skills that are not there are passed over, as Zendesk does: the answer tells which the ticket has.
pub(super) async fn set(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = ticket(call, "ticket_id").await?;
    let Value::Array(ids) = call.ask.member("attribute_value_ids")? else {
        return Err(Refused::parameter("attribute_value_ids", "must be an array"));
    };
    let asked = Asked::read(json!({"attribute_value_ids": ids}))?;
    let written = save(call, ticket.id.get(), asked, Via::default()).await?;
    several(call, written.ticket.skills.iter().copied())
}

pub(super) async fn fulfilled(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = call.ask.ids("ticket_ids")?;
    let actor = call.actor()?.id();
    let tickets = ids.iter().map(|id| places::record(Ticket::KIND, *id));
    let own = places::record(Availability::KIND, actor.get());
    call.fetch(tickets.chain([own])).await?;
    let known = call.find::<Availability>(actor.get()).await?;
    let has: BTreeSet<_> = known.iter().flat_map(|it| it.skills.keys().copied()).collect();
    let skills = call.account.all::<Skill>()?;
    let mut fulfilled = Vec::new();
    for ticket in call.get_all::<Ticket>(&ids).await? {
        let mut wants = skills.iter().filter(|it| ticket.skills.contains(&it.id));
        if wants.all(|it| has.contains(&it.id)) && sees(call, &ticket).await? {
            fulfilled.push(ticket.id);
        }
    }
    Ok(Answer::ok(json!({"fulfilled_ticket_ids": fulfilled})))
}
