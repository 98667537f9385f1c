//! Other records than people and tickets: what in them names somebody.

use super::{Needles, Where, Whom};
use crate::api::{Call, Refused};
use crate::record::{Changes, Kept, Record, places};
use crate::store::{Found, Item, Range};
use crate::suspended::SuspendedTicket;
use crate::webhook::{Invocation, Webhook};
use ceap_kernel::Fault;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Records of a step.
const AT_ONCE: usize = 200;

/// The sort key after which there is more.
pub(super) fn next(found: &Found) -> Option<String> {
    let last = found.items.last().filter(|_| found.more)?;
    Some(last.key.sort.clone())
}

/// A record without what names them; nothing if nothing does.
///
/// # Errors
/// `Internal` if it would be none any more.
pub(super) fn cleaned<T: Serialize + DeserializeOwned>(
    record: &T,
    needles: &Needles,
    place: Where,
) -> Result<Option<T>, Fault> {
    let wrong = |error: serde_json::Error| Fault::Internal(format!("no record: {error}"));
    let mut value = serde_json::to_value(record).map_err(wrong)?;
    if !needles.clean(&mut value, place) {
        return Ok(None);
    }
    serde_json::from_value(value).map(Some).map_err(wrong)
}

/// What an item says.
///
/// # Errors
/// `Internal` if it says nothing.
pub(super) fn said(item: &Item) -> Result<Value, Fault> {
    serde_json::from_str(&item.body)
        .map_err(|error| Fault::Internal(format!("an unreadable item: {error}")))
}

/// Takes them out of the texts of the next records of a kind. `changed` notes in a record that it was changed.
///
/// # Errors
/// 409 when others change them; `Unavailable` or `Throttled`.
pub(super) async fn texts<R: Record>(
    call: &Call<'_>,
    needles: &Needles,
    after: Option<String>,
    changed: impl Fn(&mut R),
) -> Result<Option<String>, Refused> {
    let range = Range::of(R::KIND.name, AT_ONCE).after(after);
    let found = call.desk.store.range(&call.tenant, &range).await?;
    for item in &found.items {
        let before = Kept::<R>::read(item)?;
        if let Some(mut left) = cleaned(&before.record, needles, Where::Anywhere)? {
            changed(&mut left);
            call.change(&before, &left).await?;
        }
    }
    Ok(next(&found))
}

/// Drops those of the next suspended tickets that they wrote, or that name them.
///
/// # Errors
/// 409 when others change them; `Unavailable` or `Throttled`.
pub(super) async fn suspended(
    call: &Call<'_>,
    whom: &Whom,
    needles: &Needles,
    after: Option<String>,
) -> Result<Option<String>, Refused> {
    let range = Range::of(SuspendedTicket::KIND.name, AT_ONCE).after(after);
    let found = call.desk.store.range(&call.tenant, &range).await?;
    for item in &found.items {
        let ticket = Kept::<SuspendedTicket>::read(item)?;
        let theirs = ticket.author.id.is_some_and(|id| whom.people.contains(&id));
        if theirs || needles.are_in(&said(item)?, Where::Anywhere) {
            call.remove(&ticket).await?;
        }
    }
    Ok(next(&found))
}

/// Forgets those of the next requests of webhooks that name them: what was sent cannot be taken back, but it is kept no
/// longer. The place is a webhook and a request of it.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub(super) async fn requests(
    call: &Call<'_>,
    needles: &Needles,
    after: Option<String>,
) -> Result<Option<String>, Refused> {
    let (webhook, request) = match after.as_deref().and_then(|it| it.split_once('/')) {
        Some((webhook, request)) => (webhook.to_owned(), Some(request.to_owned())),
        None => {
            let range = Range::of(Webhook::KIND.name, 1).after(after);
            let found = call.desk.store.range(&call.tenant, &range).await?;
            let Some(first) = found.items.first() else { return Ok(None) };
            (first.key.sort.clone(), None)
        }
    };
    let id = places::ranked(&webhook).unwrap_or_default();
    let range = Range::of(Invocation::partition(id), AT_ONCE).after(request);
    let found = call.desk.store.range(&call.tenant, &range).await?;
    for item in &found.items {
        if needles.are_in(&said(item)?, Where::Near) {
            let mut changes = Changes::new();
            changes.remove(item.key.clone());
            call.commit(changes).await?;
        }
    }
    Ok(Some(match next(&found) {
        Some(request) => format!("{webhook}/{request}"),
        None => webhook,
    }))
}

/// Forgets how many tickets have those of the next tags that name them, once none has.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub(super) async fn tags(
    call: &Call<'_>,
    needles: &Needles,
    after: Option<String>,
) -> Result<Option<String>, Refused> {
    let range = Range::of(places::TAGS, AT_ONCE).after(after);
    let found = call.desk.store.range(&call.tenant, &range).await?;
    let named = |sort: &str, place| needles.without(sort, place).is_some();
    for item in &found.items {
        let counts_none = || item.body == "0" && named(&item.key.sort, Where::Near);
        if named(&item.key.sort, Where::Anywhere) || counts_none() {
            let mut changes = Changes::new();
            changes.remove(item.key.clone());
            call.commit(changes).await?;
        }
    }
    Ok(next(&found))
}
