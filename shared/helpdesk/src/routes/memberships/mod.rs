//! Who belongs to which organization
//! ([organization memberships](https://developer.zendesk.com/api-reference/ticketing/organizations/organization_memberships/)).

mod lists;
mod write;

use super::organizations::tickets_left;
use crate::access::Action::{ListTickets, ReadOrganizations};
use crate::api::{Ask, Call, Guard, Refused, Route};
use crate::ids::{OrganizationId, UserId};
use crate::organization::Organization;
use crate::record::{Kept, places};
use crate::routes;
use crate::store::Key;
use crate::user::{OrganizationMembership, User};
use serde::Deserialize;
use serde_json::{Value, json};

/// Who belongs to which organization.
pub const ROUTES: &[Route] = routes![
    GET "/organization_memberships" Guard::Known => lists::all, "Lists who belongs to which organization";
    POST "/organization_memberships" Guard::Agents, needs write::needs => write::create, "Puts somebody into an organization";
    POST "/organization_memberships/create_many" Guard::Agents => write::create_many, "Puts several people into organizations";
    DELETE "/organization_memberships/destroy_many" Guard::Agents => write::destroy_many, "Takes several people out of organizations";
    POST "/organization_memberships/tickets" Guard::Step(ListTickets) => tickets_left, "A step of taking somebody out of an organization";
    GET "/organization_memberships/{id}" Guard::May(ReadOrganizations), needs named => lists::show, "Shows that somebody belongs to an organization";
    DELETE "/organization_memberships/{id}" Guard::Agents, needs named => write::delete, "Takes somebody out of an organization";
];

/// The organizations that somebody belongs to.
pub const OF_USERS: &[Route] = routes![
    GET "/users/{user_id}/organization_memberships" Guard::Known => lists::of_user, "Lists to which organizations somebody belongs";
    POST "/users/{user_id}/organization_memberships" Guard::Agents, needs write::needs => write::create, "Puts somebody into an organization";
    GET "/users/{user_id}/organization_memberships/{id}" Guard::May(ReadOrganizations) => lists::show, "Shows that somebody belongs to an organization";
    DELETE "/users/{user_id}/organization_memberships/{id}" Guard::Agents => write::delete, "Takes somebody out of an organization";
    PUT "/users/{user_id}/organization_memberships/{id}/make_default" Guard::Agents => write::make_default, "Makes an organization the default one of somebody";
    DELETE "/users/{user_id}/organizations/{organization_id}" Guard::Agents => write::delete, "Takes somebody out of an organization";
    PUT "/users/{user_id}/organizations/{organization_id}/make_default" Guard::Agents => write::make_default, "Makes an organization the default one of somebody";
];

/// Who belongs to an organization.
pub const OF_ORGANIZATIONS: &[Route] = routes![
    GET "/organizations/{organization_id}/organization_memberships" Guard::Known => lists::of_organization, "Lists who belongs to an organization";
];

/// What a membership is looked up as.
const MEMBERSHIP: &str = "organization_membership";

/// Whose membership it is, and of what.
#[derive(Deserialize)]
struct Reference {
    id: UserId,
    organization_id: OrganizationId,
}

/// Where it is told whose membership the path names.
fn named(ask: &Ask) -> Vec<Key> {
    let id = ask.segments().nth(1).unwrap_or_default();
    vec![places::unique(MEMBERSHIP, id)]
}

/// Somebody, and one of their memberships.
struct Found {
    user: Kept<User>,
    membership: OrganizationMembership,
}

/// Whose membership the path names, by the person or by its id.
async fn whose(call: &Call<'_>) -> Result<u64, Refused> {
    match call.variable("user_id") {
        "" => Ok(reference(call).await?.id.get()),
        _ => call.id("user_id"),
    }
}

async fn reference(call: &Call<'_>) -> Result<Reference, Refused> {
    let id = call.id("id")?.to_string();
    call.lookup(MEMBERSHIP, &id).await?.ok_or(Refused::NotFound)
}

/// The membership of this person that the path names: by its id, or by its organization.
async fn find(call: &Call<'_>, user: u64) -> Result<Found, Refused> {
    let user = call.get::<User>(user).await?;
    let fits = |it: &&OrganizationMembership| match call.variable("organization_id") {
        "" => it.id.to_string() == call.variable("id"),
        organization => it.organization_id.to_string() == organization,
    };
    let membership = user.memberships.iter().find(fits).cloned().filter(|_| user.active);
    let membership = membership.ok_or(Refused::NotFound)?;
    Ok(Found { user, membership })
}

/// A membership as the API shows it.
fn shown(
    call: &Call<'_>,
    user: UserId,
    membership: &OrganizationMembership,
    organization: Option<&Organization>,
) -> Value {
    json!({
        "url": call.url(&format!("/organization_memberships/{}.json", membership.id)),
        "id": membership.id,
        "user_id": user,
        "organization_id": membership.organization_id,
        "default": membership.default,
        "created_at": membership.created_at,
        "organization_name": organization.map(|it| &it.name),
        "updated_at": membership.updated_at,
        "view_tickets": membership.view_tickets,
    })
}
