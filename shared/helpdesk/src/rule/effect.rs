//! What a macro does to a ticket: worked out and told, not done. Whoever applies the macro sends it as a change.

use super::{Action, Form, Placeholders};
use crate::ids::{BrandId, CustomStatusId, FieldId, FormId, GroupId, RecordId, UserId};
use crate::ticket::{Kind, Priority, Status, Ticket};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a macro changes, and what it says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effect {
    /// See [`Ticket`].
    pub subject: Option<String>,
    /// See [`Ticket`].
    pub status: Option<Status>,
    /// See [`Ticket`].
    pub custom_status_id: Option<CustomStatusId>,
    /// See [`Ticket`].
    pub kind: Option<Kind>,
    /// See [`Ticket`].
    pub priority: Option<Priority>,
    /// See [`Ticket`].
    pub group_id: Option<Option<GroupId>>,
    /// See [`Ticket`].
    pub assignee_id: Option<Option<UserId>>,
    /// See [`Ticket`].
    pub ticket_form_id: Option<FormId>,
    /// See [`Ticket`].
    pub brand_id: Option<BrandId>,
    /// All tags from then on.
    pub tags: Option<BTreeSet<String>>,
    /// People who are put in copy.
    pub ccs: BTreeSet<UserId>,
    /// Agents who follow from then on.
    pub followers: BTreeSet<UserId>,
    /// Values of the account's own fields.
    pub fields: BTreeMap<FieldId, Value>,
    /// All skills that are asked for from then on.
    pub skills: Option<BTreeSet<RecordId>>,
    /// What is said.
    pub said: Option<Said>,
}

/// What a macro says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// In plain text, each with the channel that it is for.
    pub texts: Vec<(String, String)>,
    /// In HTML.
    pub html: Option<String>,
    /// Whether the requester sees it.
    pub public: Option<bool>,
}

/// Who applies a macro.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applier {
    /// Who.
    pub id: UserId,
    /// The group that their tickets go to.
    pub group_id: Option<GroupId>,
}

/// The channel of a text that names none.
const ALL_CHANNELS: &str = "channel:all";

impl Effect {
    /// What these actions do, one after the other: to `ticket`, or to one of which nothing is known.
    #[must_use]
    pub fn of<'a>(
        actions: impl IntoIterator<Item = &'a Action>,
        ticket: Option<&Ticket>,
        by: Applier,
    ) -> Self {
        let mut effect = Self::default();
        for action in actions {
            effect.act(action, ticket, by);
        }
        effect
    }

    fn act(&mut self, action: &Action, ticket: Option<&Ticket>, by: Applier) {
        let text = action.text();
        match action.field.as_str() {
            "subject" => self.subject = Some(text.to_owned()),
            "status" => self.status = read(&action.value),
            "custom_status_id" => self.custom_status_id = read(&first(&action.value)),
            "type" => self.kind = read(&action.value),
            "priority" => self.priority = read(&action.value),
            "group_id" if text == "current_groups" => self.group_id = Some(by.group_id),
            "group_id" => self.group_id = Some(read(&action.value)),
            "assignee_id" => self.assignee_id = Some(person(text, ticket, by)),
            "ticket_form_id" => self.ticket_form_id = read(&action.value),
            "brand_id" => self.brand_id = read(&action.value),
            "cc" => self.ccs.extend(person(text, ticket, by)),
            "follower" => self.followers.extend(person(text, ticket, by)),
            "set_tags" => self.tags = Some(words(&action.value).collect()),
            "current_tags" => self.tags(ticket).extend(words(&action.value)),
            "remove_tags" => {
                let gone: BTreeSet<String> = words(&action.value).collect();
                self.tags(ticket).retain(|tag| !gone.contains(tag));
            }
            "set_skills" => self.skills = Some(skills(&action.value).collect()),
            "add_skills" => self.skills(ticket).extend(skills(&action.value)),
            "remove_skills" => {
                let gone: BTreeSet<RecordId> = skills(&action.value).collect();
                self.skills(ticket).retain(|id| !gone.contains(id));
            }
            "comment_value" => {
                let said = self.said.get_or_insert_default();
                said.texts.push(scoped(&action.value));
            }
            "comment_value_html" => {
                let said = self.said.get_or_insert_default();
                said.html.get_or_insert_default().push_str(&scoped(&action.value).1);
            }
            "comment_mode_is_public" => {
                self.said.get_or_insert_default().public = Some(text == "true");
            }
            other => {
                let id = other.strip_prefix("custom_fields_").map(|id| Value::from(id.to_owned()));
                if let Some(id) = id.as_ref().and_then(read) {
                    self.fields.insert(id, action.value.clone());
                }
            }
        }
    }

    fn tags(&mut self, ticket: Option<&Ticket>) -> &mut BTreeSet<String> {
        self.tags.get_or_insert_with(|| ticket.map(|it| it.tags.clone()).unwrap_or_default())
    }

    fn skills(&mut self, ticket: Option<&Ticket>) -> &mut BTreeSet<RecordId> {
        let known = || ticket.map(|it| it.skills.clone()).unwrap_or_default();
        self.skills.get_or_insert_with(known)
    }

    /// The ticket as it would be.
    #[must_use]
    pub fn on(&self, ticket: &Ticket) -> Ticket {
        let mut after = ticket.clone();
        after.subject = self.subject.clone().or(after.subject);
        after.status = self.status.unwrap_or(after.status);
        after.custom_status_id = self.custom_status_id.or(after.custom_status_id);
        after.kind = self.kind.or(after.kind);
        after.priority = self.priority.or(after.priority);
        after.group_id = self.group_id.unwrap_or(after.group_id);
        after.assignee_id = self.assignee_id.unwrap_or(after.assignee_id);
        after.ticket_form_id = self.ticket_form_id.or(after.ticket_form_id);
        after.brand_id = self.brand_id.or(after.brand_id);
        after.tags = self.tags.clone().unwrap_or(after.tags);
        after.email_cc_ids.extend(&self.ccs);
        after.follower_ids.extend(&self.followers);
        after.custom_fields.extend(self.fields.clone());
        after
    }

    /// What it changes, under the names that tickets have for it.
    #[must_use]
    pub fn changed(&self) -> Map<String, Value> {
        let mut changed = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                changed.insert(name.to_owned(), value);
            }
        };
        put("subject", self.subject.clone().map(Value::from));
        put("status", self.status.map(|it| json!(it)));
        put("custom_status_id", self.custom_status_id.map(|it| json!(it)));
        put("type", self.kind.map(|it| json!(it)));
        put("priority", self.priority.map(|it| json!(it)));
        put("group_id", self.group_id.map(|it| json!(it)));
        put("assignee_id", self.assignee_id.map(|it| json!(it)));
        put("ticket_form_id", self.ticket_form_id.map(|it| json!(it)));
        put("brand_id", self.brand_id.map(|it| json!(it)));
        put("tags", self.tags.as_ref().map(|it| json!(it)));
        put("email_cc_ids", (!self.ccs.is_empty()).then(|| json!(self.ccs)));
        put("follower_ids", (!self.followers.is_empty()).then(|| json!(self.followers)));
        if !self.fields.is_empty() {
            let fields = self.fields.iter().map(|(id, value)| json!({"id": id, "value": value}));
            let fields: Value = fields.collect();
            put("fields", Some(fields.clone()));
            put("custom_fields", Some(fields));
        }
        put("comment", self.said.as_ref().map(Said::shown));
        changed
    }
}

