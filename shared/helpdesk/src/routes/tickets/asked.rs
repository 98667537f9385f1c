//! What clients ask of a ticket, beyond what the ticket itself can be edited in: people by their addresses, and in how
//! many ways Zendesk lets them be named.

use crate::api::{Refused, ask};
use crate::file::upload::Upload;
use crate::ids::{TicketId, UserId};
use crate::record::places;
use crate::store::Key;
use crate::ticket::Edit;
use crate::user::{EMAIL, canonical};
use ceap_kernel::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Everything that is asked of a ticket.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What it is to be.
    pub edit: Edit,
    /// Everything else.
    pub more: More,
}

/// What is asked of a ticket besides what it is to be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct More {
    /// What a new ticket opens with, if there is no comment.
    pub description: Option<String>,
    /// Who asks, by their address.
    pub requester: Option<Named>,
    /// Who works on it, by their address.
    pub assignee_email: Option<String>,
    /// Who is in copy, all of them.
    pub collaborators: Option<Vec<Collaborator>>,
    /// Who is in copy, all of them.
    pub collaborator_ids: Option<Vec<UserId>>,
    /// Who is in copy too.
    pub additional_collaborators: Vec<Collaborator>,
    /// Who is to be in copy, and who no longer.
    pub email_ccs: Vec<Turn>,
    /// Who is to follow, and who no longer.
    pub followers: Vec<Turn>,
    /// Whether it is only to be done if nobody else changed it.
    pub safe_update: bool,
    /// When it was last changed, as far as who asks knows.
    pub updated_stamp: Option<Timestamp>,
    /// What who asks wants to be remembered with the change.
    pub metadata: Option<Value>,
    /// By what way it came.
    pub via: Option<Channel>,
    /// Whether nobody wrote what is said: then it mentions nobody, since its values may come from anywhere.
    #[serde(skip)]
    pub automatic: bool,
}

impl Asked {
    /// The address of who asks, where it is told and decides who that is.
    #[must_use]
    pub fn sender(&self) -> Option<&str> {
        self.more.requester.as_ref().filter(|it| it.id.is_none())?.email.as_deref()
    }
}

/// By what way something came, as clients tell it.
#[derive(Debug, Clone, Deserialize)]
pub struct Channel {
    /// The channel.
    pub channel: Option<Value>,
}

/// Somebody, by an address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Named {
    /// Their id, if it is known after all.
    pub id: Option<UserId>,
    /// Their name.
    pub name: Option<String>,
    /// Their address.
    pub email: Option<String>,
}

/// Somebody in copy, in any of the ways that clients name them
/// ([setting collaborators](https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/#setting-collaborators)).
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Collaborator {
    /// By id.
    Id(UserId),
    /// By an address.
    Email(String),
    /// By name and address.
    Named(Named),
}

/// Somebody who is to be told, or no longer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Turn {
    /// Who, by id.
    pub user_id: Option<UserId>,
    /// Who, by address.
    pub user_email: Option<String>,
    /// Their name, if they are not known yet.
    pub user_name: Option<String>,
    /// `put` or `delete`.
    pub action: Option<String>,
}

impl Turn {
    /// Who it is.
    #[must_use]
    pub fn who(&self) -> Named {
        Named { id: self.user_id, name: self.user_name.clone(), email: self.user_email.clone() }
    }

    /// Whether they are to be told no longer.
    #[must_use]
    pub fn leaves(&self) -> bool {
        self.action.as_deref() == Some("delete")
    }
}

impl Collaborator {
    /// Who it is.
    #[must_use]
    pub fn who(&self) -> Named {
        match self {
            Self::Id(id) => Named { id: Some(*id), ..Named::default() },
            Self::Email(email) => Named { email: Some(email.clone()), ..Named::default() },
            Self::Named(named) => named.clone(),
        }
    }
}

impl Asked {
    /// Reads what is asked of a ticket.
    ///
    /// # Errors
    /// 422 that names the field that is not as it must be.
    pub fn read(value: Value) -> Result<Self, Refused> {
        let value = tolerated(value)?;
        let mut edit: Edit = ask::read(value.clone())?;
        let more: More = ask::read(value)?;
        if let (None, Some(description)) = (&edit.comment, &more.description) {
            let body = Some(description.clone());
            edit.comment = Some(crate::ticket::NewComment { body, ..Default::default() });
        }
        Ok(Self { edit, more })
    }

