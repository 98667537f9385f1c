//! Organizations
//! ([organizations](https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/)).

mod edit;
mod lists;
mod many;
pub mod merges;
mod moving;
mod tags;
mod write;

use super::Shown;
use crate::access::Action::{ManageAccount, ManageOrganizations, ReadOrganizations};
use crate::access::Resource;
use crate::api::{Call, Guard, Refused, Route};
use crate::field::{OrganizationField, profile};
use crate::ids::OrganizationId;
use crate::organization::Organization;
use crate::record::Kept;
use crate::routes;
use futures::try_join;
use serde_json::{Value, json};

pub(super) use moving::left as tickets_left;

/// Organizations.
pub const ROUTES: &[Route] = routes![
    GET "/organizations" Guard::May(ReadOrganizations) => lists::all, "Lists organizations";
    GET "/organizations/count" Guard::May(ReadOrganizations) => lists::count, "Counts organizations";
    GET "/organizations/show_many" Guard::May(ReadOrganizations), needs lists::many_needs => lists::show_many, "Shows several organizations, by ids or external ids";
    GET "/organizations/search" Guard::May(ReadOrganizations), needs lists::search_needs => lists::search, "Finds organizations by external id or name";
    GET "/organizations/autocomplete" Guard::May(ReadOrganizations) => lists::autocomplete, "Finds organizations by how a name begins";
    POST "/organizations/autocomplete" Guard::May(ReadOrganizations) => lists::autocomplete, "Finds organizations by how a name begins";
    POST "/organizations" Guard::May(ManageOrganizations) => write::create, "Adds an organization";
    POST "/organizations/create_or_update" Guard::May(ManageOrganizations), needs write::known_needs => write::create_or_update, "Adds an organization, or changes the one of the same id or external id";
    POST "/organizations/create_many" Guard::May(ManageOrganizations) => many::create, "Adds several organizations";
    PUT "/organizations/update_many" Guard::Agents => many::update, "Changes several organizations, alike or each in its own way";
    DELETE "/organizations/destroy_many" Guard::May(ManageOrganizations) => many::destroy, "Deletes several organizations";
    GET "/organizations/{id}" Guard::Agents => lists::show, "Shows an organization";
    PUT "/organizations/{id}" Guard::Agents => write::update, "Changes an organization";
    DELETE "/organizations/{id}" Guard::May(ManageOrganizations) => write::delete, "Deletes an organization; its people and tickets belong to none then";
    POST "/organizations/{id}/emptied" Guard::Step(ManageOrganizations) => moving::emptied, "A step of deleting an organization";
    GET "/organizations/{id}/related" Guard::Agents => lists::related, "Counts the tickets and people of an organization";
    GET "/organizations/{id}/tags" Guard::Agents => tags::list, "Lists the tags of an organization";
    POST "/organizations/{id}/tags" Guard::May(ManageOrganizations) => tags::set, "Sets the tags of an organization";
    PUT "/organizations/{id}/tags" Guard::May(ManageOrganizations) => tags::add, "Adds tags to an organization";
    DELETE "/organizations/{id}/tags" Guard::May(ManageOrganizations) => tags::remove, "Takes tags from an organization";
];

/// Organizations that go into others.
pub const MERGES: &[Route] = routes![
    POST "/organizations/{id}/merge" Guard::May(ManageAccount) => merges::create, "Merges an organization into another";
    GET "/organizations/{id}/merges" Guard::May(ManageAccount) => merges::list, "Lists the merges of an organization";
    GET "/organization_merges/{merge_id}" Guard::May(ManageAccount) => merges::show, "Shows a merge";
    POST "/organization_merges/{merge_id}/done" Guard::Step(ManageAccount) => merges::done, "A step of a merge";
];

/// Who would be told of an organization's tickets.
pub const SUBSCRIPTIONS: &[Route] = routes![
    GET "/organization_subscriptions" refused "CEAP tells end-users of tickets that they asked for or are in copy of, not of all of their organization's", "Lists organization subscriptions";
    POST "/organization_subscriptions" refused "CEAP tells end-users of tickets that they asked for or are in copy of, not of all of their organization's", "Adds an organization subscription";
    GET "/organization_subscriptions/{id}" refused "CEAP tells end-users of tickets that they asked for or are in copy of, not of all of their organization's", "Shows an organization subscription";
    DELETE "/organization_subscriptions/{id}" refused "CEAP tells end-users of tickets that they asked for or are in copy of, not of all of their organization's", "Deletes an organization subscription";
    GET "/organizations/{id}/subscriptions" refused "CEAP tells end-users of tickets that they asked for or are in copy of, not of all of their organization's", "Lists who subscribes to an organization";
];

/// Organizations of people.
pub const OF_USERS: &[Route] = routes![
    GET "/users/{user_id}/organizations" Guard::Agents => lists::of_user, "Lists the organizations of somebody";
    GET "/users/{user_id}/organizations/count" Guard::Agents => lists::count_of_user, "Counts the organizations of somebody";
    GET "/users/{user_id}/organization_subscriptions" refused "CEAP tells end-users of tickets that they asked for or are in copy of, not of all of their organization's", "Lists the organization subscriptions of somebody";
];

impl Shown for Organization {
    fn shown(&self, call: &Call<'_>) -> Value {
        let fields = call.account.all::<OrganizationField>().unwrap_or_default();
        json!({
            "url": call.url(&format!("/organizations/{}.json", self.id)),
            "id": self.id,
            "name": self.name,
            "shared_tickets": self.shared_tickets,
            "shared_comments": self.shared_comments,
            "external_id": self.external_id,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "domain_names": self.domain_names,
            "details": self.details,
            "notes": self.notes,
            "group_id": self.group_id,
            "tags": self.tags,
            "organization_fields": profile::shown(&fields, &self.organization_fields),
        })
    }
}

/// The organization that the path names, if who asks may see it: agents who are restricted to their organizations see
/// these alone.
async fn organization(call: &Call<'_>) -> Result<Kept<Organization>, Refused> {
    let id = call.id("id")?;
    let own = &call.actor()?.face.organization_ids;
    if !own.iter().any(|it| it.get() == id) {
        call.require(ReadOrganizations, Resource::Account)?;
    }
    call.get::<Organization>(id).await
}

/// The organization that somebody joins who is first known by this address: the first by name of those that have the
/// address itself among their domains, or else its domain
/// ([automatic mapping](https://support.zendesk.com/hc/en-us/articles/4408882246298)).
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn of_address(call: &Call<'_>, email: &str) -> Result<Option<OrganizationId>, Refused> {
    let domain = email.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
    let (exactly, by_domain) =
        try_join!(lists::first_of_domain(call, email), lists::first_of_domain(call, domain))?;
    Ok(exactly.or(by_domain))
}
