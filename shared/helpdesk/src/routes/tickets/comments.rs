//! What was said in a ticket
//! ([ticket comments](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/)).

use super::see;
use super::shown::{attachment_shown, comment_shown};
use crate::access::Action::{ReadPrivateComments, UpdateTicket};
use crate::access::Resource;
use crate::api::{Answer, Ask, Call, Refused, list};
use crate::ids::{AttachmentId, CommentId, TicketId};
use crate::record::{Changes, Kept, Record, places};
use crate::store::{Key, Range};
use crate::text;
use crate::ticket::Ticket;
use crate::ticket::comment::{COMMENTS, Comment, history};
use ceap_kernel::Fault;
use serde::Deserialize;
use serde_json::{Value, json};

/// What stands where something was taken out, for each letter of it (Zendesk's).
const REDACTED: char = '▇';

/// Comments that are looked through at once.
const MANY: usize = 5_000;

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket(call, "ticket_id").await?;
    let private = call.may(ReadPrivateComments, Resource::Ticket(&ticket, false))?;
    Ok(Answer::ok(page(call, &ticket, private).await?))
}

/// The page of comments that is asked for; of internal notes only if `private`.
///
/// # Errors
/// 400 when it is no page; `Unavailable` or `Throttled`.
pub async fn page(call: &Call<'_>, ticket: &Ticket, private: bool) -> Result<Value, Refused> {
    let newest_first = call.ask.query("sort_order") == Some("desc")
        || call.ask.query("sort").is_some_and(|sort| sort.starts_with('-'));
    let partition = history(ticket.id);
    if private {
        let page = list::items(call, &partition, COMMENTS, newest_first).await?;
        let comments: Result<Vec<Comment>, Fault> =
            page.records.iter().map(Comment::read).collect();
        let mut shown = comments?.into_iter().map(|it| comment_shown(call, &it));
        let page = page.map(|_| shown.next().unwrap_or_default());
        return Ok(page.envelope(call.ask, "comments"));
    }
    // Who sees only some of them does not learn how many there are of the others.
    let comments = all(call, ticket.id).await?;
    let mut seen: Vec<_> = comments
        .into_iter()
        .filter(|it| it.public)
        .map(|it| (places::rank(it.id.get()), it))
        .collect();
    if newest_first {
        seen.reverse();
    }
    let page = crate::api::Page::cut(crate::api::Paging::of(call.ask)?, seen);
    Ok(page.map(|it| comment_shown(call, &it)).envelope(call.ask, "comments"))
}

/// All comments of a ticket, as they were said.
///
/// # Errors
/// `Unavailable` or `Throttled`.
pub async fn all(call: &Call<'_>, ticket: TicketId) -> Result<Vec<Comment>, Refused> {
    let range = Range::of(history(ticket), MANY).starting(COMMENTS);
    let comments: Result<Vec<Comment>, Fault> =
        call.range(&range).await?.items.iter().map(Comment::read).collect();
    Ok(comments?)
}

pub(super) async fn count(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = see::ticket(call, "ticket_id").await?;
    let range = Range::of(history(ticket.id), MANY).starting(COMMENTS);
    let value = if call.may(ReadPrivateComments, Resource::Ticket(&ticket, false))? {
        call.desk.store.count(&call.tenant, &range).await?
    } else {
        let seen = all(call, ticket.id).await?.into_iter().filter(|it| it.public).count();
        u64::try_from(seen).unwrap_or(u64::MAX)
    };
    Ok(Answer::ok(json!({"count": {"value": value, "refreshed_at": call.at}})))
}

/// The comment that the path names.
pub(super) fn named_needs(ask: &Ask) -> Vec<Key> {
    let mut ids = ask.segments().skip(1).step_by(2).map(|id| id.parse().ok());
    let ticket = ids.next().flatten().and_then(TicketId::new);
    let id = ids.next().flatten().and_then(CommentId::new);
    ticket.zip(id).map(|(ticket, id)| Comment::key(ticket, id)).into_iter().collect()
}

/// The comment that is named, of a ticket that who asks may change. Closed tickets let nothing but this happen to them.
async fn named(call: &Call<'_>) -> Result<(Kept<Ticket>, Comment), Refused> {
    let ticket = see::ticket_to(call, "ticket_id", UpdateTicket).await?;
    let comment = one(call, ticket.id, call.id("id")?).await?;
    Ok((ticket, comment))
}

async fn one(call: &Call<'_>, ticket: TicketId, id: u64) -> Result<Comment, Refused> {
    let id = CommentId::new(id).ok_or(Refused::NotFound)?;
    let item = call.item(&Comment::key(ticket, id)).await?.ok_or(Refused::NotFound)?;
    Ok(Comment::read(&item)?)
}

