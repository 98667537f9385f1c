//! Fields: what an account asks of its tickets, people and organizations beyond what all accounts ask, and the values
//! that they take.

mod choice;
pub mod edit;
pub mod form;
mod kind;
pub mod profile;
pub mod tags;
pub mod ticket;
mod value;

pub use choice::Choice;
pub use form::TicketForm;
pub use kind::FieldType;
pub use profile::{OrganizationField, Profile, ProfileField, UserField};
pub use ticket::TicketField;

use crate::ids::{FieldId, UserId};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a field stands that was not put anywhere.
pub const LAST: i64 = 9_999;

/// What all fields have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Its id.
    pub id: FieldId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Who made it.
    pub creator_user_id: Option<UserId>,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Its name.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Where it stands among others: by this, then by id.
    pub position: i64,
    /// Whether it is in use.
    pub active: bool,
    /// What its values match, of a [`FieldType::Regexp`].
    pub regexp_for_validation: Option<String>,
    /// The tag that comes with it, of a [`FieldType::Checkbox`].
    pub tag: Option<String>,
    /// What can be chosen, of types that have options.
    pub custom_field_options: Vec<Choice>,
    /// What it refers to, of a [`FieldType::Lookup`]: `zen:user`, `zen:organization` or `zen:ticket`.
    pub relationship_target_type: Option<String>,
    /// Which of these it may refer to.
    pub relationship_filter: Option<Value>,
}

impl Field {
    /// One of which nothing is known yet but this.
    #[must_use]
    pub const fn new(id: FieldId, kind: FieldType, at: Timestamp, by: Option<UserId>) -> Self {
        Self {
            id,
            created_at: at,
            updated_at: at,
            creator_user_id: by,
            kind,
            title: String::new(),
            description: String::new(),
            position: LAST,
            active: true,
            regexp_for_validation: None,
            tag: None,
            custom_field_options: Vec::new(),
            relationship_target_type: None,
            relationship_filter: None,
        }
    }

    /// The option with this value.
    #[must_use]
    pub fn choice(&self, value: &str) -> Option<&Choice> {
        self.custom_field_options.iter().find(|it| it.value == value)
    }
}
