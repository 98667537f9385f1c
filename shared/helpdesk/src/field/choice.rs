//! What can be chosen of a field.

use crate::ids::RecordId;
use serde::{Deserialize, Serialize};

/// An option of a field
/// ([ticket field options](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/#list-ticket-field-options)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Its id.
    pub id: RecordId,
    /// What people see.
    pub name: String,
    /// What is kept; of a ticket's field, also a tag.
    pub value: String,
    /// Whether new tickets have it unless they say otherwise.
    pub default: bool,
    /// Whether a ticket that has it may be solved.
    pub allow_solving: bool,
}

/// A value or tag as it is kept: Zendesk's tags are in lower case, without spaces.
#[must_use]
pub fn tag(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join("_").to_lowercase()
}
