//! Tickets that are deleted, and come back or go for good
//! ([ticket deletion](https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#delete-ticket)).

use super::{audits, see};
use crate::access::Action::DeleteTicket;
use crate::api::list::{self, List};
use crate::api::{Answer, Call, Method, Refused};
use crate::file::Holder;
use crate::job::{self, Step};
use crate::record::{Changes, Kept, Link};
use crate::routing;
use crate::satisfaction;
use crate::store::{Item, Key, MOST_WRITES, Range};
use crate::ticket::comment::{AUDITS, Comment, history};
use crate::ticket::{DeletedTicket, GONE, SCRUBBED, Ticket};
use crate::user::User;
use futures::future::try_join_all;
use serde_json::{Value, json};

/// Items that are read at once to be taken away.
const TAKEN: usize = 40;

pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket_to(call, "id", DeleteTicket).await?;
    let mut changes = Changes::new();
    gone(call, &ticket, &mut changes)?;
    call.commit(changes).await?;
    Ok(Answer::gone())
}

/// A deleted ticket stands on no list but that of deleted ones.
///
/// # Errors
/// `Internal` if it cannot be written.
pub fn gone(call: &Call<'_>, ticket: &Kept<Ticket>, changes: &mut Changes) -> Result<(), Refused> {
    let actor = call.actor()?;
    let deleted = DeletedTicket {
        ticket: Ticket { version: ticket.version.saturating_add(1), ..ticket.record.clone() },
        actor_id: actor.id(),
        actor_name: actor.face.name.clone(),
        deleted_at: call.at,
    };
    changes.delete(ticket)?;
    Ok(changes.create(&deleted)?)
}

/// Deletes a ticket and suspends who requested it. Agents are not suspended.
pub(super) async fn mark_as_spam(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket_to(call, "id", DeleteTicket).await?;
    let mut changes = Changes::new();
    gone(call, &ticket, &mut changes)?;
    if let Some(user) = call.find::<User>(ticket.requester_id.get()).await?
        && !user.role.is_agent()
    {
        let suspended = User { suspended: true, updated_at: call.at, ..user.record.clone() };
        changes.update(&user, &suspended)?;
    }
    call.commit(changes).await?;
    Ok(Answer::ok(json!({})))
}

fn shown(deleted: &DeletedTicket) -> Value {
    json!({
        "id": deleted.ticket.id,
        "subject": deleted.ticket.subject,
        "description": deleted.ticket.description,
        "actor": {"id": deleted.actor_id, "name": deleted.actor_name},
        "deleted_at": deleted.deleted_at,
        "previous_state": deleted.ticket.status,
    })
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let backward = call.ask.query("sort_order") == Some("desc")
        || call.ask.query("sort").is_some_and(|sort| sort.starts_with('-'));
    let by = call.ask.query("sort_by").or(call.ask.query("sort")).unwrap_or("id");
    let of = match by.trim_start_matches('-') {
        "id" | "subject" => List::All,
        "deleted_at" => List::named(GONE),
        _ => return Err(Refused::parameter("sort_by", "must be id, subject or deleted_at")),
    };
    let page = list::page::<DeletedTicket>(call, &of, backward).await?;
    let page = page.map(|it| shown(&it));
    Ok(Answer::ok(page.envelope(call.ask, "deleted_tickets")))
}

async fn deleted(call: &Call<'_>, id: u64) -> Result<Kept<DeletedTicket>, Refused> {
    call.get::<DeletedTicket>(id).await
}

/// What comes back counts as changed, so that exports tell of it again.
fn back(
    call: &Call<'_>,
    deleted: &Kept<DeletedTicket>,
    changes: &mut Changes,
) -> Result<(), Refused> {
    changes.delete(deleted)?;
    let mut ticket = Ticket { updated_at: call.at, ..deleted.ticket.clone() };
    routing::settle(&mut ticket, call.account.routing()?.enabled, call.at);
    Ok(changes.create(&ticket.generated(call.at))?)
}

pub(super) async fn restore(call: &Call<'_>) -> Result<Answer, Refused> {
    let deleted = deleted(call, call.id("id")?).await?;
    let mut changes = Changes::new();
    back(call, &deleted, &mut changes)?;
    call.commit(changes).await?;
    Ok(Answer::ok(json!({})))
}

/// Few enough for one commit, or one after the other.
pub(super) async fn restore_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = call.ask.ids("ids")?;
    for part in ids.chunks(5) {
        let mut changes = Changes::new();
        for deleted in call.get_all::<DeletedTicket>(part).await? {
            back(call, &deleted, &mut changes)?;
        }
        call.commit(changes).await?;
    }
    Ok(Answer::ok(json!({})))
}

fn step(id: u64) -> Step {
    Step::new(Method::Delete, format!("/deleted_tickets/{id}/erase"), Value::Null)
}

pub(super) async fn destroy(call: &Call<'_>) -> Result<Answer, Refused> {
    let deleted = deleted(call, call.id("id")?).await?;
    job::start(call, "Permanently Delete Tickets", vec![step(deleted.ticket.id.get())]).await
}

pub(super) async fn destroy_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = call.ask.ids("ids")?;
    job::start(call, "Permanently Delete Tickets", ids.into_iter().map(step).collect()).await
}

pub(super) async fn erase(call: &Call<'_>) -> Result<Answer, Refused> {
    let deleted = deleted(call, call.id("id")?).await?;
    for_good(call, &deleted).await?;
    Ok(Answer::gone())
}

/// Takes a ticket out for good: what was said in it, its files, what was done to it, and last itself.
///
/// # Errors
/// 409 when somebody brings it back meanwhile; `Unavailable` or `Throttled`.
pub async fn for_good(call: &Call<'_>, deleted: &Kept<DeletedTicket>) -> Result<(), Refused> {
    let id = deleted.ticket.id;
    let held = call.hold();
    loop {
        let found = call.range(&Range::of(history(id), TAKEN)).await?;
        let mut keys = Vec::new();
        for item in &found.items {
            keys.extend(traces(call, item).await?);
            keys.push(item.key.clone());
        }
        for part in keys.chunks(MOST_WRITES) {
            let mut changes = Changes::new();
            part.iter().for_each(|key| changes.remove(key.clone()));
            call.commit(changes).await?;
        }
        if !found.more {
            break;
        }
    }
    call.release(held);
    let mut changes = Changes::new();
    changes.delete(deleted)?;
    satisfaction::forget(call, &deleted.ticket, &mut changes).await?;
    changes.list(&Link::by_time(SCRUBBED, call.at, id.get()), &deleted.scrubbed())?;
    call.commit(changes).await
}

/// What leads to an audit or a comment, whose files go at once.
async fn traces(call: &Call<'_>, item: &Item) -> Result<Vec<Key>, Refused> {
    if item.key.sort.starts_with(AUDITS) {
        return Ok(audits::read(item)?.links().iter().map(Link::key).collect());
    }
    let Comment { attachments, .. } = Comment::read(item)?;
    let files = attachments.iter().map(|it| call.desk.files.delete(&call.tenant, &it.token));
    try_join_all(files).await?;
    Ok(attachments.iter().map(|it| Holder::key(it.id)).collect())
}
