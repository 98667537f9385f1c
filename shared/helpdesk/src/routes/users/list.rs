//! People in lists.

use super::EXTERNAL;
use crate::access::Role;
use crate::account::{CustomRole, Group, GroupMembership};
use crate::api::list::{self, List};
use crate::api::{Answer, Call, Page, Paging, Refused};
use crate::ids::UserId;
use crate::organization::Organization;
use crate::record::{Kept, Record, places};
use crate::routes::Shown;
use crate::user::User;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;

/// A page of people as it is answered.
pub(super) async fn answer(call: &Call<'_>, page: Page<Kept<User>>) -> Result<Answer, Refused> {
    let page = page.map(|user| user.shown(call));
    Ok(Answer::ok(page.envelope(call.ask, User::KIND.plural)))
}

/// People who are not on a list that the store keeps: their ids are known.
pub(super) async fn cut(call: &Call<'_>, ids: Vec<u64>) -> Result<Answer, Refused> {
    let ranks = ids.into_iter().map(|id| (places::rank(id), id)).collect();
    let page = Page::cut(Paging::of(call.ask)?, ranks);
    let mut users = call.get_all::<User>(&page.records).await?.into_iter();
    let Page { ends, more, count, paging, .. } = page;
    answer(call, Page { records: users.by_ref().collect(), ends, more, count, paging }).await
}

/// Everyone who fits what is asked for.
pub(super) async fn all(call: &Call<'_>) -> Result<Answer, Refused> {
    if let Some(id) = call.ask.query("external_id") {
        return by_external_id(call, id).await;
    }
    let backward = call.ask.query("sort").is_some_and(|sort| sort.starts_with('-'));
    match call.ask.query("sort").map(|sort| sort.trim_start_matches('-')) {
        None | Some("" | "id" | "created_at") => {}
        Some(_) => return Err(Refused::parameter("sort", "must be id or created_at")),
    }
    match wanted(call)? {
        Some(list) => answer(call, list::page(call, &list, backward).await?).await,
        None => cut(call, Vec::new()).await,
    }
}

/// How many they are.
pub(super) async fn count(call: &Call<'_>) -> Result<Answer, Refused> {
    let value = match wanted(call)? {
        Some(list) => list::count::<User>(call, &list).await?,
        None => 0,
    };
    Ok(Answer::ok(json!({"count": {"value": value, "refreshed_at": call.at}})))
}

/// Who is known by an external id: nobody, or one.
pub(in crate::routes) async fn by_external_id(
    call: &Call<'_>,
    id: &str,
) -> Result<Answer, Refused> {
    let found = ids_by_external(call, &[id]).await?;
    cut(call, found.into_iter().flatten().collect()).await
}

#[derive(Deserialize)]
struct Reference {
    id: UserId,
}

/// Whom these external ids lead to, in their order.
pub(super) async fn ids_by_external(
    call: &Call<'_>,
    external: &[&str],
) -> Result<Vec<Option<u64>>, Refused> {
    let lower: Vec<String> = external.iter().map(|id| id.to_lowercase()).collect();
    call.fetch(lower.iter().map(|id| places::unique(EXTERNAL, id))).await?;
    let mut ids = Vec::with_capacity(lower.len());
    for id in &lower {
        let found = call.lookup::<Reference>(EXTERNAL, id).await?;
        ids.push(found.map(|it| it.id.get()));
    }
    Ok(ids)
}