/// Keeps a changed comment, and the ticket's description where it is what it begins with.
async fn keep(
    call: &Call<'_>,
    ticket: &Kept<Ticket>,
    before: &str,
    comment: &Comment,
) -> Result<(), Refused> {
    let item = call.item(&Comment::key(ticket.id, comment.id)).await?.ok_or(Refused::NotFound)?;
    let mut changes = Changes::new();
    // Of two who take something out at once, neither may bring back what the other took.
    changes.replace(&item, comment, None)?;
    let begins = ticket.description == before && before != comment.body;
    let description = if begins { comment.body.clone() } else { ticket.description.clone() };
    // It is written anew in any case: search is fed by it, and must not find what was taken out.
    let after = Ticket { description, ..ticket.record.clone() };
    changes.update(ticket, &after.generated(call.at))?;
    call.commit(changes).await
}

pub(super) async fn redact(call: &Call<'_>) -> Result<Answer, Refused> {
    let (ticket, mut comment) = named(call).await?;
    let text = call.ask.member("text")?;
    let Some(text) = text.as_str().filter(|text| !text.is_empty()) else {
        return Err(Refused::parameter("text", "is required"));
    };
    let before = comment.body.clone();
    if !before.contains(text) {
        return Err(Refused::field("text", "is not in the comment"));
    }
    let mark: String = text.chars().map(|_| REDACTED).collect();
    comment.body = before.replace(text, &mark);
    // HTML may have tags within the text, or write it in another way: it is made anew from what is left.
    comment.html_body = text::to_html(&comment.body);
    keep(call, &ticket, &before, &comment).await?;
    Ok(Answer::ok(json!({"comment": comment_shown(call, &comment)})))
}

/// What is asked of a comment in the agents' workspace.
#[derive(Debug, Deserialize)]
struct Marked {
    ticket_id: TicketId,
    html_body: Option<String>,
    #[serde(default)]
    external_attachment_urls: Vec<String>,
}

/// The ticket and its comment.
pub(super) fn marked_needs(ask: &Ask) -> Vec<Key> {
    let marked = ask.json().and_then(crate::api::ask::read::<Marked>).ok();
    let Some(Marked { ticket_id, .. }) = marked else { return Vec::new() };
    let id = ask.segments().nth(1).and_then(|id| CommentId::new(id.parse().ok()?));
    let comment = id.map(|id| Comment::key(ticket_id, id));
    [places::record(Ticket::KIND, ticket_id.get())].into_iter().chain(comment).collect()
}

/// Takes out what stands within `<redact>` of the comment's own HTML, and files by their addresses.
pub(super) async fn redact_marked(call: &Call<'_>) -> Result<Answer, Refused> {
    let marked: Marked = crate::api::ask::read(call.ask.json()?)?;
    let ticket = call.get::<Ticket>(marked.ticket_id.get()).await?;
    if !see::sees(call, &ticket).await? {
        return Err(Refused::NotFound);
    }
    call.require(UpdateTicket, Resource::Ticket(&ticket, false))?;
    let mut comment = one(call, ticket.id, call.id("id")?).await?;
    let before = comment.body.clone();
    if let Some(html) = &marked.html_body {
        comment.html_body = text::clean(&without_marked(html));
        comment.body = text::of_html(&comment.html_body);
    }
    for url in &marked.external_attachment_urls {
        let taken = comment.attachments.iter_mut().filter(|it| url.contains(&it.token));
        for attachment in taken {
            call.desk.files.delete(&call.tenant, &attachment.token).await?;
            attachment.deleted = true;
        }
    }
    keep(call, &ticket, &before, &comment).await?;
    Ok(Answer::ok(json!({"comment": comment_shown(call, &comment)})))
}

/// HTML with marks for what stands within `<redact>`.
fn without_marked(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, marked)) = rest.split_once("<redact>") {
        out.push_str(before);
        let (inner, after) = marked.split_once("</redact>").unwrap_or((marked, ""));
        out.extend(text::of_html(inner).chars().map(|_| REDACTED));
        rest = after;
    }
    out.push_str(rest);
    out
}

pub(super) async fn make_private(call: &Call<'_>) -> Result<Answer, Refused> {
    let (ticket, comment) = named(call).await?;
    hide(call, &ticket, comment).await
}

/// Makes a comment an internal note. What is public stays so in the copies that were sent.
pub(super) async fn hide(
    call: &Call<'_>,
    ticket: &Kept<Ticket>,
    mut comment: Comment,
) -> Result<Answer, Refused> {
    comment.public = false;
    keep(call, ticket, "", &comment).await?;
    Ok(Answer::ok(json!({})))
}

pub(super) async fn redact_attachment(call: &Call<'_>) -> Result<Answer, Refused> {
    let (ticket, mut comment) = named(call).await?;
    let id = AttachmentId::new(call.id("attachment_id")?).ok_or(Refused::NotFound)?;
    let attachment = comment.attachments.iter_mut().find(|it| it.id == id);
    let attachment = attachment.ok_or(Refused::NotFound)?;
    call.desk.files.delete(&call.tenant, &attachment.token).await?;
    attachment.deleted = true;
    "redacted.txt".clone_into(&mut attachment.file_name);
    "text/plain".clone_into(&mut attachment.content_type);
    attachment.size = 0;
    let shown = attachment_shown(call, attachment);
    keep(call, &ticket, "", &comment).await?;
    Ok(Answer::ok(json!({"attachment": shown})))
}
