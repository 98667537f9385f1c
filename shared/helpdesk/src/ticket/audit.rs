//! What an update did, field by field.

use super::comment::{AUDITS, history};
use super::metric_events::Metric;
use super::news::News;
use super::{MetricEvent, Ticket, Via};
use crate::ids::{AuditId, CommentId, TicketId, UserId};
use crate::record::{Changes, Link, places};
use crate::store::Key;
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What one update did
/// ([ticket audits](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// Its id.
    pub id: AuditId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// When.
    pub created_at: Timestamp,
    /// Who.
    pub author_id: UserId,
    /// By what way.
    pub via: Via,
    /// What else is known of it.
    pub metadata: Value,
    /// What it did.
    pub events: Vec<Event>,
    /// When it was kept, which is later than what it tells of if that was imported. Exports go by it.
    pub recorded_at: Timestamp,
    /// What the ticket's clocks did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metric_events: Vec<MetricEvent>,
    /// Whether it is the past of an imported ticket.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
}

/// What the lists of audits hold of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its ticket.
    pub ticket: TicketId,
    /// Its comment.
    pub comment: Option<CommentId>,
}

/// The list of all audits.
pub const AUDITED: &str = "changed/audits";

/// The list of those with which a clock did something.
pub const MEASURED: &str = "measured/audits";

impl Audit {
    /// The lists that it stands on.
    #[must_use]
    pub fn links(&self) -> Vec<Link> {
        let on = |list: &str| Link::by_time(list, self.recorded_at, self.id.get());
        let measured = (!self.metric_events.is_empty()).then(|| on(MEASURED));
        [on(AUDITED)].into_iter().chain(measured).collect()
    }

    /// Keeps it, with the changes that it tells of.
    ///
    /// # Errors
    /// `Internal` if it cannot be written.
    pub fn keep(&self, changes: &mut Changes) -> Result<(), Fault> {
        changes.put(Self::key(self.ticket_id, self.id), self, None)?;
        let listed = Listed { ticket: self.ticket_id, comment: self.comment() };
        self.links().iter().try_for_each(|link| changes.list(link, &listed))
    }

    /// Where it is kept.
    #[must_use]
    pub fn key(ticket: TicketId, id: AuditId) -> Key {
        Key::new(history(ticket), format!("{AUDITS}{}", places::rank(id.get())))
    }

    /// The comment that it came with, if it did.
    #[must_use]
    pub fn comment(&self) -> Option<CommentId> {
        self.events.iter().find_map(|event| match event.what {
            What::Comment => CommentId::new(event.id),
            What::Create { .. }
            | What::Change { .. }
            | What::Notification { .. }
            | What::Cc { .. }
            | What::FollowerNotification { .. }
            | What::Webhook { .. }
            | What::UseCase { .. }
            | What::SlaBreach { .. }
            | What::Error { .. } => None,
        })
    }
}

/// One thing that an update did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its id.
    pub id: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
    /// By what way, if by another than the update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
}

impl Event {
    /// Something that an update did itself.
    #[must_use]
    pub const fn new(id: u64, what: What) -> Self {
        Self { id, what, via: None }
    }
}

/// What an update did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum What {
    /// Set a field of a new ticket.
    Create {
        /// The field.
        field_name: String,
        /// What it is.
        value: Value,
    },
    /// Changed a field.
    Change {
        /// The field.
        field_name: String,
        /// What it is now.
        value: Value,
        /// What it was.
        previous_value: Value,
    },
    /// Said something: the comment of the same id.
    Comment,
    /// Told people.
    Notification {
        /// What about.
        subject: String,
        /// What.
        body: String,
        /// Whom.
        recipients: Vec<UserId>,
    },
    /// Told people in copy.
    Cc {
        /// Whom.
        recipients: Vec<UserId>,
    },
    /// Told agents who follow it.
    FollowerNotification {
        /// Whom.
        recipients: Vec<UserId>,
    },
    /// Made a request of a webhook.
    Webhook {
        /// Which.
        webhook_id: String,
        /// With what: a text, or the names and values of a form.
        body: Value,
    },
    /// Opened a use case.
    UseCase {
        /// By this name.
        name: String,
    },
    /// Was late: a promise is broken.
    SlaBreach {
        /// Which clock it is about.
        metric: Metric,
        /// When it was broken.
        breached_at: Timestamp,
    },
    /// Could not do something, or had to end.
    Error {
        /// What, and why.
        message: String,
    },
}

/// A field that changed. On a new ticket, Zendesk calls it `Create` and shows no value before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The field's name in the API; of a field of the tenant's own, its id.
    pub field_name: String,
    /// What it is now.
    pub value: Value,
    /// What it was.
    pub previous_value: Value,
}

/// Fields of a new ticket that its audit tells of, set or not.
const TOLD: [&str; 4] = ["subject", "priority", "type", "status"];

/// What differs, by the fields' names. Ids and other numbers are text, as Zendesk's audits have them.
#[must_use]
pub fn changes(before: &Ticket, after: &Ticket) -> Vec<Change> {
    let (before, after) = (fields(before), fields(after));
    let differ = |name: &&String| before.get(*name) != after.get(*name);
    let names = after.keys().chain(before.keys().filter(|name| !after.contains_key(*name)));
    let mut changed: Vec<Change> = names
        .filter(differ)
        .map(|name| Change {
            field_name: name.clone(),
            value: after.get(name).cloned().unwrap_or_default(),
            previous_value: before.get(name).cloned().unwrap_or_default(),
        })
        .collect();
    changed.sort_by(|a, b| a.field_name.cmp(&b.field_name));
    changed
}

/// What a new ticket is, as its audit tells it.
#[must_use]
pub fn creation(ticket: &Ticket) -> Vec<What> {
    let set = |(name, value): &(String, Value)| {
        TOLD.contains(&name.as_str())
            || !(value.is_null() || value.as_array().is_some_and(Vec::is_empty))
    };
    let fields = fields(ticket).into_iter().filter(|(name, _)| name != "submitter_id");
    fields.filter(set).map(|(field_name, value)| What::Create { field_name, value }).collect()
}

/// The fields that audits tell of, those of the tenant's own beside the others.
fn fields(ticket: &Ticket) -> Map<String, Value> {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(News::of(ticket)) else {
        return Map::new();
    };
    if let Some(Value::Object(own)) = fields.remove("custom_fields") {
        fields.extend(own);
    }
    fields.into_iter().map(|(name, value)| (name, shown(value))).collect()
}

fn shown(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::String(number.to_string()),
        Value::Array(items) => items.into_iter().map(shown).collect(),
        other => other,
    }
}