impl Said {
    /// The same, with what its placeholders stand for.
    #[must_use]
    pub fn filled(self, with: &Placeholders) -> Self {
        let Self { texts, html, public } = self;
        let plain = |text: String| with.fill(&text, Form::Plain);
        let texts = texts.into_iter().map(|(channel, text)| (channel, plain(text)));
        let html = html.map(|html| with.fill(&html, Form::Markup));
        Self { texts: texts.collect(), html, public }
    }

    /// All its plain text, if there is any.
    #[must_use]
    pub fn plain(&self) -> Option<String> {
        let texts: Vec<&str> = self.texts.iter().map(|(_, text)| text.as_str()).collect();
        (!texts.is_empty()).then(|| texts.join("\n\n"))
    }

    /// As a ticket's comment is asked for.
    #[must_use]
    pub fn shown(&self) -> Value {
        let mut shown = Map::new();
        let html = self.html.as_deref();
        let body = self.plain().or_else(|| html.map(str::to_owned));
        shown.extend(body.map(|body| ("body".to_owned(), Value::from(body))));
        shown.extend(html.map(|html| ("html_body".to_owned(), Value::from(html))));
        let scoped = match html {
            Some(html) if self.texts.is_empty() => json!([[ALL_CHANNELS, html]]),
            _ => json!(self.texts),
        };
        shown.insert("scoped_body".to_owned(), scoped);
        shown.extend(self.public.map(|public| ("public".to_owned(), Value::Bool(public))));
        Value::Object(shown)
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

/// The first of several, or the one.
fn first(value: &Value) -> Value {
    value.get(0).unwrap_or(value).clone()
}

fn person(text: &str, ticket: Option<&Ticket>, by: Applier) -> Option<UserId> {
    match text {
        "current_user" => Some(by.id),
        "requester_id" => ticket.map(|ticket| ticket.requester_id),
        id => read(&Value::from(id)),
    }
}

/// Tags, as tickets keep them.
fn words(value: &Value) -> impl Iterator<Item = String> {
    let texts: Vec<&str> = match value {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    };
    let words = texts.into_iter().flat_map(|text| text.split([' ', ',']));
    let words: Vec<String> = words.filter(|it| !it.is_empty()).map(str::to_lowercase).collect();
    words.into_iter()
}

/// Skills, by their ids.
fn skills(value: &Value) -> impl Iterator<Item = RecordId> {
    words(value).filter_map(|id| id.parse().ok().and_then(RecordId::new))
}

/// A text and the channel that it is for.
fn scoped(value: &Value) -> (String, String) {
    let part = |at: usize| value.get(at).and_then(Value::as_str);
    match (part(0), part(1)) {
        (Some(channel), Some(text)) => (channel.to_owned(), text.to_owned()),
        _ => (ALL_CHANNELS.to_owned(), value.as_str().unwrap_or_default().to_owned()),
    }
}
