//! What is found by search: pages of it, and the records themselves.

use super::Shown;
use super::tickets::sees;
use crate::account::Group;
use crate::api::{Call, Page, Paging, Refused};
use crate::organization::Organization;
use crate::record::Kept;
use crate::search::{Filter, Finder, Key, Kind, Of, Place, Search, Sort, Value, feed};
use crate::ticket::Ticket;
use crate::user::User;
use serde_json::{Value as Json, json};

/// The page that is asked for of what meets a filter.
///
/// # Errors
/// 400 if its cursor is of another order; `Unavailable` or `Throttled`.
pub(super) async fn page(
    finder: &Finder,
    filter: &Filter,
    sort: &Sort,
    paging: Paging,
) -> Result<Page<Place>, Refused> {
    let (backward, after, most) = match &paging {
        Paging::Number { .. } => (false, None, paging.reach()),
        Paging::Cursor { size, at, before } => {
            let at = at.as_deref().map(|at| read(at, sort)).transpose()?;
            // One more tells whether there are more.
            (*before, at, size.saturating_add(1))
        }
    };
    let search = Search { filter, sort, backward, after: after.as_ref(), most };
    let found = finder.find(search).await?;
    let mut records = found.places;
    let (more, count) = match &paging {
        Paging::Number { .. } => {
            records = records.into_iter().skip(paging.offset()).collect();
            (u64::try_from(most).is_ok_and(|most| found.count > most), Some(found.count))
        }
        Paging::Cursor { size, .. } => {
            let more = records.len() > *size;
            records.truncate(*size);
            (more, None)
        }
    };
    if backward {
        records.reverse();
    }
    let ends = records.first().map(rank).zip(records.last().map(rank));
    Ok(Page { records, ends, more, count, paging })
}

/// A place as text.
pub(super) fn rank(place: &Place) -> String {
    serde_json::to_string(place).unwrap_or_default()
}

/// A place in an order; that of another order is none.
fn read(text: &str, sort: &Sort) -> Result<Place, Refused> {
    let of = |place: &Place| {
        let mut each = place.values.iter().zip(&sort.0);
        place.values.len() == sort.0.len() && each.all(|(value, (key, _))| fits(value, key))
    };
    let place = serde_json::from_str(text).ok().filter(of);
    place.ok_or_else(|| Refused::parameter("page[after]", "is not a valid cursor"))
}

fn fits(value: &Option<Value>, key: &Key) -> bool {
    match (value, key) {
        (None, _)
        | (Some(Value::Number(_)), Key::Number(_) | Key::Ranked(..) | Key::Met(_))
        | (Some(Value::Text(_)), Key::Keyword(_)) => true,
        (Some(Value::Number(_)), Key::Keyword(_))
        | (Some(Value::Text(_)), Key::Number(_) | Key::Ranked(..) | Key::Met(_)) => false,
    }
}

/// The tickets that were found, in their order.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub(super) async fn tickets(
    call: &Call<'_>,
    places: &[Place],
) -> Result<Vec<Kept<Ticket>>, Refused> {
    let ids: Vec<u64> = places.iter().map(|it| it.id).collect();
    let mut seen = Vec::new();
    for ticket in call.get_all::<Ticket>(&ids).await? {
        if is_seen(call, &ticket).await? {
            seen.push(ticket);
        }
    }
    Ok(seen)
}

/// The filter has judged a ticket as it was found. Since then it may have changed, so that for who does not see all
/// of them it is judged again.
async fn is_seen(call: &Call<'_>, ticket: &Ticket) -> Result<bool, Refused> {
    let all = crate::search::visible::tickets(call.actor()?, &[]) == Filter::everything();
    Ok(all || sees(call, ticket).await?)
}

/// The records that were found, in their order, each with what it is. What is no more since then is left out.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub(super) async fn results(
    call: &Call<'_>,
    places: &[Place],
) -> Result<Vec<(Place, Json)>, Refused> {
    call.fetch(places.iter().filter_map(|it| feed::key(Of { kind: it.kind, id: it.id }))).await?;
    let mut results = Vec::new();
    for place in places {
        let Some(mut shown) = shown(call, place).await? else { continue };
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("result_type".to_owned(), json!(place.kind.as_str()));
        }
        results.push((place.clone(), shown));
    }
    Ok(results)
}

async fn shown(call: &Call<'_>, place: &Place) -> Result<Option<Json>, Refused> {
    Ok(match place.kind {
        Kind::Ticket => match call.find::<Ticket>(place.id).await? {
            Some(ticket) if is_seen(call, &ticket).await? => Some(ticket.shown(call)),
            Some(_) | None => None,
        },
        Kind::User => {
            let user = call.find::<User>(place.id).await?.filter(|it| it.active);
            user.map(|it| it.shown(call))
        }
        Kind::Organization => call.find::<Organization>(place.id).await?.map(|it| it.shown(call)),
        Kind::Group => call.account.find::<Group>(place.id)?.map(|it| it.shown(call)),
    })
}