/// The list of whom the query asks for by role and custom role (`permission_set`); none if nobody can fit.
fn wanted(call: &Call<'_>) -> Result<Option<List>, Refused> {
    let mut roles = BTreeSet::new();
    let mut customs = BTreeSet::new();
    let words = call.ask.list("role");
    for word in &words {
        match *word {
            "end-user" => roles.insert(Role::EndUser),
            "agent" => roles.insert(Role::TeamLead) & roles.insert(Role::Agent),
            "admin" => roles.insert(Role::Admin),
            name => {
                let all = call.account.all::<CustomRole>()?;
                let found = all.iter().find(|it| it.name.eq_ignore_ascii_case(name));
                found.is_some_and(|role| customs.insert(role.id.get()))
            }
        };
    }
    if let Some(text) = call.ask.query("permission_set").filter(|it| !it.is_empty()) {
        let wrong = || Refused::parameter("permission_set", "must be an integer");
        let id: u64 = text.parse().map_err(|_| wrong())?;
        let agents = words.is_empty() || roles.contains(&Role::Agent) || customs.contains(&id);
        return Ok(agents.then(|| List::named(custom(id))));
    }
    if words.is_empty() {
        return Ok(Some(List::All));
    }
    // Who has a custom role is an agent.
    if roles.contains(&Role::Agent) {
        customs.clear();
    }
    let named = |role: &Role| format!("role/{}/users", role.as_str());
    let of: Vec<String> =
        roles.iter().map(named).chain(customs.iter().map(|id| custom(*id))).collect();
    if roles.contains(&Role::EndUser) && customs.is_empty() {
        let others = [Role::Agent, Role::TeamLead, Role::Admin];
        let but = others.iter().filter(|role| !roles.contains(role)).map(named).collect();
        return Ok(Some(List::Rest { of, but }));
    }
    Ok((!of.is_empty()).then_some(List::Of(of)))
}

fn custom(id: u64) -> String {
    format!("custom_role/{id}/users")
}

/// Those with these ids or external ids.
pub(super) async fn show_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = match call.ask.query("external_ids") {
        Some(_) => named_externally(call).await?.into_iter().flatten().collect(),
        None => call.ask.ids("ids")?,
    };
    let deleted = call.ask.flag("include_deleted");
    let mut users = call.get_all::<User>(&ids).await?;
    users.retain(|user| user.active || deleted);
    let count = u64::try_from(users.len()).ok();
    let paging = Paging::Number { page: 1, per_page: crate::api::page::MOST };
    answer(call, Page { records: users, ends: None, more: false, count, paging }).await
}

/// Whom the query names by external ids.
pub(super) async fn named_externally(call: &Call<'_>) -> Result<Vec<Option<u64>>, Refused> {
    let external = call.ask.list("external_ids");
    if external.is_empty() {
        return Err(Refused::parameter("external_ids", "is required"));
    }
    crate::api::ask::at_most_100("external_ids", external.len())?;
    ids_by_external(call, &external).await
}

/// Who is in a group.
pub(super) async fn in_group(call: &Call<'_>) -> Result<Answer, Refused> {
    cut(call, members(call)?).await
}

/// How many are in a group.
pub(super) async fn count_in_group(call: &Call<'_>) -> Result<Answer, Refused> {
    let value = members(call)?.len();
    Ok(Answer::ok(json!({"count": {"value": value, "refreshed_at": call.at}})))
}

fn members(call: &Call<'_>) -> Result<Vec<u64>, Refused> {
    let id = call.id("group_id")?;
    let group = call.account.find::<Group>(id)?.ok_or(Refused::NotFound)?;
    let all = call.account.all::<GroupMembership>()?;
    let of = all.iter().filter(|it| it.group_id == group.id).map(|it| it.user_id.get());
    let ids: BTreeSet<u64> = of.collect();
    Ok(ids.into_iter().collect())
}

/// Who belongs to an organization.
pub(super) async fn in_organization(call: &Call<'_>) -> Result<Answer, Refused> {
    let people = people_of(call).await?;
    answer(call, list::page(call, &people, false).await?).await
}

/// How many belong to an organization.
pub(super) async fn count_in_organization(call: &Call<'_>) -> Result<Answer, Refused> {
    let people = people_of(call).await?;
    let value = list::count::<User>(call, &people).await?;
    Ok(Answer::ok(json!({"count": {"value": value, "refreshed_at": call.at}})))
}

async fn people_of(call: &Call<'_>) -> Result<List, Refused> {
    let organization = call.get::<Organization>(call.id("organization_id")?).await?;
    Ok(List::named(format!("organization/{}/users", organization.id)))
}
