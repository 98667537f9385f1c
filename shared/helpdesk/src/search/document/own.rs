//! Values of the account's own fields.

use super::{Document, field};
use crate::field::{Field, FieldType};
use serde_json::Value;

impl Document {
    /// The value of a field of the account's own, kept under `name`.
    pub(super) fn own(&mut self, name: &str, of: &Field, value: &Value) {
        match of.kind {
            FieldType::Text
            | FieldType::Textarea
            | FieldType::Regexp
            | FieldType::PartialCreditCard => {
                let text = value.as_str();
                self.keywords(name, text);
                self.text(name, text);
            }
            FieldType::Checkbox => {
                // That it is not checked is nothing: it is not of tickets that are older than the field.
                self.keywords(name, (value == &Value::Bool(true)).then_some("true"));
                return;
            }
            FieldType::Date => {
                self.keywords(name, value.as_str());
                if let Some(day) = value.as_str().and_then(day) {
                    self.number(name, day);
                }
            }
            FieldType::Integer | FieldType::Decimal => {
                if let Some(number) = scalar(value).and_then(|text| text.parse().ok()) {
                    self.number(name, number);
                }
                self.keywords(name, scalar(value));
            }
            FieldType::Multiselect | FieldType::Tagger | FieldType::Dropdown => {
                self.keywords(name, values(value));
            }
            FieldType::Lookup => {
                // Lookups are compared by views; Zendesk does not search them.
                self.keywords(name, scalar(value));
                return;
            }
            FieldType::Subject
            | FieldType::Description
            | FieldType::Status
            | FieldType::CustomStatus
            | FieldType::TicketType
            | FieldType::Priority
            | FieldType::Group
            | FieldType::Assignee => return,
        }
        for value in values(value) {
            self.keyword(field::VALUES, &value);
            self.text(field::VALUES, Some(&value));
        }
    }
}

fn values(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().filter_map(scalar).collect(),
        other => scalar(other).into_iter().collect(),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A day as it is written, as a number.
fn day(text: &str) -> Option<f64> {
    super::day(text.parse().ok()?)
}
