//! Conditions: that a field is asked for once another has a value.

use super::super::{FieldType, TicketField};
use super::TicketForm;
use crate::ids::{CustomStatusId, FieldId};
use crate::record::Kept;
use crate::ticket::Status;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// That a field is asked for once another has a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The other.
    pub parent_field_id: FieldId,
    /// Its value.
    pub value: Value,
    /// The fields that are asked for then.
    pub child_fields: Vec<Child>,
}

/// A field that is asked for on a condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Child {
    /// Which.
    pub id: FieldId,
    /// Whether it has to be filled in: of agents, before a ticket is solved.
    #[serde(default)]
    pub is_required: bool,
    /// At which statuses it has to be filled in; of agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_on_statuses: Option<RequiredOn>,
}

/// At which statuses a field has to be filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequiredOn {
    /// At how many.
    #[serde(rename = "type")]
    pub extent: Extent,
    /// At which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<Status>,
    /// At which of the account's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom_statuses: Vec<CustomStatusId>,
}

/// At how many statuses a field has to be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Extent {
    /// At all.
    AllStatuses,
    /// At some.
    SomeStatuses,
    /// At none.
    NoStatuses,
}

/// Whether the parent's value is the condition's; of several values, whether one is.
pub(super) fn matches(condition: &Condition, value: &Value) -> bool {
    match value {
        Value::Array(all) => all.iter().any(|it| plain(it) == plain(&condition.value)),
        other => plain(other) == plain(&condition.value),
    }
}

/// Clients send `true` and `"true"` alike.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Conditions of one side of a form (Zendesk's limit).
const MAX_CONDITIONS: usize = 1_500;

/// Why these conditions cannot be those of a form.
///
/// # Errors
/// In words that follow a title.
pub fn check(
    conditions: &[Condition],
    form: &TicketForm,
    fields: &[Kept<TicketField>],
) -> Result<(), &'static str> {
    if conditions.len() > MAX_CONDITIONS {
        return Err("are too many");
    }
    for condition in conditions {
        let parent = condition.parent_field_id;
        let of_form = |id: FieldId| form.ticket_field_ids.contains(&id);
        let children = &condition.child_fields;
        if !of_form(parent) || !children.iter().all(|it| of_form(it.id)) {
            return Err("name a field that is not on the form");
        }
        if children.is_empty() {
            return Err("name no child fields");
        }
        let Some(field) = fields.iter().find(|it| it.field.id == parent) else {
            return Err("name a field that is not on the form");
        };
        if !decides(field.kind) {
            return Err("name a parent field whose type decides nothing");
        }
        let chosen = plain(&condition.value);
        if field.kind.has_options() && field.choice(&chosen).is_none() {
            return Err("name a value that the parent field does not have");
        }
        if children.iter().any(|child| leads(conditions, child.id, parent)) {
            return Err("go round in a circle");
        }
    }
    Ok(())
}

/// Whether fields of this type decide what else is asked for.
const fn decides(kind: FieldType) -> bool {
    match kind {
        FieldType::Checkbox
        | FieldType::Tagger
        | FieldType::Multiselect
        | FieldType::TicketType
        | FieldType::Priority
        | FieldType::Status
        | FieldType::CustomStatus => true,
        FieldType::Subject
        | FieldType::Description
        | FieldType::Group
        | FieldType::Assignee
        | FieldType::Text
        | FieldType::Textarea
        | FieldType::Date
        | FieldType::Integer
        | FieldType::Decimal
        | FieldType::Regexp
        | FieldType::PartialCreditCard
        | FieldType::Dropdown
        | FieldType::Lookup => false,
    }
}

/// Whether `from` decides of `to`, at any number of removes.
fn leads(conditions: &[Condition], from: FieldId, to: FieldId) -> bool {
    let mut reached = BTreeSet::from([from]);
    loop {
        if reached.contains(&to) {
            return true;
        }
        let behind = conditions.iter().filter(|it| reached.contains(&it.parent_field_id));
        let behind: Vec<FieldId> = behind.flat_map(|it| &it.child_fields).map(|it| it.id).collect();
        let before = reached.len();
        reached.extend(behind);
        if reached.len() == before {
            return false;
        }
    }
}
