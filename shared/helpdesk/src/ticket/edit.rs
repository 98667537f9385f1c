//! What is asked of a ticket. A field that is left out stays; one that is null is taken away.

use super::{Kind, Priority, Status};
use crate::ids::{
    BrandId, CustomStatusId, FieldId, FormId, GroupId, OrganizationId, RecordId, TicketId, UserId,
};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;

/// Changes to a ticket, or what a new one is to be.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Edit {
    /// See [`super::Ticket`].
    #[serde(deserialize_with = "given")]
    pub external_id: Option<Option<String>>,
    /// See [`super::Ticket`].
    #[serde(rename = "type", deserialize_with = "given")]
    pub kind: Option<Option<Kind>>,
    /// See [`super::Ticket`].
    #[serde(deserialize_with = "given")]
    pub subject: Option<Option<String>>,
    /// See [`super::Ticket`].
    #[serde(deserialize_with = "given")]
    pub priority: Option<Option<Priority>>,
    /// See [`super::Ticket`].
    pub status: Option<Status>,
    /// See [`super::Ticket`].
    #[serde(deserialize_with = "given")]
    pub custom_status_id: Option<Option<CustomStatusId>>,
    /// See [`super::Ticket`].
    pub requester_id: Option<UserId>,
    /// Of a new ticket.
    pub submitter_id: Option<UserId>,
    /// See [`super::Ticket`].
    #[serde(deserialize_with = "given")]
    pub assignee_id: Option<Option<UserId>>,
    /// See [`super::Ticket`].
    #[serde(deserialize_with = "given")]
    pub group_id: Option<Option<GroupId>>,
    /// See [`super::Ticket`].
    #[serde(deserialize_with = "given")]
    pub organization_id: Option<Option<OrganizationId>>,
    /// See [`super::Ticket`].
    #[serde(deserialize_with = "given")]
    pub problem_id: Option<Option<TicketId>>,
    /// See [`super::Ticket`].
    #[serde(deserialize_with = "given")]
    pub due_at: Option<Option<Timestamp>>,
    /// All tags from now on.
    #[serde(deserialize_with = "words")]
    pub tags: Option<BTreeSet<String>>,
    /// Tags to add.
    #[serde(deserialize_with = "some_words")]
    pub additional_tags: BTreeSet<String>,
    /// Tags to take away.
    #[serde(deserialize_with = "some_words")]
    pub remove_tags: BTreeSet<String>,
    /// Values of the tenant's own fields; fields that are not named stay.
    #[serde(deserialize_with = "values")]
    pub custom_fields: Vec<FieldValue>,
    /// See [`super::Ticket`].
    #[serde(deserialize_with = "given")]
    pub ticket_form_id: Option<Option<FormId>>,
    /// See [`super::Ticket`].
    #[serde(deserialize_with = "given")]
    pub brand_id: Option<Option<BrandId>>,
    /// See [`super::Ticket`].
    pub follower_ids: Option<BTreeSet<UserId>>,
    /// See [`super::Ticket`].
    pub email_cc_ids: Option<BTreeSet<UserId>>,
    /// See [`super::Ticket`].
    #[serde(deserialize_with = "given")]
    pub recipient: Option<Option<String>>,
    /// All skills that it asks for from now on. What is no skill is passed over, as Zendesk does.
    #[serde(deserialize_with = "skills")]
    pub attribute_value_ids: Option<BTreeSet<RecordId>>,
    /// What is said.
    pub comment: Option<NewComment>,
    /// The closed ticket that a new one follows up.
    pub via_followup_source_id: Option<TicketId>,
}

/// A value of a field of the tenant's own.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FieldValue {
    /// The field.
    pub id: FieldId,
    /// Its value; null takes it away.
    #[serde(default)]
    pub value: serde_json::Value,
}

/// What is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NewComment {
    /// In plain text.
    #[serde(alias = "value")]
    pub body: Option<String>,
    /// In HTML; goes before `body`.
    pub html_body: Option<String>,
    /// Whether the requester sees it; an agent's is public unless it says otherwise.
    pub public: Option<bool>,
    /// Who says it, if it is not whoever asks.
    pub author_id: Option<UserId>,
    /// The uploads that come with it, by their tokens.
    #[serde(deserialize_with = "tokens")]
    pub uploads: Vec<String>,
}

impl NewComment {
    /// What is said, as text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.html_body.as_deref().or(self.body.as_deref()).unwrap_or_default()
    }
}

/// Several words, or one text that has them all.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    Several(Vec<String>),
    One(String),
}

impl Words {
    fn several(self) -> Vec<String> {
        match self {
            Self::Several(words) => words,
            Self::One(word) => vec![word],
        }
    }
}

fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BTreeSet<String>>, D::Error> {
    let words: Option<Words> = Option::deserialize(deserializer)?;
    Ok(words.map(|words| words.several().into_iter().collect()))
}

fn some_words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<String>, D::Error> {
    words(deserializer).map(Option::unwrap_or_default)
}

fn tokens<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let words: Option<Words> = Option::deserialize(deserializer)?;
    Ok(words.map(Words::several).unwrap_or_default())
}

/// Values, each with its field; or by their fields, as some clients write them.
fn values<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<FieldValue>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Values {
        Each(Vec<FieldValue>),
        By(std::collections::BTreeMap<FieldId, serde_json::Value>),
    }
    let values: Option<Values> = Option::deserialize(deserializer)?;
    Ok(match values {
        None => Vec::new(),
        Some(Values::Each(values)) => values,
        Some(Values::By(values)) => {
            values.into_iter().map(|(id, value)| FieldValue { id, value }).collect()
        }
    })
}

/// Ids of skills; whatever else stands there is none.
fn skills<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeSet<RecordId>>, D::Error> {
    let all: Option<Vec<serde_json::Value>> = Option::deserialize(deserializer)?;
    let id = |it| serde_json::from_value(it).ok();
    Ok(all.map(|all| all.into_iter().filter_map(id).collect()))
}

/// Tells null from a field that is left out.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
