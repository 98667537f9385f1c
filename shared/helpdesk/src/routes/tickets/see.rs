//! Which tickets who asks sees.

use crate::access::{Action, Actor, Resource, Restriction, Role};
use crate::api::list::List;
use crate::api::{Call, Refused};
use crate::ids::OrganizationId;
use crate::record::{Home, Kept, Kind, places};
use crate::store::Key;
use crate::ticket::Ticket;

/// The tickets that who asks sees, as far as lists tell; the policies have the last word on each.
///
/// # Errors
/// 401 if nobody who is known asks.
pub fn visible(call: &Call<'_>) -> Result<List, Refused> {
    let actor = call.actor()?;
    Ok(lists(actor).map_or(List::All, List::Of))
}

/// Those of `list` that who asks sees.
///
/// # Errors
/// 401 if nobody who is known asks.
pub fn within(call: &Call<'_>, list: String) -> Result<List, Refused> {
    Ok(match lists(call.actor()?) {
        None => List::named(list),
        Some(seen) => List::Within(list, seen),
    })
}

/// The lists of which an agent sees all; none if it is everything.
fn lists(actor: &Actor) -> Option<Vec<String>> {
    let id = actor.id();
    if matches!(actor.face.role, Role::Admin | Role::TeamLead) {
        return None;
    }
    let mut lists = vec![
        format!("requester/{id}/tickets"),
        format!("ccd/{id}/tickets"),
        format!("followed/{id}/tickets"),
        format!("assignee/{id}/tickets"),
    ];
    match actor.face.restriction {
        Restriction::All => return None,
        Restriction::Groups => {
            lists.extend(actor.group_ids.iter().map(|group| format!("group/{group}/tickets")));
        }
        Restriction::Organization => {
            let organizations = actor.face.organization_ids.iter();
            lists.extend(organizations.map(|it| format!("organization/{it}/tickets")));
        }
        Restriction::Assigned | Restriction::Requested => {}
    }
    Some(lists)
}

/// A ticket that who asks sees. To others there is none.
///
/// # Errors
/// 404 if there is none.
pub async fn ticket(call: &Call<'_>, name: &str) -> Result<Kept<Ticket>, Refused> {
    let ticket = call.get::<Ticket>(call.id(name)?).await?;
    if sees(call, &ticket).await? { Ok(ticket) } else { Err(Refused::NotFound) }
}

/// A ticket that who asks may do this to.
///
/// # Errors
/// 404 if they do not see it; 403 if they may not.
pub async fn ticket_to(
    call: &Call<'_>,
    name: &str,
    action: Action,
) -> Result<Kept<Ticket>, Refused> {
    let ticket = ticket(call, name).await?;
    call.require(action, Resource::Ticket(&ticket, false))?;
    Ok(ticket)
}

/// Whether who asks sees a ticket.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn sees(call: &Call<'_>, ticket: &Ticket) -> Result<bool, Refused> {
    if call.may(Action::ReadTicket, Resource::Ticket(ticket, false))? {
        return Ok(true);
    }
    let of_theirs = |actor: &Actor| {
        ticket.organization_id.is_some_and(|it| actor.face.organization_ids.contains(&it))
    };
    if !of_theirs(call.actor()?) || !shares(call, ticket.organization_id).await? {
        return Ok(false);
    }
    call.may(Action::ReadTicket, Resource::Ticket(ticket, true))
}

/// Where organizations are kept.
const ORGANIZATION: Kind = Kind {
    name: "ORGANIZATION",
    singular: "organization",
    plural: "organizations",
    home: Home::Many,
};

/// Whether an organization lets its people see its tickets.
async fn shares(call: &Call<'_>, id: Option<OrganizationId>) -> Result<bool, Refused> {
    let Some(id) = id else { return Ok(false) };
    let item = call.item(&organization(id.get())).await?;
    let record = item.and_then(|it| serde_json::from_str::<serde_json::Value>(&it.body).ok());
    Ok(record.is_some_and(|it| it.get("shared_tickets") == Some(&serde_json::Value::Bool(true))))
}

/// Where an organization is kept.
#[must_use]
pub fn organization(id: u64) -> Key {
    places::record(ORGANIZATION, id)
}
