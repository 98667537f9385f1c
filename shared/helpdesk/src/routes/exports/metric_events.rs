//! What the clocks of tickets did
//! ([ticket metric events](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metric_events/)).

use super::asked::{second, settled, start};
use super::events::{audit, fetch};
use super::page::{Place, Source};
use crate::api::page::{MOST, link};
use crate::api::{Answer, Call, Paging, Refused};
use crate::record::places;
use crate::store::Range;
use crate::ticket::MEASURED;
use serde_json::{Value, json};

/// What the clocks of tickets did.
pub(super) struct MetricEvents {
    alive: bool,
}

impl MetricEvents {
    /// Those that the query asks for: of deleted tickets too unless it says otherwise.
    pub fn read(call: &Call<'_>) -> Self {
        Self { alive: call.ask.flag("exclude_deleted") }
    }
}

impl Source for MetricEvents {
    const NAME: &'static str = "ticket_metric_events";

    fn lists(&self) -> Vec<&'static str> {
        vec![MEASURED]
    }

    async fn told(&self, call: &Call<'_>, places: &[Place]) -> Result<Vec<Vec<Value>>, Refused> {
        fetch(call, places, false, self.alive).await?;
        let mut told = Vec::with_capacity(places.len());
        for place in places {
            let audit = audit(call, place, self.alive).await?;
            let events = audit
                .iter()
                .flat_map(|audit| audit.metric_events.iter().map(|it| it.shown(audit.ticket_id)));
            told.push(events.collect());
        }
        Ok(told)
    }
}

/// How many others may have a rank that begins as a rank does without its last digit.
const LIKE: usize = 10;

/// By pages: a cursor is the rank of an audit and how many of its events were told.
pub(super) async fn by_pages(call: &Call<'_>) -> Result<Answer, Refused> {
    let source = MetricEvents::read(call);
    let Paging::Cursor { size, at, before: false } = Paging::of(call.ask)? else {
        return Err(Refused::parameter("page[before]", "is not there: exports go forward only"));
    };
    let begun = start(call);
    let wrong = || Refused::parameter("page[after]", "is not a valid cursor");
    let (rank, told) = match &at {
        Some(at) => at.split_once('!').ok_or_else(wrong)?,
        None => (begun.as_deref().map_err(Clone::clone)?, "0"),
    };
    let told: usize = told.parse().map_err(|_| wrong())?;
    // The audit of the cursor itself is read again, since it may have more.
    let after = match at {
        Some(_) => rank.get(..rank.len().saturating_sub(1)).unwrap_or_default(),
        None => rank,
    };
    let limit = MOST.min(size).saturating_add(LIKE);
    let range = Range::of(places::list(MEASURED), limit).after(Some(after.to_owned()));
    let found = call.range(&range).await?;
    let behind = found.items.into_iter().filter(|it| it.key.sort.as_str() >= rank);
    let places: Vec<Place> = behind.map(|item| Place { list: 0, item }).collect();
    let all = source.told(call, &places).await?;
    let each = places.iter().zip(all).flat_map(|(place, events)| {
        let rank = &place.item.key.sort;
        (1_usize..)
            .zip(events)
            .map(move |(count, event)| (format!("{rank}!{count}"), rank, count, event))
    });
    let left = each.filter(|(_, own, count, _)| own.as_str() != rank || *count > told);
    let left: Vec<(String, Value)> = left.map(|(place, _, _, event)| (place, event)).collect();
    let more = left.len() > size;
    let page: Vec<(String, Value)> = left.into_iter().take(size).collect();
    // After the last page it goes on from what nothing can join any more: what is young is told again.
    let old = |(place, _): &&(String, Value)| more || second(place) < settled(call);
    let last = page.iter().rfind(old).map(|(place, _)| place.clone());
    let last = last.unwrap_or_else(|| format!("{rank}!{told}"));
    let last = (!page.is_empty()).then(|| crate::api::page::cursor(&last));
    let next = last.clone().filter(|_| more);
    let next = next.map(|it| link(call.ask, &[("page[after]", Some(it))]));
    let events: Vec<Value> = page.into_iter().map(|(_, event)| event).collect();
    Ok(Answer::ok(json!({
        "ticket_metric_events": events,
        "meta": {"has_more": more, "after_cursor": last, "before_cursor": null},
        "links": {"next": next, "prev": null},
    })))
}