    /// Everybody who is named by an address.
    pub fn emails(&self) -> impl Iterator<Item = &str> {
        let more = &self.more;
        let requester = more.requester.as_ref().and_then(|it| it.email.as_deref());
        let all = more.collaborators.iter().flatten().chain(&more.additional_collaborators);
        let collaborators = all.filter_map(|it| match it {
            Collaborator::Id(_) => None,
            Collaborator::Email(email) => Some(email.as_str()),
            Collaborator::Named(named) => named.email.as_deref(),
        });
        let turns = more.email_ccs.iter().chain(&more.followers);
        let turns = turns.filter_map(|it| it.user_email.as_deref());
        let assignee = more.assignee_email.as_deref();
        requester.into_iter().chain(collaborators).chain(turns).chain(assignee)
    }

    /// What has to be read for it: who is named, and what.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        let emails = self.emails().map(|email| places::unique(EMAIL, &canonical(email)));
        let users = self.user_ids().into_iter();
        let users = users
            .map(|id| places::record(<crate::user::User as crate::record::Record>::KIND, id.get()));
        let tickets = [self.edit.via_followup_source_id, self.edit.problem_id.flatten()];
        let tickets = tickets.into_iter().flatten().map(ticket);
        let organization = self.edit.organization_id.flatten();
        let organization = organization.map(|id| super::see::organization(id.get()));
        let uploads = self.edit.comment.iter().flat_map(|it| &it.uploads);
        let uploads = uploads.map(|token| Upload::key(token));
        emails.chain(users).chain(tickets).chain(organization).chain(uploads).collect()
    }

    /// Everybody who is named by an id.
    #[must_use]
    pub fn user_ids(&self) -> Vec<UserId> {
        let (edit, more) = (&self.edit, &self.more);
        let all = more.collaborators.iter().flatten().chain(&more.additional_collaborators);
        let collaborators = all.filter_map(|it| it.who().id);
        let turns = more.email_ccs.iter().chain(&more.followers).filter_map(|it| it.user_id);
        let author = edit.comment.as_ref().and_then(|it| it.author_id);
        let requester = more.requester.as_ref().and_then(|it| it.id);
        [edit.requester_id, edit.submitter_id, author, requester]
            .into_iter()
            .flatten()
            .chain(more.collaborator_ids.iter().flatten().copied())
            .chain(edit.follower_ids.iter().flatten().copied())
            .chain(edit.email_cc_ids.iter().flatten().copied())
            .chain(collaborators)
            .chain(turns)
            .collect()
    }
}

fn ticket(id: TicketId) -> Key {
    places::record(<crate::ticket::Ticket as crate::record::Record>::KIND, id.get())
}

/// What clients send and Zendesk takes, in the form in which it is read here: empty text is none where a word or a
/// time is expected, and a day is a time.
fn tolerated(value: Value) -> Result<Value, Refused> {
    let Value::Object(mut fields) = value else {
        return Err(Refused::parameter("ticket", "must be an object"));
    };
    for name in ["priority", "type", "due_at", "external_id"] {
        if fields.get(name).and_then(Value::as_str).is_some_and(|text| text.trim().is_empty()) {
            fields.insert(name.to_owned(), Value::Null);
        }
    }
    if let Some(day) = fields.get("due_at").and_then(Value::as_str).filter(|it| it.len() == 10) {
        let time = format!("{day}T00:00:00Z");
        fields.insert("due_at".to_owned(), Value::String(time));
    }
    // What a ticket is shown with, and clients send back as it came: told by others here.
    for name in ["fields", "id", "url", "created_at", "updated_at", "satisfaction_rating"] {
        fields.remove(name);
    }
    for name in ["status", "requester_id", "submitter_id", "comment", "tags", "collaborator_ids"] {
        drop_null(&mut fields, name);
    }
    Ok(Value::Object(fields))
}

fn drop_null(fields: &mut Map<String, Value>, name: &str) {
    if fields.get(name).is_some_and(Value::is_null) {
        fields.remove(name);
    }
}
