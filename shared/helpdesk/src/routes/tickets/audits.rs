//! What was done to a ticket
//! ([ticket audits](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/)).

use super::comments::hide;
use super::see;
use super::shown::audit_shown;
use super::written::Written;
use crate::access::Action::{ReadPrivateComments, UpdateTicket};
use crate::access::Resource;
use crate::api::page::{cursor, link};
use crate::api::{Answer, Ask, Call, Refused, list};
use crate::ids::{AuditId, TicketId};
use crate::record::places;
use crate::store::{Item, Key, Range};
use crate::ticket::comment::{AUDITS, Comment, history};
use crate::ticket::{AUDITED, Audit, Listed, Ticket};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ceap_kernel::Fault;
use serde_json::{Value, json};

/// Audits of a page, at most, where they are listed by a cursor of their own.
const MOST: usize = 1_000;

/// Reads an audit as it is kept.
///
/// # Errors
/// `Internal` if it is none.
pub fn read(item: &Item) -> Result<Audit, Fault> {
    serde_json::from_str(&item.body)
        .map_err(|error| Fault::Internal(format!("unreadable audit: {error}")))
}

/// These audits with their comments, of which internal notes only if `private`.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn shown(
    call: &Call<'_>,
    audits: &[Audit],
    private: bool,
) -> Result<Vec<Value>, Refused> {
    let keys = audits.iter().filter_map(|it| Some(Comment::key(it.ticket_id, it.comment()?)));
    let keys: Vec<_> = keys.collect();
    call.fetch(keys.iter().cloned()).await?;
    let mut comments = Vec::with_capacity(keys.len());
    for key in &keys {
        let comment = call.item(key).await?.map(|item| Comment::read(&item)).transpose()?;
        comments.extend(comment.filter(|it| private || it.public));
    }
    Ok(audits.iter().map(|audit| audit_shown(call, audit, &comments)).collect())
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket(call, "ticket_id").await?;
    let private = call.may(ReadPrivateComments, Resource::Ticket(&ticket, false))?;
    let newest_first = call.ask.query("sort_order") == Some("desc")
        || call.ask.query("sort").is_some_and(|sort| sort.starts_with('-'));
    let page = list::items(call, &history(ticket.id), AUDITS, newest_first).await?;
    let audits: Result<Vec<Audit>, Fault> = page.records.iter().map(read).collect();
    let mut shown = shown(call, &audits?, private).await?.into_iter();
    let page = page.map(|_| shown.next().unwrap_or_default());
    Ok(Answer::ok(page.envelope(call.ask, "audits")))
}

pub(super) async fn count(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket(call, "ticket_id").await?;
    let range = Range::of(history(ticket.id), MOST).starting(AUDITS);
    let value = call.desk.store.count(&call.tenant, &range).await?;
    Ok(Answer::ok(json!({"count": {"value": value, "refreshed_at": call.at}})))
}

async fn one(call: &Call<'_>, ticket: TicketId, id: AuditId) -> Result<Audit, Refused> {
    let item = call.item(&Audit::key(ticket, id)).await?.ok_or(Refused::NotFound)?;
    Ok(read(&item)?)
}

/// The audit that the path names.
pub(super) fn named_needs(ask: &Ask) -> Vec<Key> {
    let mut ids = ask.segments().skip(1).step_by(2).map(|id| id.parse().ok());
    let ticket = ids.next().flatten().and_then(TicketId::new);
    let id = ids.next().flatten().and_then(AuditId::new);
    ticket.zip(id).map(|(ticket, id)| Audit::key(ticket, id)).into_iter().collect()
}

fn id(call: &Call<'_>) -> Result<AuditId, Refused> {
    AuditId::new(call.id("id")?).ok_or(Refused::NotFound)
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket(call, "ticket_id").await?;
    let private = call.may(ReadPrivateComments, Resource::Ticket(&ticket, false))?;
    let audit = one(call, ticket.id, id(call)?).await?;
    let shown = shown(call, std::slice::from_ref(&audit), private).await?;
    Ok(Answer::ok(json!({"audit": shown.first()})))
}

pub(super) async fn make_private(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket_to(call, "ticket_id", UpdateTicket).await?;
    let audit = one(call, ticket.id, id(call)?).await?;
    let comment = audit.comment().ok_or(Refused::NotFound)?;
    let item = call.item(&Comment::key(ticket.id, comment)).await?.ok_or(Refused::NotFound)?;
    hide(call, &ticket, Comment::read(&item)?).await
}

