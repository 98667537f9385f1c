//! Tickets as their requesters see them: without internal notes, and without what only agents are to know
//! ([requests](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-requests/)).

use super::strangers::{self, Stranger};
use super::tickets::comments::{self, all};
use super::tickets::see;
use super::tickets::{Asked, Named, comment_shown, custom_fields, open, save};
use crate::access::{Action, Resource};
use crate::api::list::{self, List};
use crate::api::{Answer, Ask, Call, Guard, Page, Paging, Refused, Route};
use crate::record::{Kept, places};
use crate::routes;
use crate::store::Key;
use crate::ticket::{Edit, NewComment, Status, Ticket, Via};
use crate::user::{EMAIL, User, canonical};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Tickets as their requesters see them.
pub const ROUTES: &[Route] = routes![
    GET "/requests" Guard::Known => list, "Lists one's own requests";
    GET "/requests/open" Guard::Known => list_open, "Lists one's own requests that are not solved";
    GET "/requests/solved" Guard::Known => list_solved, "Lists one's own requests that are solved";
    GET "/requests/ccd" Guard::Known => list_ccd, "Lists the requests that one is in copy of";
    POST "/requests" Guard::Anyone, needs create_needs => create, "Asks for something; also without being known, where the account lets anyone ask";
    GET "/requests/{id}" Guard::Known => show, "Shows a request";
    PUT "/requests/{id}" Guard::Known => update, "Says more in a request, or solves it";
    GET "/requests/{id}/comments" Guard::Known => list_comments, "Lists the comments of a request";
    GET "/requests/{id}/comments/{comment_id}" Guard::Known => show_comment, "Shows a comment of a request";
];

/// Requests of people.
pub const OF_USERS: &[Route] = routes![
    GET "/users/{user_id}/requests" Guard::Known => of_user, "Lists somebody's requests";
];

/// Requests of organizations.
pub const OF_ORGANIZATIONS: &[Route] = routes![
    GET "/organizations/{organization_id}/requests" Guard::Known => of_organization, "Lists the requests of an organization that one sees";
];

/// Requests that are read to tell those in a status from the others.
const MOST: usize = 1_000;

/// A ticket as its requester sees it.
#[must_use]
pub fn request_shown(call: &Call<'_>, ticket: &Ticket) -> Value {
    let fields = custom_fields(call, ticket);
    let mine = call.actor().is_ok_and(|actor| actor.id() == ticket.requester_id);
    let done = matches!(ticket.status, Status::Solved | Status::Closed);
    let description = if ticket.described_privately { "" } else { ticket.description.as_str() };
    json!({
        "url": call.url(&format!("/requests/{}.json", ticket.id)),
        "id": ticket.id,
        "status": status(ticket.status),
        "priority": ticket.priority,
        "type": ticket.kind,
        "subject": ticket.subject,
        "description": description,
        "organization_id": ticket.organization_id,
        "via": ticket.via,
        "custom_fields": fields,
        "fields": fields,
        "requester_id": ticket.requester_id,
        "collaborator_ids": ticket.email_cc_ids,
        "email_cc_ids": ticket.email_cc_ids,
        "is_public": ticket.is_public,
        "due_at": ticket.due_at,
        "can_be_solved_by_me": mine && !done && ticket.assignee_id.is_some(),
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "recipient": ticket.recipient,
        "followup_source_id": ticket.via_followup_source_id,
        "assignee_id": ticket.assignee_id,
        "group_id": ticket.group_id,
        "ticket_form_id": ticket.ticket_form_id,
        "custom_status_id": ticket.custom_status_id,
        "solved": done,
    })
}

/// A requester does not see that somebody else is waited for.
fn status(status: Status) -> &'static str {
    match status {
        Status::Hold => Status::Open.as_str(),
        Status::New | Status::Open | Status::Pending | Status::Solved | Status::Closed => {
            status.as_str()
        }
    }
}

/// A request that who asks sees: a ticket of which anything is public.
async fn request(call: &Call<'_>) -> Result<Kept<Ticket>, Refused> {
    let ticket = see::ticket(call, "id").await?;
    if ticket.is_public || call.actor()?.is_agent() { Ok(ticket) } else { Err(Refused::NotFound) }
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(json!({"request": request_shown(call, &request(call).await?.record)})))
}

