//! Lists of organizations, and what tells of one.

use super::super::{Shown, one};
use super::organization;
use crate::access::{Action, Resource};
use crate::api::list::{self, List};
use crate::api::{Answer, Ask, Call, Page, Refused};
use crate::ids::OrganizationId;
use crate::organization::{
    CHANGED, EXTERNAL, NAME, NAMES, Organization, canonical, of_domain, sorted,
};
use crate::record::{Kept, Record, places};
use crate::store::{Key, Range};
use crate::ticket::Ticket;
use crate::user::User;
use futures::try_join;
use serde::Deserialize;
use serde_json::json;

/// All, by id, or as `sort` says.
pub(super) async fn all(call: &Call<'_>) -> Result<Answer, Refused> {
    let sort = call.ask.query("sort").unwrap_or_default();
    let (name, backward) = sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
    let list = match name {
        "name" => List::named(NAMES),
        "updated_at" => List::named(CHANGED),
        _ => List::All,
    };
    let page = list::page::<Organization>(call, &list, backward).await?;
    Ok(told(call, page))
}

fn told(call: &Call<'_>, page: Page<Kept<Organization>>) -> Answer {
    let page = page.map(|it| it.shown(call));
    Answer::ok(page.envelope(call.ask, Organization::KIND.plural))
}

/// Several, as lists without pages have them.
fn several(call: &Call<'_>, all: &[Kept<Organization>]) -> Answer {
    let shown: Vec<_> = all.iter().map(|it| it.shown(call)).collect();
    Answer::ok(json!({
        "organizations": shown,
        "next_page": null,
        "previous_page": null,
        "count": all.len(),
    }))
}

pub(super) async fn count(call: &Call<'_>) -> Result<Answer, Refused> {
    let count = list::count::<Organization>(call, &List::All).await?;
    Ok(counted(call, count))
}

fn counted(call: &Call<'_>, count: u64) -> Answer {
    Answer::ok(json!({"count": {"value": count, "refreshed_at": call.at}}))
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &organization(call).await?.record)))
}

#[derive(Deserialize)]
struct Reference {
    id: OrganizationId,
}

/// The external ids that the query names.
pub(super) fn externals(call: &Call<'_>) -> Result<Vec<String>, Refused> {
    let given = call.ask.list("external_ids");
    if given.is_empty() {
        return Err(Refused::parameter("external_ids", "is required"));
    }
    crate::api::ask::at_most_100("external_ids", given.len())?;
    Ok(given.into_iter().map(str::to_owned).collect())
}

/// The organizations of external ids, in their order.
pub(super) async fn ids_by_external(
    call: &Call<'_>,
    all: &[String],
) -> Result<Vec<Option<u64>>, Refused> {
    call.fetch(all.iter().map(|it| places::unique(EXTERNAL, &canonical(it)))).await?;
    let mut ids = Vec::new();
    for external in all {
        let found = call.lookup::<Reference>(EXTERNAL, &canonical(external)).await?;
        ids.push(found.map(|it| it.id.get()));
    }
    Ok(ids)
}

pub(super) fn many_needs(ask: &Ask) -> Vec<Key> {
    let ids = ask.list("ids").into_iter().filter_map(|it| it.parse().ok());
    let ids = ids.map(|id| places::record(Organization::KIND, id));
    let externals = ask.list("external_ids").into_iter();
    ids.chain(externals.map(|it| places::unique(EXTERNAL, &canonical(it)))).take(100).collect()
}

pub(super) async fn show_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = match call.ask.query("external_ids") {
        Some(_) => {
            let found = ids_by_external(call, &externals(call)?).await?;
            found.into_iter().flatten().collect()
        }
        None => call.ask.ids("ids")?,
    };
    Ok(several(call, &call.get_all::<Organization>(&ids).await?))
}

/// What a search asks for: some clients append what belongs to the query to the value.
fn searched<'a>(ask: &'a Ask, name: &str) -> Option<&'a str> {
    let value = ask.query(name)?;
    value.split('?').next().map(str::trim).filter(|it| !it.is_empty())
}

pub(super) fn search_needs(ask: &Ask) -> Vec<Key> {
    let external = searched(ask, "external_id").map(|it| places::unique(EXTERNAL, &canonical(it)));
    let name = searched(ask, "name").map(|it| places::unique(NAME, &canonical(it)));
    external.into_iter().chain(name).collect()
}

/// Both are unique, so that one is found at most.
pub(super) async fn search(call: &Call<'_>) -> Result<Answer, Refused> {
    let found = match (searched(call.ask, "external_id"), searched(call.ask, "name")) {
        (Some(id), _) => call.lookup::<Reference>(EXTERNAL, &canonical(id)).await?,
        (None, Some(name)) => call.lookup::<Reference>(NAME, &canonical(name)).await?,
        (None, None) => return Err(Refused::parameter("external_id", "or name is required")),
    };
    let ids: Vec<u64> = found.into_iter().map(|it| it.id.get()).collect();
    Ok(several(call, &call.get_all::<Organization>(&ids).await?))
}

/// Those whose names begin so, by name.
pub(super) async fn autocomplete(call: &Call<'_>) -> Result<Answer, Refused> {
    let body = call.ask.json()?;
    let name = call.ask.query("name").or_else(|| body.get("name")?.as_str());
    let Some(name) = name.filter(|it| !it.trim().is_empty()) else {
        return Err(Refused::parameter("name", "is required"));
    };
    let page = list::items(call, &places::list(NAMES), &sorted(name), false).await?;
    let ids: Vec<u64> =
        page.records.iter().filter_map(|item| places::ranked(&item.key.sort)).collect();
    let records = call.get_all::<Organization>(&ids).await?;
    let Page { ends, more, count, paging, .. } = page;
    Ok(told(call, Page { records, ends, more, count, paging }))
}

pub(super) async fn related(call: &Call<'_>) -> Result<Answer, Refused> {
    let of = organization(call).await?.id;
    let tickets = List::named(format!("organization/{of}/tickets"));
    let people = List::named(format!("organization/{of}/users"));
    let (tickets, people) =
        try_join!(list::count::<Ticket>(call, &tickets), list::count::<User>(call, &people))?;
    Ok(Answer::ok(json!({
        "organization_related": {"tickets_count": tickets, "users_count": people},
    })))
}

async fn user(call: &Call<'_>) -> Result<Kept<User>, Refused> {
    let user = call.get::<User>(call.id("user_id")?).await?;
    call.require(Action::ReadUser, Resource::Person(&user))?;
    Ok(user)
}

/// The default one first.
pub(super) async fn of_user(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids: Vec<u64> =
        user(call).await?.organization_ids().into_iter().map(OrganizationId::get).collect();
    let all = call.get_all::<Organization>(&ids).await?;
    let ranked = (0_u64..).zip(all).map(|(at, it)| (places::rank(at), it)).collect();
    Ok(told(call, Page::cut(crate::api::Paging::of(call.ask)?, ranked)))
}

pub(super) async fn count_of_user(call: &Call<'_>) -> Result<Answer, Refused> {
    let count = user(call).await?.memberships.len();
    Ok(counted(call, u64::try_from(count).unwrap_or(u64::MAX)))
}

/// The first organization by name that has a domain.
pub(super) async fn first_of_domain(
    call: &Call<'_>,
    domain: &str,
) -> Result<Option<OrganizationId>, Refused> {
    let found = call.range(&Range::of(places::list(&of_domain(domain)), 1)).await?;
    let first = found.items.first().and_then(|item| places::ranked(&item.key.sort));
    Ok(first.and_then(OrganizationId::new))
}
