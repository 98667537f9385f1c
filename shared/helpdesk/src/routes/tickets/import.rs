//! Tickets that come with their past
//! ([ticket import](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_import/)).

use super::asked::Asked;
use super::people::{self, People};
use super::shown::ticket_shown;
use crate::api::{Answer, Call, Method, Refused};
use crate::ids::{AuditId, CommentId, TicketId, UserId};
use crate::job::{self, Step};
use crate::record::{Changes, places};
use crate::routing;
use crate::text;
use crate::ticket;
use crate::ticket::{Audit, Comment, Event, Status, Ticket, Via, What, creation};
use ceap_kernel::{Fault, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

/// Comments of one ticket: each is written with its audit and that one's place on the list of all, in one commit.
const MOST_COMMENTS: usize = 25;

/// The past of a ticket.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Past {
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    solved_at: Option<Timestamp>,
    comments: Vec<PastComment>,
}

/// Something that was said.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PastComment {
    author_id: Option<UserId>,
    #[serde(alias = "body")]
    value: Option<String>,
    html_body: Option<String>,
    public: Option<bool>,
    created_at: Option<Timestamp>,
}

pub(super) async fn import_many(call: &Call<'_>) -> Result<Answer, Refused> {
    let all = call.ask.records("tickets")?.into_iter();
    let step = |ticket| Step::new(Method::Post, "/imports/tickets", json!({"ticket": ticket}));
    job::start(call, "Bulk Import Ticket", all.map(step).collect()).await
}

/// What is imported sets nothing in motion: nobody is told, and nothing is measured but what its past says.
pub(super) async fn import(call: &Call<'_>) -> Result<Answer, Refused> {
    let mut given = call.ask.member("ticket")?;
    let past: Past = crate::api::ask::read(given.clone())?;
    if past.comments.len() > MOST_COMMENTS {
        let text = format!(
            "Comments: are too many (maximum is {MOST_COMMENTS}); add the others with updates"
        );
        let mut refusal = crate::refusal::Refusal::default();
        refusal.add("comments", text, Some("InvalidValue"));
        return Err(refusal.into());
    }
    if let Some(fields) = given.as_object_mut() {
        fields.remove("comments");
        let first = past.comments.first().and_then(|it| it.value.clone().or(it.html_body.clone()));
        let opens = fields.contains_key("description") || fields.contains_key("comment");
        if let (Some(text), false) = (first, opens) {
            fields.insert("description".to_owned(), Value::String(text));
        }
    }
    let mut asked = Asked::read(given)?;
    let none = Default::default();
    let people = people::resolve(call, &mut asked, &none, &none, Vec::new()).await?;
    let ticket = worked_out(call, asked, &past, &people).await?;
    let mut changes = Changes::new();
    changes.create(&ticket)?;
    people.add(call, &mut changes).await?;
    remembered(call, &ticket, &past, &mut changes)?;
    call.commit(changes).await?;
    let location = call.url(&format!("/tickets/{}.json", ticket.id));
    Ok(Answer::created(json!({"ticket": ticket_shown(call, &ticket)}), location))
}

async fn worked_out(
    call: &Call<'_>,
    mut asked: Asked,
    past: &Past,
    people: &People,
) -> Result<Ticket, Refused> {
    let actor = call.actor()?;
    let requester = asked.edit.requester_id.unwrap_or(actor.id());
    if asked.edit.organization_id.is_none() {
        let of = people::organization_of(call, requester, people).await?;
        asked.edit.organization_id = Some(of);
    }
    let rules = super::super::ticket_rules::against(call, &mut asked.edit)?;
    let agents = call.account.agents()?;
    let created = past.created_at.filter(|at| *at <= call.at).unwrap_or(call.at);
    let open =
        |id| ticket::open(id, &asked.edit, None, actor.of_tickets(), &agents, &rules, created);
    let none_yet = TicketId::LAST;
    open(none_yet)?;
    let number = call.desk.store.add(&call.tenant, &places::last_ticket(), 1, None).await?;
    let id = TicketId::new(number).ok_or_else(|| Fault::Internal("no more ids".to_owned()))?;
    let mut ticket = open(id)?.ticket;
    let updated = past.updated_at.filter(|at| *at <= call.at && *at >= created);
    ticket.updated_at = updated.unwrap_or(call.at);
    ticket.via = Via::of("api");
    ticket.journal.zone = call.account.zone()?;
    if ticket.status >= Status::Solved {
        let solved = past.solved_at.or(past.updated_at).unwrap_or(ticket.updated_at);
        ticket.metrics.solved_at = Some(solved);
    }
    ticket.metrics.latest_comment_added_at = past.comments.last().and_then(|it| it.created_at);
    routing::settle(&mut ticket, call.account.routing()?.enabled, call.at);
    Ok(ticket.generated(call.at))
}

/// What was said, each with an audit of its own.
fn remembered(
    call: &Call<'_>,
    ticket: &Ticket,
    past: &Past,
    changes: &mut Changes,
) -> Result<(), Refused> {
    let opening = PastComment { value: Some(ticket.description.clone()), ..PastComment::default() };
    let opening = std::slice::from_ref(&opening);
    let said = if past.comments.is_empty() { opening } else { past.comments.as_slice() };
    for (index, past) in said.iter().enumerate() {
        let at = past.created_at.filter(|at| *at <= call.at).unwrap_or(ticket.created_at);
        let audit_id = AuditId::fresh(call)?;
        let comment = comment(call, ticket, past, audit_id, at)?;
        let mut events = vec![Event::new(comment.id.get(), What::Comment)];
        if index == 0 {
            let told = creation(ticket).into_iter();
            events.extend(told.map(|what| Event::new(call.new_id(), what)));
        }
        let (author_id, via) = (comment.author_id, comment.via.clone());
        let metadata = comment.metadata.clone();
        let audit = Audit {
            id: audit_id,
            ticket_id: ticket.id,
            created_at: at,
            author_id,
            via,
            metadata,
            events,
            recorded_at: call.at,
            imported: true,
            metric_events: Vec::new(),
        };
        audit.keep(changes)?;
        changes.put(Comment::key(ticket.id, comment.id), &comment, None)?;
    }
    Ok(())
}

fn comment(
    call: &Call<'_>,
    ticket: &Ticket,
    past: &PastComment,
    audit_id: AuditId,
    at: Timestamp,
) -> Result<Comment, Refused> {
    let (body, html_body) = match &past.html_body {
        Some(html) => {
            let html = text::clean(html);
            (text::of_html(&html), html)
        }
        None => {
            let body = past.value.clone().unwrap_or_default();
            let html = text::to_html(&body);
            (body, html)
        }
    };
    Ok(Comment {
        id: CommentId::fresh(call)?,
        audit_id,
        ticket_id: ticket.id,
        created_at: at,
        author_id: past.author_id.unwrap_or(ticket.requester_id),
        body,
        html_body,
        public: past.public.unwrap_or(true),
        attachments: Vec::new(),
        via: Via::default(),
        metadata: json!({"system": {}, "custom": {}}),
    })
}