/// The statuses that are asked for: `open,pending`.
fn statuses<'a>(call: &'a Call<'_>) -> Option<BTreeSet<&'a str>> {
    let asked = call.ask.list("status");
    (!asked.is_empty()).then(|| asked.into_iter().collect())
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    own(call, "requester", statuses(call)).await
}

async fn list_open(call: &Call<'_>) -> Result<Answer, Refused> {
    own(call, "requester", Some(BTreeSet::from(["new", "open", "pending"]))).await
}

async fn list_solved(call: &Call<'_>) -> Result<Answer, Refused> {
    own(call, "requester", Some(BTreeSet::from(["solved", "closed"]))).await
}

async fn list_ccd(call: &Call<'_>) -> Result<Answer, Refused> {
    own(call, "ccd", statuses(call)).await
}

async fn own(
    call: &Call<'_>,
    list: &str,
    statuses: Option<BTreeSet<&str>>,
) -> Result<Answer, Refused> {
    let of = List::named(format!("{list}/{}/tickets", call.actor()?.id()));
    listed(call, &of, statuses).await
}

async fn of_user(call: &Call<'_>) -> Result<Answer, Refused> {
    let user = call.get::<User>(call.id("user_id")?).await?;
    call.require(Action::ReadUser, Resource::Person(&user))?;
    let list = format!("requester/{}/tickets", user.id);
    let of = if call.actor()?.is_agent() { see::within(call, list)? } else { List::named(list) };
    listed(call, &of, statuses(call)).await
}

async fn of_organization(call: &Call<'_>) -> Result<Answer, Refused> {
    let id = call.id("organization_id")?;
    let list = format!("organization/{id}/tickets");
    let actor = call.actor()?;
    if actor.is_agent() {
        return listed(call, &see::within(call, list)?, statuses(call)).await;
    }
    if !actor.face.organization_ids.iter().any(|it| it.get() == id) {
        return Err(Refused::NotFound);
    }
    // Whether it shares its tickets with all of its people is judged ticket by ticket.
    listed(call, &List::named(list), statuses(call)).await
}

/// The requests of a list that who asks sees.
async fn listed(
    call: &Call<'_>,
    of: &List,
    statuses: Option<BTreeSet<&str>>,
) -> Result<Answer, Refused> {
    let backward = call.ask.query("sort_order") == Some("desc")
        || call.ask.query("sort").is_some_and(|sort| sort.starts_with('-'));
    let mut seen = Vec::new();
    for ticket in list::first::<Ticket>(call, of, MOST).await? {
        let asked = statuses.as_ref().is_none_or(|all| all.contains(status(ticket.status)));
        let public = ticket.is_public || call.actor()?.is_agent();
        if asked && public && see::sees(call, &ticket).await? {
            seen.push(ticket);
        }
    }
    let by_time = call.ask.query("sort_by").or(call.ask.query("sort"));
    if by_time.is_some_and(|by| by.trim_start_matches('-') == "updated_at") {
        seen.sort_by_key(|ticket| (ticket.updated_at, ticket.id));
    }
    if backward {
        seen.reverse();
    }
    let ranked = seen.into_iter().map(|it| (places::rank(it.id.get()), it)).collect();
    let page = Page::cut(Paging::of(call.ask)?, ranked).map(|it| request_shown(call, &it.record));
    Ok(Answer::ok(page.envelope(call.ask, "requests")))
}

/// What an end-user may say of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    requester: Option<Named>,
    solved: Option<bool>,
    comment: Option<NewComment>,
}

/// What who asks may set themselves; the rest is what agents are for.
const TAKEN: [&str; 14] = [
    "subject",
    "comment",
    "description",
    "priority",
    "type",
    "custom_fields",
    "collaborators",
    "email_ccs",
    "due_at",
    "ticket_form_id",
    "brand_id",
    "recipient",
    "organization_id",
    "via_followup_source_id",
];

fn create_needs(ask: &Ask) -> Vec<Key> {
    let email = ask.member("request").ok().and_then(|request| {
        let email = request.get("requester")?.get("email")?.as_str()?.to_owned();
        Some(places::unique(EMAIL, &canonical(&email)))
    });
    email.into_iter().collect()
}

