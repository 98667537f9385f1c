//! What happened to tickets, for others than clients of the API: use cases, and what the team connects to the bus.
//!
//! A fact is made of the audit that an update left, and of its ticket and people as they are when it is made. It has the
//! same id whenever that is done again. Imported tickets are the past: nothing of them is told.

use super::{Audit, Comment, DeletedTicket, Event, Ticket, What};
use crate::ids::UserId;
use crate::record::{Known, Record, places};
use crate::store::Store;
use crate::time_zone;
use crate::user::User;
use ceap_kernel::{Fault, TenantId, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Kind {
    /// A ticket was opened.
    #[serde(rename = "TicketCreated.v1")]
    Created,
    /// Fields of it changed.
    #[serde(rename = "TicketUpdated.v1")]
    Updated,
    /// Something was said.
    #[serde(rename = "CommentAdded.v1")]
    Commented,
    /// A rule opened a use case.
    #[serde(rename = "TicketTriggered.v1")]
    Triggered,
}

impl Kind {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "TicketCreated.v1",
            Self::Updated => "TicketUpdated.v1",
            Self::Commented => "CommentAdded.v1",
            Self::Triggered => "TicketTriggered.v1",
        }
    }
}

/// Something that happened to a ticket.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fact {
    /// Its id, the same whenever it is told again.
    pub id: String,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// In whose account.
    pub tenant: TenantId,
    /// When.
    pub time: Timestamp,
    /// What is told of it.
    pub data: Map<String, Value>,
    /// Who asked for the ticket.
    #[serde(skip)]
    pub requester: Requester,
}

/// Who asked for a ticket, as a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requester {
    /// Their id here.
    pub id: UserId,
    /// What the team's other systems call them.
    pub external_id: Option<String>,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: Option<String>,
    /// Their language (BCP 47).
    pub locale: String,
    /// Their time zone (IANA).
    pub time_zone: String,
}

/// Tells facts to whoever listens.
pub trait Bus {
    /// Tells all of these.
    fn tell<'a>(&'a self, facts: &'a [Fact]) -> crate::store::Soon<'a, Result<(), Fault>>;
}

/// Letters of a comment, and of a value, that are told. An event is small; who wants all of it asks the API.
const COMMENT: usize = 1_000;
const VALUE: usize = 200;

/// Values of the tenant's own fields, and changes, that are told.
const MOST: usize = 30;

/// What these audits of one account tell. Nothing is told of a ticket that is no more.
///
/// # Errors
/// `Unavailable` or `Throttled`; `Internal` if a record cannot be read.
pub async fn facts(
    store: &dyn Store,
    tenant: &TenantId,
    audits: &[Audit],
) -> Result<Vec<Fact>, Fault> {
    let told = || audits.iter().filter(|audit| !audit.imported);
    let keys = told().flat_map(|audit| {
        let id = audit.ticket_id;
        let comment = audit.comment().map(|comment| Comment::key(id, comment));
        let ticket = [Ticket::KIND, DeletedTicket::KIND].map(|kind| places::record(kind, id.get()));
        ticket.into_iter().chain(comment)
    });
    let known = Known::read(store, tenant, keys.collect()).await?;
    let mut tickets = Vec::new();
    for audit in told() {
        let id = audit.ticket_id.get();
        let ticket = match known.record::<Ticket>(id)? {
            Some(ticket) => Some(ticket),
            None => known.record::<DeletedTicket>(id)?.map(|deleted| deleted.ticket),
        };
        let comment: Option<Comment> = match audit.comment() {
            Some(comment) => known.value(&Comment::key(audit.ticket_id, comment))?,
            None => None,
        };
        tickets.extend(ticket.map(|ticket| (audit, ticket, comment)));
    }
    let people =
        tickets.iter().flat_map(|(audit, ticket, _)| [ticket.requester_id, audit.author_id]);
    let people = people.map(|id| places::record(User::KIND, id.get())).collect();
    let people = Known::read(store, tenant, people).await?;
    let mut facts = Vec::new();
    for (audit, ticket, comment) in tickets {
        let Some(requester) = people.record::<User>(ticket.requester_id.get())? else { continue };
        let author = people.record::<User>(audit.author_id.get())?;
        let told = Told { tenant, audit, ticket: &ticket, requester: &requester, author };
        facts.push(told.update());
        facts.extend(comment.map(|comment| told.comment(&comment)));
        facts.extend(audit.events.iter().map(|event| told.triggered(event)));
    }
    Ok(facts.into_iter().flatten().collect())
}

/// An update, with all that is known of it.
struct Told<'a> {
    tenant: &'a TenantId,
    audit: &'a Audit,
    ticket: &'a Ticket,
    requester: &'a User,
    author: Option<User>,
}

