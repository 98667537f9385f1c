//! What a change of a ticket did, as it is remembered and told.

use super::asked::More;
use super::history::happened;
use super::shown::{audit_shown, ticket_shown};
use crate::activity;
use crate::api::{Call, Refused};
use crate::file::Attachment;
use crate::file::upload::Taken;
use crate::ids::{AuditId, CommentId, TicketId, UserId};
use crate::record::{Changes, Kept};
use crate::report::{Journal, Noted};
use crate::routing;
use crate::rule::SlaPolicy;
use crate::satisfaction;
use crate::schedule::Schedules;
use crate::search::document::{self, Beside};
use crate::search::{Looking, Scanned};
use crate::text;
use crate::ticket::comment::Comment;
use crate::ticket::metric_events::Turn;
use crate::ticket::{
    self, Applied, Audit, Event, MAX_COMMENT, MetricEvent, Said, Ticket, Via, What, creation,
    metric_events, metrics,
};
use crate::trigger::Fired;
use ceap_kernel::{Fault, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a change led to.
#[derive(Debug, Clone)]
pub struct Written {
    /// The ticket as it is now.
    pub ticket: Ticket,
    /// What was done.
    pub audit: Audit,
    /// What was said.
    pub comment: Option<Comment>,
}

impl Written {
    /// As the API tells it.
    #[must_use]
    pub fn shown(&self, call: &Call<'_>) -> Value {
        json!({
            "ticket": ticket_shown(call, &self.ticket),
            "audit": audit_shown(call, &self.audit, self.comment.as_slice()),
        })
    }
}

/// By what way a change came.
pub fn channel(more: &More, usual: Via) -> Via {
    let named = more.via.as_ref().and_then(|it| it.channel.as_ref()).and_then(Value::as_str);
    named.map_or(usual, Via::of)
}

/// Characters of what a client says of itself that are kept.
const MAX_CLIENT: usize = 255;

/// How a change comes, and what its triggers made of it.
pub struct How<'a> {
    /// What was asked beside the change.
    pub more: &'a More,
    /// The files that came with it.
    pub uploads: Taken,
    /// By what way it came, unless it says otherwise.
    pub via: Via,
    /// Agents who are named in what was said.
    pub mentioned: BTreeSet<UserId>,
    /// What triggers did, and what they say.
    pub fired: Option<(Fired, Vec<(Said, Via)>)>,
}

/// With what, and from where, a change is asked for
/// ([audits](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/)).
fn system(call: &Call<'_>) -> Value {
    let client = call.ask.header("user-agent");
    let client = client.map(|it| it.chars().take(MAX_CLIENT).collect::<String>());
    let known = [("client", client), ("ip_address", call.ask.ip_address().map(str::to_owned))];
    known.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// What a change did, as it is remembered and told: put with `changes`, but for the ticket itself.
pub fn work_out(
    call: &Call<'_>,
    before: Option<&Ticket>,
    applied: Applied,
    how: How<'_>,
    changes: &mut Changes,
) -> Result<Written, Refused> {
    let How { more, uploads, via, mentioned, fired } = how;
    let Applied { mut ticket, changes: changed, comment: said } = applied;
    let told = match before {
        None => creation(&ticket),
        Some(_) => changed.into_iter().map(What::from).collect(),
    };
    let (fired, automatic) = fired.unzip();
    let events = fired.map(|fired| {
        ticket = fired.ticket;
        fired.events
    });
    let audit_id = AuditId::fresh(call)?;
    let author = call.actor()?.id();
    let via = channel(more, via);
    let metadata = json!({"system": system(call), "custom": custom(more)});
    let comment = said
        .map(|said| {
            let head = (audit_id, ticket.id, &via, &metadata);
            commented(call, said, head, uploads.attachments.clone())
        })
        .transpose()?;
    let at = ticket.updated_at;
    let event = |what, via| Event { via, ..Event::new(call.new_id(), what) };
    let mut audit = Audit {
        id: audit_id,
        ticket_id: ticket.id,
        created_at: at,
        author_id: comment.as_ref().map_or(author, |comment| comment.author_id),
        via,
        metadata,
        events: comment.iter().map(|it| Event::new(it.id.get(), What::Comment)).collect(),
        recorded_at: at,
        imported: false,
        metric_events: Vec::new(),
    };
    let notices = comment.iter().flat_map(|it| ticket::notices(&ticket, it, &mentioned));
    audit.events.extend(told.into_iter().chain(notices).map(|what| event(what, None)));
    let fired = events.into_iter().flatten();
    audit.events.extend(fired.map(|(what, via)| event(what, Some(via))));
    satisfaction::offered(call, before, &mut ticket, changes)?;
    for (said, via) in automatic.into_iter().flatten() {
        ticket.is_public |= said.public;
        say(call, &ticket, said, via, changes)?;
    }
    let schedules = Schedules::of(&call.account)?;
    let hours = schedules.hours(&ticket);
    let seen = comment.as_ref().map(|it| (it.author_id, it.public));
    let happened = happened(call, before, seen, at, hours)?;
    metrics::measure(before, &mut ticket, happened);
    let policies = call.account.all::<SlaPolicy>()?;
    let policy = policy(call, &ticket, &audit.via.channel, &policies)?;
    let ids = || call.new_id();
    audit.metric_events = metric_events::follow(before, &mut ticket, happened, policy, ids);
    note(call, before, &mut ticket, (seen, at, &audit.metric_events))?;
    let broken = audit.metric_events.iter().filter(|it| it.turn == Turn::Breach);
    let broken = broken.map(|it| What::SlaBreach { metric: it.metric, breached_at: it.time });
    audit.events.extend(broken.collect::<Vec<_>>().into_iter().map(|what| event(what, None)));
    routing::settle(&mut ticket, call.account.routing()?.enabled, at);
    let ticket = ticket.generated(call.at);
    if !audit.events.is_empty() {
        audit.keep(changes)?;
    }
    if let Some(comment) = &comment {
        changes.put(Comment::key(ticket.id, comment.id), comment, None)?;
        uploads.give(comment, changes)?;
    }
    activity::tell(call, before, &ticket, comment.as_ref(), changes)?;
    Ok(Written { ticket, audit, comment })
}

/// What happened to a ticket, noted for reports: who said something, whether the requester sees it, when, and what its
/// clocks did.
fn note(
    call: &Call<'_>,
    before: Option<&Ticket>,
    ticket: &mut Ticket,
    (said, at, clocks): (Option<(UserId, bool)>, Timestamp, &[MetricEvent]),
) -> Result<(), Fault> {
    let agents = &call.account.agents()?.groups;
    let asks = |author: UserId| before.is_some_and(|it| it.requester_id == author);
    let said = said.filter(|(author, _)| agents.contains_key(author) && !asks(*author));
    let zone = call.account.zone()?;
    Journal::note(before, ticket, Noted { said, clocks, zone: &zone, at });
    Ok(())
}

/// The policy that says what is promised of a ticket.
fn policy<'p>(
    call: &Call<'_>,
    ticket: &Ticket,
    channel: &str,
    policies: &'p [Kept<SlaPolicy>],
) -> Result<Option<&'p SlaPolicy>, Fault> {
    let Some(actor) = call.actor.as_ref().filter(|_| !policies.is_empty()) else { return Ok(None) };
    let looking = Looking::of(&call.account, actor, call.at)?;
    let fields = &looking.fields;
    let document = document::ticket(ticket, &[], &Beside { fields, ..Beside::default() });
    Ok(looking.policy(&Scanned::new(&document), channel, policies))
}

