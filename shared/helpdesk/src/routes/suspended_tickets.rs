//! Tickets that are held back
//! ([suspended tickets](https://developer.zendesk.com/api-reference/ticketing/tickets/suspended_tickets/)).

use super::tickets::people::newcomer;
use super::tickets::{Asked, Written, open_with, ticket_shown};
use super::{Shown, one};
use crate::access::Action::ManageSuspendedTickets;
use crate::access::{Actor, Face};
use crate::api::answer::Body;
use crate::api::list::{self, List};
use crate::api::{Answer, Ask, Call, Guard, Page, Paging, Refused, Route};
use crate::record::{Changes, Kept, Record, places};
use crate::routes;
use crate::store::Key;
use crate::suspended::SuspendedTicket;
use crate::user::{EMAIL, canonical};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Tickets that are held back.
pub const ROUTES: &[Route] = routes![
    GET "/suspended_tickets" Guard::May(ManageSuspendedTickets) => list, "Lists suspended tickets";
    PUT "/suspended_tickets/recover_many" Guard::May(ManageSuspendedTickets), needs several => recover_many, "Lets several suspended tickets in, as their authors' own";
    DELETE "/suspended_tickets/destroy_many" Guard::May(ManageSuspendedTickets), needs several => delete_many, "Drops several suspended tickets";
    POST "/suspended_tickets/export" refused "no files are sent by email: the list is here", "Exports suspended tickets";
    POST "/suspended_tickets/attachments" refused "suspended tickets carry no files", "Copies the files of suspended tickets";
    GET "/suspended_tickets/{id}" Guard::May(ManageSuspendedTickets) => show, "Shows a suspended ticket";
    PUT "/suspended_tickets/{id}/recover" Guard::May(ManageSuspendedTickets) => recover, "Lets a suspended ticket in, as one's own";
    POST "/suspended_tickets/{id}/attachments" refused "suspended tickets carry no files", "Copies the files of a suspended ticket";
    DELETE "/suspended_tickets/{id}" Guard::May(ManageSuspendedTickets) => delete, "Drops a suspended ticket";
];

impl Shown for SuspendedTicket {
    fn shown(&self, call: &Call<'_>) -> Value {
        json!({
            "url": call.url(&format!("/suspended_tickets/{}.json", self.id)),
            "id": self.id,
            "author": self.author,
            "subject": self.subject,
            "content": self.content,
            "cause": self.cause.as_str(),
            "cause_id": self.cause.id(),
            "message_id": self.message_id,
            "ticket_id": null,
            "recipient": self.recipient,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "via": self.via,
            "attachments": [],
            "brand_id": self.brand_id,
            "error_messages": null,
        })
    }
}

/// By when they came a page is read as it is asked for; by anything else all are, which are fourteen days' worth.
async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let sort = call.ask.query("sort").filter(|sort| !sort.is_empty());
    let by = sort.or(call.ask.query("sort_by").filter(|by| !by.is_empty()));
    let backward = sort.is_some_and(|sort| sort.starts_with('-'))
        || call.ask.query("sort_order") == Some("desc");
    let key: Option<fn(&SuspendedTicket) -> String> = match by.map(|by| by.trim_start_matches('-'))
    {
        None | Some("created_at") => None,
        Some("author_email") => Some(|it| canonical(&it.author.email)),
        Some("cause") => Some(|it| it.cause.as_str().to_owned()),
        Some("subject") => Some(|it| it.subject.clone().unwrap_or_default().to_lowercase()),
        Some(_) => {
            let rule = "must be author_email, cause, created_at or subject";
            return Err(Refused::parameter("sort_by", rule));
        }
    };
    let page = match key {
        None => list::page::<SuspendedTicket>(call, &List::All, backward).await?,
        Some(key) => {
            let all = list::whole::<SuspendedTicket>(call).await?.into_iter();
            let mut all: Vec<(String, Kept<SuspendedTicket>)> =
                all.map(|it| (format!("{}#{}", key(&it), places::rank(it.id())), it)).collect();
            all.sort_by(|(a, _), (b, _)| if backward { b.cmp(a) } else { a.cmp(b) });
            Page::cut(Paging::of(call.ask)?, all)
        }
    };
    let page = page.map(|it| it.shown(call));
    Ok(Answer::ok(page.envelope(call.ask, "suspended_tickets")))
}

/// What is read of those that are named at once.
fn several(ask: &Ask) -> Vec<Key> {
    let ids = ask.ids("ids").unwrap_or_default();
    ids.into_iter().map(|id| places::record(SuspendedTicket::KIND, id)).collect()
}

