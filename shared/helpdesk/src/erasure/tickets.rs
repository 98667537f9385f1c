//! Tickets: those that they asked for go, of others what names them.

use super::records::{cleaned, next, said};
use super::whom::MOST_TICKETS;
use super::{Needles, Where, Whom};
use crate::api::{Call, Refused};
use crate::message::opened;
use crate::record::{Changes, Kept, Record};
use crate::routes::tickets::{for_good, gone};
use crate::store::{Item, MOST_WRITES, Range};
use crate::text;
use crate::ticket::comment::{COMMENTS, history};
use crate::ticket::{Audit, Comment, DeletedTicket, Ticket};
use ceap_kernel::Fault;
use futures::future::try_join_all;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Tickets of a step.
const AT_ONCE: usize = 25;

/// Items of a ticket's past that are read at once.
const PAST: usize = 200;

/// Names of theirs by which one place is forgotten: two such fit in a commit.
const FORGOTTEN: usize = MOST_WRITES.div_euclid(2);

/// Times that a ticket is gone through anew because somebody else changed it.
const ATTEMPTS: usize = 5;

/// Goes through the next tickets.
///
/// # Errors
/// 409 when others change one all the time; `Unavailable` or `Throttled`.
pub(super) async fn open(
    call: &Call<'_>,
    whom: &mut Whom,
    needles: &Needles,
    after: Option<String>,
) -> Result<Option<String>, Refused> {
    let range = Range::of(Ticket::KIND.name, AT_ONCE).after(after);
    let found = call.desk.store.range(&call.tenant, &range).await?;
    let read = found.items.iter().map(Kept::<Ticket>::read);
    let tickets = read.collect::<Result<Vec<_>, _>>()?;
    let pasts = try_join_all(tickets.iter().map(|it| past(call, it))).await?;
    for (ticket, past) in tickets.into_iter().zip(pasts) {
        if whom.people.contains(&ticket.requester_id) {
            let mut changes = Changes::new();
            gone(call, &ticket, &mut changes)?;
            call.commit(changes).await?;
            let deleted = call.get::<DeletedTicket>(ticket.id.get()).await?;
            taken_out(call, whom, &deleted).await?;
        } else {
            redacted(call, whom, needles, ticket, past).await?;
        }
    }
    Ok(next(&found))
}

/// Goes through the next tickets that were deleted.
///
/// # Errors
/// As [`open`].
pub(super) async fn deleted(
    call: &Call<'_>,
    whom: &mut Whom,
    needles: &Needles,
    after: Option<String>,
) -> Result<Option<String>, Refused> {
    let range = Range::of(DeletedTicket::KIND.name, AT_ONCE).after(after);
    let found = call.desk.store.range(&call.tenant, &range).await?;
    for item in &found.items {
        let deleted = Kept::<DeletedTicket>::read(item)?;
        if whom.people.contains(&deleted.ticket.requester_id) {
            taken_out(call, whom, &deleted).await?;
        } else {
            let past = past(call, &deleted.ticket).await?;
            redacted(call, whom, needles, deleted, past).await?;
        }
    }
    Ok(next(&found))
}

/// Takes a ticket out for good, and what messages would find it again by.
async fn taken_out(
    call: &Call<'_>,
    whom: &Whom,
    deleted: &Kept<DeletedTicket>,
) -> Result<(), Refused> {
    let ticket = &deleted.ticket;
    let rule = ticket.via.source.pointer("/from/title").and_then(Value::as_str);
    let named = [("use_case", rule), ("external_id", ticket.external_id.as_deref())];
    let mut changes = Changes::new();
    for (by, name) in named.into_iter().filter_map(|(by, name)| Some((by, name?))) {
        whom.subjects.iter().take(FORGOTTEN).for_each(|it| changes.remove(opened(by, name, it)));
    }
    call.commit(changes).await?;
    for_good(call, deleted).await
}

/// All that happened to a ticket.
async fn past(call: &Call<'_>, ticket: &Ticket) -> Result<Vec<Item>, Fault> {
    let (mut past, mut after) = (Vec::new(), None);
    loop {
        let range = Range::of(history(ticket.id), PAST).after(after);
        let found = call.desk.store.range(&call.tenant, &range).await?;
        after = next(&found);
        past.extend(found.items);
        if after.is_none() {
            return Ok(past);
        }
    }
}

/// A record of a ticket: of one that there is, or of one that was deleted.
trait OfTicket: Record {
    /// It.
    fn ticket(&self) -> &Ticket;

    /// The same record of the ticket as it is now.
    fn with(&self, call: &Call<'_>, ticket: Ticket) -> Self;
}

impl OfTicket for Ticket {
    fn ticket(&self) -> &Ticket {
        self
    }