/// Says what a rule says: an update of its own, of the account's owner, which nobody answers to.
fn say(
    call: &Call<'_>,
    ticket: &Ticket,
    said: Said,
    via: Via,
    changes: &mut Changes,
) -> Result<(), Refused> {
    let (id, at) = (AuditId::fresh(call)?, ticket.updated_at);
    let metadata = json!({"system": {}, "custom": {}});
    let comment = commented(call, said, (id, ticket.id, &via, &metadata), Vec::new())?;
    let mut audit = Audit {
        id,
        ticket_id: ticket.id,
        created_at: at,
        author_id: comment.author_id,
        via,
        metadata,
        events: vec![Event::new(comment.id.get(), What::Comment)],
        recorded_at: at,
        imported: false,
        metric_events: Vec::new(),
    };
    let notices = ticket::notices(ticket, &comment, &BTreeSet::new()).into_iter();
    audit.events.extend(notices.map(|what| Event::new(call.new_id(), what)));
    audit.keep(changes)?;
    Ok(changes.put(Comment::key(ticket.id, comment.id), &comment, None)?)
}

fn custom(more: &More) -> Value {
    let custom = more.metadata.clone().filter(Value::is_object);
    custom.unwrap_or_else(|| json!({}))
}

impl From<ticket::Change> for What {
    fn from(change: ticket::Change) -> Self {
        let ticket::Change { field_name, value, previous_value } = change;
        Self::Change { field_name, value, previous_value }
    }
}

type Head<'a> = (AuditId, TicketId, &'a Via, &'a Value);

fn commented(
    call: &Call<'_>,
    said: Said,
    (audit_id, ticket_id, via, metadata): Head<'_>,
    attachments: Vec<Attachment>,
) -> Result<Comment, Fault> {
    let (body, html_body) = match (said.html_body, said.body) {
        (Some(html), _) => {
            let html = text::clean(&html);
            (text::of_html(&html), html)
        }
        (None, body) => {
            let body = body.unwrap_or_default();
            let html = text::to_html(&body);
            (body, html)
        }
    };
    let cut = body.char_indices().nth(MAX_COMMENT).map_or(body.len(), |(at, _)| at);
    Ok(Comment {
        id: CommentId::fresh(call)?,
        audit_id,
        ticket_id,
        created_at: call.at,
        author_id: said.author_id,
        body: body.get(..cut).unwrap_or_default().to_owned(),
        html_body,
        public: said.public,
        attachments,
        via: via.clone(),
        metadata: metadata.clone(),
    })
}
