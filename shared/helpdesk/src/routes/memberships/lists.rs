//! Lists of memberships.

use super::{Found, find, reference, shown, whose};
use crate::access::{Action, Resource};
use crate::api::list::{self, List};
use crate::api::{Answer, Call, Page, Paging, Refused};
use crate::ids::{OrganizationId, UserId};
use crate::organization::Organization;
use crate::record::{Kept, places};
use crate::user::membership::MEMBERSHIPS;
use crate::user::{OrganizationMembership, User};
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Row = (UserId, OrganizationMembership);

/// All of them; to end-users, their own.
pub(super) async fn all(call: &Call<'_>) -> Result<Answer, Refused> {
    let actor = call.actor()?;
    if !actor.is_agent() {
        let own = call.get::<User>(actor.id().get()).await?;
        return of(call, &own).await;
    }
    call.require(Action::ReadOrganizations, Resource::Account)?;
    let page = list::items(call, &places::list(MEMBERSHIPS), "", false).await?;
    let placed: Vec<_> =
        page.records.iter().filter_map(|it| OrganizationMembership::placed(&it.key.sort)).collect();
    let people = placed.iter().map(|(_, _, user)| User::key(*user));
    let organizations = placed.iter().map(|(_, organization, _)| Organization::key(*organization));
    call.fetch(people.chain(organizations)).await?;
    let mut rows = Vec::new();
    for (id, _, user) in placed {
        let Some(user) = call.find::<User>(user.get()).await? else { continue };
        let membership = user.memberships.iter().find(|it| it.id == id).cloned();
        rows.extend(membership.map(|it| (user.id, it)));
    }
    let Page { ends, more, count, paging, .. } = page;
    told(call, Page { records: rows, ends, more, count, paging }).await
}

/// Those of an organization, by person; to end-users, their own.
pub(super) async fn of_organization(call: &Call<'_>) -> Result<Answer, Refused> {
    let organization = call.get::<Organization>(call.id("organization_id")?).await?.id;
    let actor = call.actor()?;
    if !actor.is_agent() {
        return Err(Refused::Forbidden);
    }
    if !actor.face.organization_ids.contains(&organization) {
        call.require(Action::ReadOrganizations, Resource::Account)?;
    }
    let people = List::named(format!("organization/{organization}/users"));
    let page = list::page::<User>(call, &people, false).await?;
    let row = |user: Kept<User>| {
        let membership = user.memberships.iter().find(|it| it.organization_id == organization);
        membership.map(|it| (user.id, it.clone()))
    };
    let Page { records, ends, more, count, paging } = page;
    let records = records.into_iter().filter_map(row).collect();
    told(call, Page { records, ends, more, count, paging }).await
}

/// Those of somebody.
pub(super) async fn of_user(call: &Call<'_>) -> Result<Answer, Refused> {
    let id = call.id("user_id")?;
    let actor = call.actor()?;
    if !actor.is_agent() && actor.id().get() != id {
        return Err(Refused::Forbidden);
    }
    let user = call.get::<User>(id).await?;
    call.require(Action::ReadUser, Resource::Person(&user))?;
    of(call, &user).await
}

/// The default one first, the others by their organizations' names.
pub(super) async fn of(call: &Call<'_>, user: &User) -> Result<Answer, Refused> {
    let mut rows: Vec<Row> = user.memberships.iter().map(|it| (user.id, it.clone())).collect();
    let organizations = organizations(call, &rows).await?;
    let name = |it: &OrganizationMembership| {
        organizations.get(&it.organization_id).map(|it| it.name.to_lowercase())
    };
    rows.sort_by_key(|(_, it)| (!it.default, name(it)));
    let ranked = (0_u64..).zip(rows).map(|(at, it)| (places::rank(at), it)).collect();
    told(call, Page::cut(Paging::of(call.ask)?, ranked)).await
}

async fn organizations(
    call: &Call<'_>,
    rows: &[Row],
) -> Result<BTreeMap<OrganizationId, Kept<Organization>>, Refused> {
    let mut ids: Vec<u64> = rows.iter().map(|(_, it)| it.organization_id.get()).collect();
    ids.sort_unstable();
    ids.dedup();
    let all = call.get_all::<Organization>(&ids).await?;
    Ok(all.into_iter().map(|it| (it.id, it)).collect())
}

/// A page, with what the organizations are called.
async fn told(call: &Call<'_>, page: Page<Row>) -> Result<Answer, Refused> {
    let organizations = organizations(call, &page.records).await?;
    let page = page.map(|(user, it)| {
        let organization = organizations.get(&it.organization_id).map(|it| &it.record);
        shown(call, user, &it, organization)
    });
    Ok(Answer::ok(page.envelope(call.ask, "organization_memberships")))
}

/// One membership, under its name.
pub(super) async fn one(
    call: &Call<'_>,
    user: UserId,
    membership: &OrganizationMembership,
) -> Result<Value, Refused> {
    let organization = call.find::<Organization>(membership.organization_id.get()).await?;
    let organization = organization.as_ref().map(|it| &it.record);
    Ok(json!({"organization_membership": shown(call, user, membership, organization)}))
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    if call.variable("user_id").is_empty() {
        let of = reference(call).await?;
        call.fetch([User::key(of.id), Organization::key(of.organization_id)]).await?;
    }
    let Found { user, membership } = find(call, whose(call).await?).await?;
    Ok(Answer::ok(one(call, user.id, &membership).await?))
}
