//! What all rules have in common: a title, a place in their order, and whether they are in use.

use crate::ids::RecordId;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::wire;
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// The place of a rule that is added to none: Zendesk's.
const FIRST_ADDED: i64 = 10_000;

/// What a rule is called, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its id.
    pub id: RecordId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// What it is called.
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it is in use.
    pub active: bool,
    /// Where it stands among its like.
    pub position: i64,
    /// Whether the account came with it.
    #[serde(default)]
    pub default: bool,
}

impl Head {
    /// The head of a new rule, whose title is still to be told.
    #[must_use]
    pub const fn new(id: RecordId, at: Timestamp, position: i64) -> Self {
        Self {
            id,
            created_at: at,
            updated_at: at,
            title: String::new(),
            description: None,
            active: true,
            position,
            default: false,
        }
    }
}

/// A rule.
pub trait Rule: Record {
    /// What it is called, and where it stands.
    fn head(&self) -> &Head;

    /// The same, to be changed.
    fn head_mut(&mut self) -> &mut Head;
}

/// The place of a rule that is added to these: behind all of them.
#[must_use]
pub fn last<'a>(rules: impl IntoIterator<Item = &'a Head>) -> i64 {
    let greatest = rules.into_iter().map(|head| head.position).max();
    greatest.map_or(FIRST_ADDED, |it| it.saturating_add(1).max(FIRST_ADDED))
}

/// What is asked of a head.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HeadEdit {
    title: Option<String>,
    raw_title: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    description: Option<Option<String>>,
    #[serde(deserialize_with = "wire::truth")]
    active: Option<bool>,
    position: Option<i64>,
}

impl HeadEdit {
    /// What it is called unless it is asked otherwise.
    pub fn entitle(&mut self, title: &str) {
        self.title.get_or_insert_with(|| title.to_owned());
    }

    /// Does it.
    pub fn apply(self, head: &mut Head, at: Timestamp, refusal: &mut Refusal) {
        head.updated_at = at;
        if let Some(title) = self.raw_title.or(self.title) {
            title.trim().clone_into(&mut head.title);
        }
        if head.title.is_empty() {
            refusal.add("title", "Title: cannot be blank", Some("BlankValue"));
        }
        if let Some(description) = self.description {
            head.description = description;
        }
        head.active = self.active.unwrap_or(head.active);
        head.position = self.position.unwrap_or(head.position);
    }
}
