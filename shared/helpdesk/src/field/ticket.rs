//! Fields of tickets.

use super::value::{MAX_TEXT, Wrong};
use super::{Field, FieldType};
use crate::record::{Home, Kind, Record};
use crate::refusal::{About, Reason};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ops::Deref;

/// A field of tickets
/// ([ticket fields](https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TicketField {
    /// What all fields have.
    #[serde(flatten)]
    pub field: Field,
    /// What it is for, for agents only.
    pub agent_description: Option<String>,
    /// Its name, for end-users.
    pub title_in_portal: String,
    /// Whether an agent has to fill it in before a ticket is solved.
    pub required: bool,
    /// Whether an end-user has to fill it in.
    pub required_in_portal: bool,
    /// Whether end-users see it.
    pub visible_in_portal: bool,
    /// Whether end-users may fill it in.
    pub editable_in_portal: bool,
    /// Whether agents see it only when they ask for it.
    pub collapsed_for_agents: bool,
}

/// What comes of a value that is given to a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is this from now on; null where there is none.
    Is(Value),
    /// It stays what it was: Zendesk passes over values that are none of a field's options, and over those of fields
    /// that every ticket has beside its custom ones.
    Stays,
}

impl TicketField {
    /// One that only agents see, of which nothing else is known yet.
    #[must_use]
    pub fn new(field: Field) -> Self {
        Self {
            agent_description: None,
            title_in_portal: field.title.clone(),
            required: false,
            required_in_portal: false,
            visible_in_portal: false,
            editable_in_portal: false,
            collapsed_for_agents: false,
            field,
        }
    }

    /// What comes of a value that a ticket is given.
    ///
    /// # Errors
    /// Why it cannot be, to stand against `base`.
    pub fn accept(&self, given: &Value) -> Result<Outcome, Reason> {
        match self.field.taken(given, false) {
            Ok(value) => Ok(Outcome::Is(value)),
            Err(Wrong::NoOption) => Ok(Outcome::Stays),
            Err(Wrong::Invalid) => Err(self.reason(" is not valid", Some("InvalidValue"))),
            Err(Wrong::TooLong) => {
                let rule = format!(": is too long (maximum is {MAX_TEXT} characters)");
                Err(self.reason(&rule, Some("ValueTooLong")))
            }
        }
    }

    /// That it is not filled in: before solving, or at all.
    #[must_use]
    pub fn missing(&self, solving: bool) -> Reason {
        if solving {
            self.reason(": is required when solving a ticket", None)
        } else {
            self.reason(": is required", Some("BlankValue"))
        }
    }

    /// Whether a ticket that has this value may be solved as far as this field knows.
    #[must_use]
    pub fn lets_solve(&self, value: &Value) -> bool {
        value.as_str().and_then(|it| self.choice(it)).is_none_or(|choice| choice.allow_solving)
    }

    fn reason(&self, rule: &str, error: Option<&'static str>) -> Reason {
        let about = About::Ticket {
            ticket_field_id: self.field.id,
            ticket_field_type: self.field.kind.class(),
        };
        Reason { description: format!("{}{rule}", self.field.title), error, about: Some(about) }
    }

    /// Whether end-users may fill it in.
    #[must_use]
    pub const fn is_of_end_users(&self) -> bool {
        self.visible_in_portal && self.editable_in_portal
    }

    /// Whether a value counts as filled in. A checkbox has to be checked.
    #[must_use]
    pub fn is_filled(&self, value: &Value) -> bool {
        match self.field.kind {
            FieldType::Checkbox => value == &Value::Bool(true),
            _ => !super::value::is_empty(value),
        }
    }
}

impl Deref for TicketField {
    type Target = Field;

    fn deref(&self) -> &Field {
        &self.field
    }
}

impl Record for TicketField {
    const KIND: Kind = Kind {
        name: "TICKET_FIELD",
        singular: "ticket_field",
        plural: "ticket_fields",
        home: Home::Account,
    };

    fn id(&self) -> u64 {
        self.field.id.get()
    }
}