impl Told<'_> {
    /// That the ticket was opened or changed, if it was.
    fn update(&self) -> Option<Fact> {
        let mut changes = Vec::new();
        let mut created = false;
        for event in &self.audit.events {
            match &event.what {
                What::Create { .. } => created = true,
                What::Change { field_name, value, previous_value } => changes.push(json!({
                    "field": field_name, "value": short(value), "previous_value": short(previous_value),
                })),
                What::Comment
                | What::Notification { .. }
                | What::Cc { .. }
                | What::FollowerNotification { .. }
                | What::Webhook { .. }
                | What::UseCase { .. }
                | What::SlaBreach { .. }
                | What::Error { .. } => {}
            }
        }
        if !created && changes.is_empty() {
            return None;
        }
        changes.truncate(MOST);
        let kind = if created { Kind::Created } else { Kind::Updated };
        Some(self.fact(kind, self.audit.id.get(), "changes", Value::Array(changes)))
    }

    /// That something was said. What the requester does not see is not told either: it could end in a message to them.
    fn comment(&self, comment: &Comment) -> Option<Fact> {
        let told = json!({
            "id": comment.id,
            "public": comment.public,
            "body": comment.public.then(|| cut(&comment.body, COMMENT)),
            "by_requester": comment.author_id == self.ticket.requester_id,
        });
        Some(self.fact(Kind::Commented, comment.id.get(), "comment", told))
    }

    /// That a rule opened a use case, if that is what happened.
    fn triggered(&self, event: &Event) -> Option<Fact> {
        let What::UseCase { name } = &event.what else { return None };
        let rule = event.via.as_ref().and_then(|via| via.source.pointer("/from/id"));
        let told = json!({"name": name, "rule_id": rule});
        Some(self.fact(Kind::Triggered, event.id, "use_case", told))
    }

    fn fact(&self, kind: Kind, id: u64, name: &str, value: Value) -> Fact {
        let role = self.author.as_ref().map(|author| author.role.as_str());
        let mut data = Map::from_iter([
            ("ticket".to_owned(), self.ticket()),
            ("audit_id".to_owned(), json!(self.audit.id)),
            ("author".to_owned(), json!({"id": self.audit.author_id, "role": role})),
            ("channel".to_owned(), json!(self.audit.via.channel)),
        ]);
        data.insert(name.to_owned(), value);
        Fact {
            id: format!("{}:{id}", kind.as_str()),
            kind,
            tenant: self.tenant.clone(),
            time: self.audit.created_at,
            data,
            requester: Requester {
                id: self.requester.id,
                external_id: self.requester.external_id.clone(),
                name: self.requester.name.clone(),
                email: self.requester.email().map(str::to_owned),
                locale: self.requester.locale.clone(),
                time_zone: time_zone::iana(&self.requester.time_zone).to_owned(),
            },
        }
    }

    fn ticket(&self) -> Value {
        let ticket = self.ticket;
        let fields = ticket.custom_fields.iter().take(MOST);
        let fields: Map<String, Value> =
            fields.map(|(id, value)| (id.to_string(), short(value))).collect();
        json!({
            "id": ticket.id,
            "external_id": ticket.external_id,
            "subject": ticket.subject,
            "type": ticket.kind,
            "priority": ticket.priority,
            "status": ticket.status,
            "requester_id": ticket.requester_id,
            "assignee_id": ticket.assignee_id,
            "group_id": ticket.group_id,
            "organization_id": ticket.organization_id,
            "brand_id": ticket.brand_id,
            "ticket_form_id": ticket.ticket_form_id,
            "tags": ticket.tags,
            "custom_fields": fields,
            "created_at": ticket.created_at,
            "updated_at": ticket.updated_at,
        })
    }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// A value, if it is not long.
fn short(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(cut(text, VALUE)),
        Value::Array(all) => all.iter().take(MOST).map(short).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::Object(_) => Value::Null,
    }
}

/// What somebody is as a customer: what the team's other systems call them, if these do.
pub(crate) fn subject(external_id: Option<&str>, id: UserId) -> String {
    external_id.map_or_else(|| format!("user-{id}"), str::to_owned)
}

impl Requester {
    /// The subject that they are: as the team's other systems call them, if these do.
    #[must_use]
    pub fn subject(&self) -> String {
        subject(self.external_id.as_deref(), self.id)
    }

    /// What their profile learns of them. The profile of whom other systems know is theirs to keep.
    #[must_use]
    pub fn profile(&self) -> Option<Map<String, Value>> {
        let told = || {
            let known = [
                ("email", self.email.as_deref()),
                ("locale", Some(&*self.locale)),
                ("time_zone", Some(&*self.time_zone)),
                ("name", Some(&*self.name)),
            ];
            known.into_iter().filter_map(|(name, it)| Some((name.to_owned(), json!(it?)))).collect()
        };
        self.external_id.is_none().then(told)
    }
}