    /// Written anew, so that search is fed it.
    fn with(&self, call: &Call<'_>, ticket: Ticket) -> Self {
        ticket.generated(call.at)
    }
}

impl OfTicket for DeletedTicket {
    fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    fn with(&self, _: &Call<'_>, ticket: Ticket) -> Self {
        Self { ticket, ..self.clone() }
    }
}

/// Takes out of another's ticket what names them.
async fn redacted<R: OfTicket>(
    call: &Call<'_>,
    whom: &mut Whom,
    needles: &Needles,
    mut ticket: Kept<R>,
    mut items: Vec<Item>,
) -> Result<(), Refused> {
    if whom.tickets.len() < MOST_TICKETS && took_part(whom, ticket.ticket(), &items)? {
        whom.tickets.insert(ticket.ticket().id.get());
    }
    for _ in 0..ATTEMPTS {
        match once(call, whom, needles, &ticket, &items).await {
            Err(Refused::Conflict) => {}
            other => return other,
        }
        // Whoever deleted it, or brought it back, is gone on from by the next pass.
        let id = ticket.ticket().id.get();
        let Some(now) = call.anew().find::<R>(id).await? else { return Ok(()) };
        items = past(call, now.ticket()).await?;
        ticket = now;
    }
    Err(Refused::Conflict)
}

async fn once<R: OfTicket>(
    call: &Call<'_>,
    whom: &Whom,
    needles: &Needles,
    before: &Kept<R>,
    items: &[Item],
) -> Result<(), Refused> {
    let ticket = before.ticket();
    let place = if took_part(whom, ticket, items)? { Where::Near } else { Where::Anywhere };
    let mut changed = Vec::new();
    for item in items {
        changed.extend(past_without(call, whom, needles, place, item).await?.map(|it| (item, it)));
    }
    let left = ticket_without(whom, needles, place, ticket)?;
    if changed.is_empty() && left.is_none() {
        return Ok(());
    }
    let left = left.unwrap_or_else(|| ticket.clone());
    // The ticket itself takes the more writes the more lists it stands on, and comes last: then all of it is searched anew.
    for part in changed.chunks(MOST_WRITES) {
        let mut changes = Changes::new();
        part.iter().try_for_each(|(item, value)| changes.replace(item, value, None))?;
        call.commit(changes).await?;
    }
    call.change(before, &before.with(call, left)).await
}

/// Whether they had to do with a ticket: opened it, were in copy, or said or did something in it.
fn took_part(whom: &Whom, ticket: &Ticket, items: &[Item]) -> Result<bool, Fault> {
    let mut of_it = ticket.email_cc_ids.iter().chain(&ticket.follower_ids);
    if whom.people.contains(&ticket.submitter_id) || of_it.any(|it| whom.people.contains(it)) {
        return Ok(true);
    }
    for item in items {
        let author = said(item)?.get("author_id").and_then(Value::as_u64);
        if whom.people.iter().any(|it| Some(it.get()) == author) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A ticket without what names them; nothing if nothing does.
fn ticket_without(
    whom: &Whom,
    needles: &Needles,
    place: Where,
    ticket: &Ticket,
) -> Result<Option<Ticket>, Fault> {
    let mut left = cleaned(ticket, needles, place)?.unwrap_or_else(|| ticket.clone());
    left.email_cc_ids.retain(|it| !whom.people.contains(it));
    left.follower_ids.retain(|it| !whom.people.contains(it));
    Ok((left != *ticket).then_some(left))
}

/// A comment or an audit without what names them; nothing if nothing does. Of what they said themselves, files and what
/// else is known of how it came go too: nobody can look into a file.
async fn past_without(
    call: &Call<'_>,
    whom: &Whom,
    needles: &Needles,
    place: Where,
    item: &Item,
) -> Result<Option<Value>, Refused> {
    let before = said(item)?;
    let mut value = before.clone();
    needles.clean(&mut value, place);
    if item.key.sort.starts_with(COMMENTS) {
        let mut comment: Comment = read(&value)?;
        // Tags within the text hide from who looks for it as it is read.
        let read_as = text::of_html(&comment.html_body);
        if let Some(left) = needles.without(&read_as, place) {
            comment.html_body = text::to_html(&left);
        }
        if whom.people.contains(&comment.author_id) {
            comment.metadata = json!({"system": {}, "custom": {}});
            for file in comment.attachments.iter_mut().filter(|it| !it.deleted) {
                call.desk.files.delete(&call.tenant, &file.token).await?;
                file.deleted = true;
                "redacted.txt".clone_into(&mut file.file_name);
                "text/plain".clone_into(&mut file.content_type);
                file.size = 0;
            }
        }
        value = written(&comment)?;
    } else {
        let mut audit: Audit = read(&value)?;
        if whom.people.contains(&audit.author_id) {
            audit.metadata = json!({"system": {}, "custom": {}});
        }
        value = written(&audit)?;
    }
    Ok((value != before).then_some(value))
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Fault> {
    T::deserialize(value).map_err(|error| Fault::Internal(format!("an unreadable past: {error}")))
}

fn written(value: &impl serde::Serialize) -> Result<Value, Fault> {
    serde_json::to_value(value).map_err(|error| Fault::Internal(format!("unwritable: {error}")))
}
