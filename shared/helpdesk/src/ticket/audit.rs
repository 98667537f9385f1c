//! What an update did, field by field.

use super::Ticket;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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

/// Fields that are no news.
const SILENT: [&str; 5] = ["id", "created_at", "updated_at", "description", "is_public"];

/// What differs, by the fields' names. Ids and other numbers are text, as Zendesk's audits have them.
pub(super) fn changes(before: &Ticket, after: &Ticket) -> Vec<Change> {
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

/// The fields that audits tell of, those of the tenant's own beside the others.
fn fields(ticket: &Ticket) -> Map<String, Value> {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(ticket) else { return Map::new() };
    SILENT.iter().for_each(|name| drop(fields.remove(*name)));
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