async fn suspended(call: &Call<'_>) -> Result<Kept<SuspendedTicket>, Refused> {
    call.get::<SuspendedTicket>(call.id("id")?).await
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(one(call, &suspended(call).await?.record)))
}

/// The requester of the ticket is who lets it in, as Zendesk documents it; several at once keep their own.
async fn recover(call: &Call<'_>) -> Result<Answer, Refused> {
    let suspended = suspended(call).await?;
    let asked = asked(&suspended)?;
    let via = suspended.via.clone();
    let gone = |_: &Written, changes: &mut Changes| Ok(changes.delete(&suspended)?);
    let written = open_with(call, asked, via, Vec::new(), &gone).await?;
    Ok(Answer::ok(json!({"ticket": ticket_shown(call, &written.ticket)})))
}

/// Those that cannot be let in stay, and are told with the reason.
async fn recover_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = call.ask.ids("ids")?;
    let all = call.get_all::<SuspendedTicket>(&ids).await?;
    let mut authors = authors(call, &all).await?;
    let (mut tickets, mut failed) = (Vec::new(), Vec::new());
    for suspended in all {
        match of_author(call, &mut authors, &suspended).await {
            Ok(ticket) => tickets.push(ticket),
            Err(Refused::Fault(fault)) => return Err(Refused::Fault(fault)),
            Err(refused) => {
                let mut shown = suspended.shown(call);
                if let Some(shown) = shown.as_object_mut() {
                    shown.insert("error_messages".to_owned(), json!(reasons(&refused)));
                }
                failed.push(shown);
            }
        }
    }
    if failed.is_empty() {
        return Ok(Answer::ok(json!({"tickets": tickets})));
    }
    Ok(Answer::json(422, json!({"suspended_tickets": failed})))
}

/// Why something is refused, in words.
fn reasons(refused: &Refused) -> Vec<Value> {
    let Body::Json(body) = refused.answer().body else { return Vec::new() };
    let details = body.get("details").and_then(Value::as_object);
    let all = details.into_iter().flat_map(|it| it.values()).filter_map(Value::as_array);
    let all: Vec<Value> = all.flatten().filter_map(|it| it.get("description").cloned()).collect();
    if all.is_empty() { body.get("error").cloned().into_iter().collect() } else { all }
}

/// Their authors, as far as the account knows them, by their addresses.
async fn authors(
    call: &Call<'_>,
    all: &[Kept<SuspendedTicket>],
) -> Result<BTreeMap<String, Face>, Refused> {
    let emails: BTreeSet<String> = all.iter().map(|it| canonical(&it.author.email)).collect();
    call.fetch(emails.iter().map(|email| places::unique(EMAIL, email))).await?;
    let mut known = BTreeMap::new();
    for email in emails {
        if let Some(face) = call.lookup::<Face>(EMAIL, &email).await? {
            known.insert(email, face);
        }
    }
    Ok(known)
}

/// Opens a ticket as its author would have, who is one of the `authors` from then on.
async fn of_author(
    call: &Call<'_>,
    authors: &mut BTreeMap<String, Face>,
    suspended: &Kept<SuspendedTicket>,
) -> Result<Value, Refused> {
    let author = &suspended.author;
    let email = canonical(&author.email);
    let (face, added) = match authors.get(&email) {
        Some(face) => (face.clone(), Vec::new()),
        None => {
            let user = newcomer(call, Some(&author.name), &email)?;
            (user.face(), vec![user])
        }
    };
    let actor = Actor { face: face.clone(), group_ids: BTreeSet::new(), may: BTreeSet::new() };
    let by = call.by(actor);
    let via = suspended.via.clone();
    let gone = |_: &Written, changes: &mut Changes| Ok(changes.delete(suspended)?);
    let written = open_with(&by, asked(suspended)?, via, added, &gone).await?;
    authors.insert(email, face);
    Ok(ticket_shown(call, &written.ticket))
}

fn asked(suspended: &SuspendedTicket) -> Result<Asked, Refused> {
    Asked::read(json!({
        "subject": suspended.subject,
        "comment": {"body": suspended.content},
        "recipient": suspended.recipient,
        "brand_id": suspended.brand_id,
    }))
}

async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    call.remove(&suspended(call).await?).await
}

async fn delete_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let ids = call.ask.ids("ids")?;
    let all = call.get_all::<SuspendedTicket>(&ids).await?;
    for part in all.chunks(super::rules::COMMIT) {
        let mut changes = Changes::new();
        for suspended in part {
            changes.delete(suspended)?;
        }
        call.commit(changes).await?;
    }
    Ok(Answer::gone())
}
