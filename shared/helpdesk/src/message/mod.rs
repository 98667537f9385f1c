//! Messages that the platform sends to the helpdesk: each opens a ticket for somebody, or says more in the one that a
//! message before it opened. They are written as a client of the API would write them, by the same rules, once each.

mod desk;
mod fields;
mod requester;

pub use desk::{Counter, Nothing};
pub use requester::Requester;

use crate::api::{Ask, Call, Desk, Method, Refused, entry};
use crate::ids::TicketId;
use crate::later::later;
use crate::record::{Changes, Kept};
use crate::refusal::Refusal;
use crate::routes::tickets::{self, Asked, Written};
use crate::store::Key;
use crate::ticket::{Status, Ticket, Via};
use crate::user::User;
use ceap_kernel::{Fault, TenantId, digest};
use fields::Place;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// Its id: what comes again under it was done before.
    pub id: String,
    /// The use case that it comes from, if it comes from one.
    pub use_case: Option<String>,
    /// For whom the ticket is.
    pub requester: Requester,
    /// What the ticket is about.
    pub subject: Option<String>,
    /// What is said.
    pub text: String,
    /// The same in HTML; goes before the text.
    pub html: Option<String>,
    /// Whether the requester sees it.
    pub public: bool,
    /// What becomes of the ticket that a message before it opened.
    pub again: Again,
    /// What the ticket is to be.
    pub wanted: Wanted,
}

/// What becomes of the ticket that a message before it opened, for the same requester, from the same use case or under
/// the same `external_id`, as long as it is not solved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Again {
    /// Nothing: each message opens a ticket.
    Nothing,
    /// It gets one more comment, and the tags.
    #[default]
    Comment,
    /// And whatever else the message says.
    Everything,
}

/// What a ticket is to be. What is empty is not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The priority, by its word.
    pub priority: Option<String>,
    /// The type, by its word.
    pub kind: Option<String>,
    /// The status, by its word.
    pub status: Option<String>,
    /// Tags to add.
    pub tags: Vec<String>,
    /// The group, by name or id.
    pub group: Option<String>,
    /// The assignee, by email address or id.
    pub assignee: Option<String>,
    /// The form, by name or id.
    pub form: Option<String>,
    /// The brand, by name or id.
    pub brand: Option<String>,
    /// Values of the account's own fields, by their titles or ids.
    pub custom_fields: BTreeMap<String, String>,
    /// What another system calls it.
    pub external_id: Option<String>,
}

/// How often it is worked out anew what a message does, because somebody else was faster.
const ATTEMPTS: usize = 6;

/// How long it is remembered that a message was taken: longer than any queue brings one again.
const REMEMBERED_SECONDS: i64 = 30 * 24 * 60 * 60;

/// What is remembered of a message, and of what tickets are found again by.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    ticket: TicketId,
}

