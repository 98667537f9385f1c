//! Search ([search](https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/)).

mod asked;
mod people;
mod requests;

pub(super) use asked::{Asked, invalid, malformed, order};

use super::found;
use crate::access::Action::ListUsers;
use crate::api::{Answer, Call, Guard, Page, Paging, Refused, Route};
use crate::routes;
use crate::rule::Order;
use crate::search::document::field;
use crate::search::{Filter, Kind, Place, Sort};
use serde_json::{Map, Value, json};

/// Everything that is searched.
pub const ROUTES: &[Route] = routes![
    GET "/search" Guard::Agents => search, "Finds tickets, people, organizations and groups";
    GET "/search/count" Guard::Agents => count, "Counts what a search finds";
    GET "/search/export" Guard::Agents => export, "Lists all that a search finds of one kind";
];

/// People, by search.
pub const USERS: &[Route] = routes![
    GET "/users/search" Guard::May(ListUsers) => people::search, "Finds people";
    GET "/users/autocomplete" Guard::May(ListUsers) => people::autocomplete, "Finds people by how a name, an address or a number begins";
    POST "/users/autocomplete" Guard::May(ListUsers) => people::autocomplete, "Finds people by how a name, an address or a number begins";
];

/// Requests, by search.
pub const REQUESTS: &[Route] = routes![
    GET "/requests/search" Guard::Known => requests::search, "Searches requests";
];

/// How far pages by number reach (Zendesk's limit): beyond, a search is exported.
const DEEPEST: usize = 1_000;

/// Records of a page of an export, at most.
const MOST_EXPORTED: usize = 1_000;

/// Bytes of a page of an export, which ends before it would be longer: answers of functions have 6 MB at most.
const MOST_BYTES: usize = 3_000_000;

/// What is searched for.
fn query<'a>(call: &'a Call<'_>) -> Result<&'a str, Refused> {
    call.ask.query("query").ok_or_else(|| Refused::parameter("query", "is required"))
}

/// The page of a search that is asked for, which has a number.
///
/// # Errors
/// 400 when it has none; 422 when it is too far.
fn paging(call: &Call<'_>) -> Result<Paging, Refused> {
    if crate::api::page::by_cursor(call.ask) {
        let rule = "must be an integer: search/export has cursors";
        return Err(Refused::parameter("page", rule));
    }
    let paging = Paging::numbered(call.ask)?;
    if paging.reach() > DEEPEST {
        // In Zendesk's words.
        let text =
            "Invalid search: Requested response size was greater than Search Response Limits";
        return Err(invalid(text.to_owned()));
    }
    Ok(paging)
}

async fn search(call: &Call<'_>) -> Result<Answer, Refused> {
    answered(call, query(call)?, None).await
}

/// Answers a search. `usual` is its order, where neither the request nor the query says one.
///
/// # Errors
/// 422 that names the place at which the query is wrong.
pub(super) async fn answered(
    call: &Call<'_>,
    query: &str,
    usual: Option<Sort>,
) -> Result<Answer, Refused> {
    let paging = paging(call)?;
    // Who searches for nothing finds nothing.
    if query.trim().is_empty() {
        let records: Vec<Place> = Vec::new();
        let page = Page { records, ends: None, more: false, count: Some(0), paging };
        return Ok(Answer::ok(envelope(page.about(call.ask), Vec::new())));
    }
    let mut asked = Asked::read(call, query, Kind::ALL).await?;
    asked.sort = usual.unwrap_or(asked.sort);
    let asked = asked.sorted(call)?;
    let page = found::page(&asked.finder, &asked.filter, &asked.sort, paging).await?;
    let results = found::results(call, &page.records).await?;
    Ok(Answer::ok(envelope(page.about(call.ask), told(results))))
}

fn told(results: Vec<(Place, Value)>) -> Vec<Value> {
    results.into_iter().map(|(_, shown)| shown).collect()
}

fn envelope(mut body: Map<String, Value>, results: Vec<Value>) -> Value {
    body.insert("results".to_owned(), Value::Array(results));
    body.insert("facets".to_owned(), Value::Null);
    Value::Object(body)
}

async fn count(call: &Call<'_>) -> Result<Answer, Refused> {
    let query = query(call)?;
    let count = if query.trim().is_empty() {
        0
    } else {
        let asked = Asked::read(call, query, Kind::ALL).await?;
        asked.finder.count(&asked.filter).await?
    };
    Ok(Answer::ok(json!({"count": count})))
}

/// The kind that is to be exported.
fn kind(call: &Call<'_>) -> Result<Kind, Refused> {
    let given = call.ask.query("filter[type]").filter(|it| !it.is_empty());
    let given = given.ok_or_else(|| Refused::parameter("filter[type]", "is required"))?;
    let rule = "must be ticket, user, organization or group";
    Kind::named(given).ok_or_else(|| Refused::parameter("filter[type]", rule))
}

/// All that is found of a kind, from the newest on. Records that are added while it is exported are not part of it, so
/// that each is told once. Zendesk's reference forbids `type:` within the query; its API and its clients' practice do
/// not, so that it only must be the same.
async fn export(call: &Call<'_>) -> Result<Answer, Refused> {
    let (kind, query) = (kind(call)?, query(call)?);
    if call.ask.query("page[before]").is_some() {
        return Err(Refused::parameter("page[before]", "is not supported: exports go forward"));
    }
    let paging = Paging::cursor(call.ask, MOST_EXPORTED)?;
    let read = crate::search::Query::parse(query).map_err(malformed)?;
    if !read.kinds().contains(&kind) {
        let text =
            format!("Invalid search: type is not {}, which filter[type] says", kind.as_str());
        return Err(invalid(text));
    }
    let asked = Asked::read(call, query, &[kind]).await?;
    let sort = Sort::by_number(field::CREATED, Order::Desc);
    let mut page = found::page(&asked.finder, &asked.filter, &sort, paging).await?;
    let mut results = found::results(call, &page.records).await?;
    let fit = fitting(&results);
    if fit < results.len() {
        results.truncate(fit);
        page.more = true;
        page.ends = results
            .first()
            .zip(results.last())
            .map(|((first, _), (last, _))| (found::rank(first), found::rank(last)));
    }
    let mut body = page.about(call.ask);
    // It goes forward alone.
    for (name, member) in [("meta", "before_cursor"), ("links", "prev")] {
        let members = body.get_mut(name).and_then(Value::as_object_mut);
        members.map(|it| it.insert(member.to_owned(), Value::Null));
    }
    Ok(Answer::ok(envelope(body, told(results))))
}

/// How many of these fit into an answer; one does in any case.
fn fitting(results: &[(Place, Value)]) -> usize {
    let mut room = MOST_BYTES;
    let fit = results.iter().take_while(|(_, shown)| {
        let bytes = shown.to_string().len();
        let fits = bytes <= room;
        room = room.saturating_sub(bytes);
        fits
    });
    fit.count().max(1)
}

/// Nothing that is of another kind.
fn only(kind: Kind, filter: Filter) -> Filter {
    Filter::all([Filter::kind(kind), filter])
}