async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let given = call.ask.member("request")?;
    let said: Said = crate::api::ask::read(given.clone())?;
    let asked = Asked::read(taken(call, given)?)?;
    let written = if call.actor.is_some() {
        open(call, asked, Via::default(), Vec::new()).await?
    } else {
        match Stranger::named(call, said.requester.unwrap_or_default()).await? {
            Stranger::Welcome(actor, added) => {
                open(&call.by(actor), asked, Via::of("web"), added).await?
            }
            Stranger::Doubtful(author, cause) => {
                return strangers::hold(call, author, cause, asked.edit).await;
            }
        }
    };
    let ticket = &written.ticket;
    let location = call.url(&format!("/requests/{}.json", ticket.id));
    Ok(Answer::created(json!({"request": request_shown(call, ticket)}), location))
}

/// What is taken of what is asked for. The organization must be one's own.
fn taken(call: &Call<'_>, given: Value) -> Result<Value, Refused> {
    let Value::Object(fields) = given else {
        return Err(Refused::parameter("request", "must be an object"));
    };
    let mut fields: serde_json::Map<String, Value> =
        fields.into_iter().filter(|(name, _)| TAKEN.contains(&name.as_str())).collect();
    let organization = fields.get("organization_id").and_then(Value::as_u64);
    let own = call.actor.as_ref().map(|actor| actor.face.organization_ids.clone());
    let is_own = |id: u64| own.iter().flatten().any(|it| it.get() == id);
    match organization {
        Some(id) if !is_own(id) => {
            return Err(Refused::field("organization_id", "is not one of the requester's"));
        }
        Some(_) => {}
        None => {
            fields.remove("organization_id");
        }
    }
    if let Some(Value::Object(comment)) = fields.get_mut("comment") {
        comment
            .retain(|name, _| matches!(name.as_str(), "body" | "html_body" | "value" | "uploads"));
    }
    Ok(Value::Object(fields))
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = request(call).await?;
    let given = call.ask.member("request")?;
    let said: Said = crate::api::ask::read(given.clone())?;
    let more = crate::api::ask::read(json!({
        "additional_collaborators": given.get("additional_collaborators").unwrap_or(&json!([])),
        "email_ccs": given.get("email_ccs").unwrap_or(&json!([])),
    }))?;
    let comment = said.comment.map(|new| NewComment { public: None, author_id: None, ..new });
    let mut edit = Edit { comment, ..Edit::default() };
    if said.solved == Some(true) {
        if ticket.assignee_id.is_none() {
            return Err(Refused::field("solved", "cannot be set before an agent is assigned"));
        }
        edit.status = Some(Status::Solved);
    }
    let written = save(call, ticket.id.get(), Asked { edit, more }, Via::default()).await?;
    Ok(Answer::ok(json!({"request": request_shown(call, &written.ticket)})))
}

/// The comments that are public, with who wrote them.
async fn list_comments(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = request(call).await?;
    let mut body = comments::page(call, &ticket, false).await?;
    let authors = body.get("comments").and_then(Value::as_array).into_iter().flatten();
    let ids: BTreeSet<u64> = authors.filter_map(|it| it.get("author_id")?.as_u64()).collect();
    let ids: Vec<u64> = ids.into_iter().collect();
    let users = call.get_all::<User>(&ids).await?;
    let users: Vec<Value> = users.iter().map(|user| author(user)).collect();
    if let Some(body) = body.as_object_mut() {
        body.insert("users".to_owned(), Value::Array(users));
    }
    Ok(Answer::ok(body))
}

/// What a requester learns of who wrote something.
fn author(user: &User) -> Value {
    json!({
        "id": user.id,
        "name": user.alias.as_ref().filter(|it| !it.is_empty()).unwrap_or(&user.name),
        "photo": user.photo,
        "agent": user.role.is_agent(),
        "organization_id": user.organization_ids().first(),
    })
}

async fn show_comment(call: &Call<'_>) -> Result<Answer, Refused> {
    let ticket = request(call).await?;
    let id = call.id("comment_id")?;
    let comments = all(call, ticket.id).await?;
    let comment = comments.iter().find(|it| it.id.get() == id && it.public);
    let comment = comment.ok_or(Refused::NotFound)?;
    Ok(Answer::ok(json!({"comment": comment_shown(call, comment)})))
}