/// A ticket as an earlier request left it.
pub(super) async fn written(
    call: &Call<'_>,
    ticket: Ticket,
    audit: Option<AuditId>,
) -> Result<Written, Refused> {
    let audit = one(call, ticket.id, audit.ok_or(Refused::NotFound)?).await?;
    let comment = match audit.comment() {
        Some(id) => call.item(&Comment::key(ticket.id, id)).await?,
        None => None,
    };
    let comment = comment.map(|item| Comment::read(&item)).transpose()?;
    Ok(Written { ticket, audit, comment })
}

/// Audits on the list of all, with where on it each stands.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn of_list(call: &Call<'_>, items: &[Item]) -> Result<Vec<Audit>, Refused> {
    let places: Vec<Placed> = items.iter().filter_map(placed).collect();
    // With their comments, which are shown with them.
    let keys = places.iter().flat_map(|(audit, comment)| [Some(audit.clone()), comment.clone()]);
    call.fetch(keys.flatten()).await?;
    let mut audits = Vec::with_capacity(places.len());
    for (audit, _) in &places {
        audits.extend(call.item(audit).await?.map(|item| read(&item)).transpose()?);
    }
    Ok(audits)
}

/// Where an audit is kept, and the comment that it came with.
type Placed = (Key, Option<Key>);

fn placed(item: &Item) -> Option<Placed> {
    let Listed { ticket, comment } = serde_json::from_str(&item.body).ok()?;
    let id = AuditId::new(places::ranked(&item.key.sort)?)?;
    Some((Audit::key(ticket, id), comment.map(|id| Comment::key(ticket, id))))
}

/// Audits of all tickets: by pages, or by the cursor that they had before there were such.
pub(super) async fn all(call: &Call<'_>) -> Result<Answer, Refused> {
    let partition = places::list(AUDITED);
    if call.ask.query.iter().any(|(name, _)| name.starts_with("page[")) {
        let backward = call.ask.query("sort").is_some_and(|sort| sort.starts_with('-'));
        let page = list::items(call, &partition, "", backward).await?;
        let audits = of_list(call, &page.records).await?;
        let shown = shown(call, &audits, true).await?;
        let mut body = page.about(call.ask);
        body.insert("audits".to_owned(), Value::Array(shown));
        return Ok(Answer::ok(Value::Object(body)));
    }
    let limit = match call.ask.query("limit") {
        None => MOST,
        Some(text) => text
            .parse()
            .map_err(|_| Refused::parameter("limit", "must be an integer"))
            .map(|limit: usize| limit.clamp(1, MOST))?,
    };
    let (at, back) = match call.ask.query("cursor").filter(|it| !it.is_empty()) {
        None => (None, false),
        Some(text) => placed_by(text)?,
    };
    let oldest_first = call.ask.query("sort_order") == Some("asc");
    let backward = oldest_first == back;
    let range = Range::of(partition, limit).after(at).backward(backward);
    let mut found = call.range(&range).await?.items;
    if back {
        found.reverse();
    }
    let audits = of_list(call, &found).await?;
    let shown = shown(call, &audits, true).await?;
    let sort = |item: Option<&Item>, sign: &str| {
        item.map(|item| cursor(&format!("{sign}{}", item.key.sort)))
    };
    let (after, before) = (sort(found.last(), ">"), sort(found.first(), "<"));
    let url =
        |cursor: &Option<String>| cursor.clone().map(|it| link(call.ask, &[("cursor", Some(it))]));
    Ok(Answer::ok(json!({
        "audits": shown,
        "after_url": url(&after),
        "before_url": url(&before),
        "after_cursor": after,
        "before_cursor": before,
    })))
}

/// The place that a cursor names, and whether what stands before it is asked for.
fn placed_by(text: &str) -> Result<(Option<String>, bool), Refused> {
    let decoded = URL_SAFE_NO_PAD.decode(text).ok().and_then(|it| String::from_utf8(it).ok());
    let decoded = decoded.unwrap_or_default();
    match (decoded.strip_prefix('>'), decoded.strip_prefix('<')) {
        (Some(sort), _) => Ok((Some(sort.to_owned()), false)),
        (None, Some(sort)) => Ok((Some(sort.to_owned()), true)),
        (None, None) => Err(Refused::parameter("cursor", "is not a valid cursor")),
    }
}