/// Takes a message, and tells which ticket it is in: the same ticket, however often it is taken.
///
/// # Errors
/// 401 if the account is not set up; 422 that names the fields; `Unavailable` or `Throttled`, and 409 when others were
/// faster again and again: it may be taken again then.
pub async fn take(
    desk: &Desk<'_>,
    tenant: &TenantId,
    message: &Message,
) -> Result<TicketId, Refused> {
    let ask = Ask {
        method: Method::Post,
        base: String::new(),
        raw_path: "/api/v2/tickets".to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    for _ in 0..ATTEMPTS {
        let keys = message.keys();
        let call = entry::by_itself(desk, tenant, &ask, keys).await?;
        match message.attempt(&call).await {
            // Somebody else changed the ticket, took the message, or made the requester known.
            Err(Refused::Conflict | Refused::Other(409, ..)) => {}
            Err(Refused::Invalid(refusal)) if taken(&refusal) => {}
            done => return done,
        }
    }
    Err(Refused::Conflict)
}

/// Where a ticket is found again, by its `use_case` or its `external_id` and whom it is for.
pub(crate) fn opened(by: &str, name: &str, requester: &str) -> Key {
    Key::new(format!("OPENED#{}", digest(&[by, name, requester])), "OPENED")
}

/// Whether what somebody is known by was given to another meanwhile.
fn taken(refusal: &Refusal) -> bool {
    let known_by = ["email", "value", "external_id"].into_iter();
    known_by.flat_map(|it| refusal.reasons(it)).any(|it| it.error == Some("DuplicateValue"))
}

impl Message {
    /// Where it is remembered that it was taken.
    fn once(&self) -> Key {
        Key::new(format!("ONCE#message#{}", digest(&[&self.id])), "ONCE")
    }

    /// Where the ticket is found that a message before it opened; nowhere if it is not to go on, or nothing tells what
    /// belongs together.
    fn thread(&self) -> Option<Key> {
        if self.again == Again::Nothing {
            return None;
        }
        let (by, name) = match (said(self.wanted.external_id.as_ref()), &self.use_case) {
            (Some(id), _) => ("external_id", id),
            (None, Some(use_case)) => ("use_case", use_case.as_str()),
            (None, None) => return None,
        };
        Some(opened(by, name, &self.requester.external_id))
    }

    fn keys(&self) -> Vec<Key> {
        let mut keys = self.requester.keys();
        keys.push(self.once());
        keys.extend(self.thread());
        keys
    }

    async fn attempt(&self, call: &Call<'_>) -> Result<TicketId, Refused> {
        if let Some(Mark { ticket }) = marked(call, &self.once()).await? {
            return Ok(ticket);
        }
        match self.open_one(call).await? {
            Some(ticket) => self.goes_on(call, &ticket).await,
            None => self.opens(call).await,
        }
    }

    /// The ticket that a message before it opened, if it is to go on and is not solved.
    async fn open_one(&self, call: &Call<'_>) -> Result<Option<Kept<Ticket>>, Refused> {
        let Some(thread) = self.thread() else { return Ok(None) };
        let Some(Mark { ticket }) = marked(call, &thread).await? else { return Ok(None) };
        let ticket = call.find::<Ticket>(ticket.get()).await?;
        Ok(ticket.filter(|it| it.status < Status::Solved))
    }

    async fn opens(&self, call: &Call<'_>) -> Result<TicketId, Refused> {
        let (requester_id, added) = self.requester.found(call).await?;
        let mut ticket = fields::of(call, &self.wanted, Place::New)?;
        ticket.insert("requester_id".to_owned(), json!(requester_id));
        ticket.insert("submitter_id".to_owned(), json!(call.actor()?.id()));
        ticket.insert("subject".to_owned(), json!(self.subject));
        ticket.insert("comment".to_owned(), self.comment(call)?);
        let asked = read(ticket)?;
        let added: Vec<User> = added.into_iter().collect();
        let thread = self.thread();
        let before = match &thread {
            Some(key) => call.item(key).await?,
            None => None,
        };
        let marks = |written: &Written, changes: &mut Changes| {
            let mark = Mark { ticket: written.ticket.id };
            match (&before, &thread) {
                (Some(item), _) => changes.replace(item, &mark, None)?,
                (None, Some(key)) => changes.once(key.clone(), &mark, None)?,
                (None, None) => {}
            }
            self.remember(call, written, changes)
        };
        let written = tickets::open_with(call, asked, self.via(), added, &marks).await?;
        Ok(written.ticket.id)
    }

    async fn goes_on(&self, call: &Call<'_>, before: &Kept<Ticket>) -> Result<TicketId, Refused> {
        let place = match self.again {
            Again::Everything => Place::Changed,
            Again::Nothing | Again::Comment => Place::Commented,
        };
        let mut ticket = fields::of(call, &self.wanted, place)?;
        if self.again == Again::Everything {
            ticket.extend(self.subject.iter().map(|it| ("subject".to_owned(), json!(it))));
        }
        ticket.insert("comment".to_owned(), self.comment(call)?);
        // If it is solved meanwhile, another one is to be opened.
        ticket.insert("safe_update".to_owned(), json!(true));
        ticket.insert("updated_stamp".to_owned(), json!(before.updated_at));
        let asked = read(ticket)?;
        let marks =
            |written: &Written, changes: &mut Changes| self.remember(call, written, changes);
        let id = before.id;
        tickets::save_with(call, id.get(), asked, self.via(), &marks).await?;
        Ok(id)
    }

    fn remember(
        &self,
        call: &Call<'_>,
        written: &Written,
        changes: &mut Changes,
    ) -> Result<(), Refused> {
        let until = later(call.at, REMEMBERED_SECONDS)?;
        let mark = Mark { ticket: written.ticket.id };
        Ok(changes.once(self.once(), &mark, Some(until))?)
    }

    fn comment(&self, call: &Call<'_>) -> Result<Value, Refused> {
        let (body, public) = (&self.text, self.public);
        let mut comment = json!({"body": body, "public": public, "author_id": call.actor()?.id()});
        if let (Some(html), Value::Object(comment)) = (said(self.html.as_ref()), &mut comment) {
            comment.insert("html_body".to_owned(), json!(html));
        }
        Ok(comment)
    }

    fn via(&self) -> Via {
        self.use_case.as_deref().map_or_else(Via::default, Via::rule)
    }
}

fn read(ticket: Map<String, Value>) -> Result<Asked, Refused> {
    let mut asked = Asked::read(Value::Object(ticket))?;
    asked.more.automatic = true;
    Ok(asked)
}

/// What is said, if anything is.
fn said(text: Option<&String>) -> Option<&str> {
    text.map(|it| it.trim()).filter(|it| !it.is_empty())
}

async fn marked(call: &Call<'_>, key: &Key) -> Result<Option<Mark>, Fault> {
    let Some(item) = call.item(key).await? else { return Ok(None) };
    let unreadable = |error| Fault::Internal(format!("unreadable mark of a message: {error}"));
    serde_json::from_str(&item.body).map(Some).map_err(unreadable)
}
