//! Tags of tickets, and how many tickets have each
//! ([tags](https://developer.zendesk.com/api-reference/ticketing/ticket-management/tags/)).

use crate::access::Action::ListTickets;
use crate::api::{Answer, Call, Guard, Page, Paging, Refused, Route};
use crate::record::places;
use crate::routes;
use crate::store::{Item, Range};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Tags.
pub const ROUTES: &[Route] = routes![
    GET "/tags" Guard::May(ListTickets) => list, "Lists tags with how many tickets have them, from the most frequent";
    GET "/tags/count" Guard::May(ListTickets) => count, "Counts tags";
];

/// Tags as they are typed.
pub const AUTOCOMPLETE: &[Route] = routes![
    GET "/autocomplete/tags" Guard::May(ListTickets) => autocomplete, "Lists tags that begin with a text";
];

/// Tags of one list (Zendesk's limit).
const MOST: usize = 20_000;

/// Tags that are found as one is typed.
const FOUND: usize = 100;

/// Letters by which tags are found.
const LEAST: usize = 2;

/// How many tickets have each of these tags, without those that none has any more.
fn counted(items: &[Item]) -> BTreeMap<&str, u64> {
    let mut tags: BTreeMap<&str, u64> = BTreeMap::new();
    for item in items {
        let tag = item.key.sort.split(' ').next().unwrap_or_default();
        let part: u64 = item.body.parse().unwrap_or_default();
        let count = tags.entry(tag).or_default();
        *count = count.saturating_add(part);
    }
    tags.retain(|_, count| *count > 0);
    tags
}

fn parts(tags: usize) -> usize {
    tags.saturating_mul(usize::try_from(places::TAG_PARTS).unwrap_or(1))
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let items = call.range(&Range::of(places::TAGS, parts(MOST))).await?.items;
    // From the greatest number on, then by name: so a rank tells both.
    let ranked = counted(&items).into_iter().map(|(tag, count)| {
        let rank = format!("{:020}#{tag}", u64::MAX.saturating_sub(count));
        (rank, json!({"name": tag, "count": count}))
    });
    let mut ranked: Vec<(String, Value)> = ranked.collect();
    ranked.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(Answer::ok(Page::cut(Paging::of(call.ask)?, ranked).envelope(call.ask, "tags")))
}

async fn count(call: &Call<'_>) -> Result<Answer, Refused> {
    let items = call.range(&Range::of(places::TAGS, parts(MOST))).await?.items;
    let count = counted(&items).len();
    Ok(Answer::ok(json!({"count": {"value": count, "refreshed_at": call.at}})))
}

async fn autocomplete(call: &Call<'_>) -> Result<Answer, Refused> {
    let name = call.ask.query("name").unwrap_or_default().trim().to_lowercase();
    if name.chars().count() < LEAST {
        return Err(Refused::parameter("name", "must have at least 2 characters"));
    }
    let range = Range::of(places::TAGS, parts(FOUND)).starting(name);
    let items = call.range(&range).await?.items;
    let tags: Vec<&str> = counted(&items).into_keys().take(FOUND).collect();
    let count = tags.len();
    Ok(Answer::ok(json!({"tags": tags, "count": count, "next_page": null, "previous_page": null})))
}
