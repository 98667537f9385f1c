//! What the account's log of changes tells of records: what it is set up with, and what its people may do.

use super::{Home, Record};
use serde_json::{Map, Value};

/// What is told of a record.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Told {
    /// What it is.
    pub source_type: String,
    /// What people call it.
    pub label: String,
    /// What of it is told when it changes.
    pub facts: Map<String, Value>,
    /// Whether it is no news that there is one more or less, as of customers.
    pub quiet: bool,
}

/// A change that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `create`, `update` or `destroy`.
    pub action: &'static str,
    /// What it is that changed.
    pub source_type: String,
    /// Its id.
    pub source_id: u64,
    /// What people call it.
    pub source_label: String,
    /// What changed.
    pub description: String,
}

/// Facts that are no news.
const SILENT: [&str; 4] = ["id", "created_at", "updated_at", "position"];

/// Kinds of which there are few that accounts are set up with all the same.
const SET_UP: [&str; 2] = ["macro", "view"];

/// Characters of a value that is told.
const MAX_VALUE: usize = 200;

impl Told {
    /// What is told of a record of a kind that the account is set up with: all of it.
    #[must_use]
    pub fn usual<R: Record>(record: &R) -> Option<Self> {
        let set_up = match R::KIND.home {
            Home::Account => true,
            Home::Few => SET_UP.contains(&R::KIND.singular),
            Home::Many => false,
        };
        let Value::Object(mut facts) = serde_json::to_value(record).ok().filter(|_| set_up)? else {
            return None;
        };
        SILENT.iter().for_each(|name| drop(facts.remove(*name)));
        let name = ["title", "name", "agent_label"].iter().find_map(|it| facts.get(*it)?.as_str());
        let label = name.unwrap_or(R::KIND.singular).to_owned();
        Some(Self {
            source_type: source_type(R::KIND.singular).to_owned(),
            label,
            facts,
            quiet: false,
        })
    }

    /// What is told where a record changes from one to the other; where there is none, it is told so.
    #[must_use]
    pub fn change(id: u64, before: Option<Self>, after: Option<Self>) -> Option<Change> {
        let (action, description) = match (&before, &after) {
            (Some(was), Some(is)) if was.facts == is.facts => return None,
            (Some(was), Some(is)) => ("update", difference(&was.facts, &is.facts)),
            (None, Some(only)) | (Some(only), None) if only.quiet => return None,
            (None, _) => ("create", String::new()),
            (Some(_), None) => ("destroy", String::new()),
        };
        let Self { source_type, label, .. } = after.or(before)?;
        Some(Change { action, source_type, source_id: id, source_label: label, description })
    }
}

/// Zendesk's word for a kind
/// ([source types](https://developer.zendesk.com/api-reference/ticketing/account-configuration/audit_logs/#json-format)).
fn source_type(singular: &str) -> &str {
    match singular {
        "trigger" | "triage_rule" | "automation" | "macro" | "view" | "sla_policy" => "rule",
        "api_token" => "apitoken",
        "item" => "dynamic_content",
        "settings" => "account_setting",
        other => other,
    }
}

/// What differs, in words: `Role changed from Administrator to End User`.
fn difference(before: &Map<String, Value>, after: &Map<String, Value>) -> String {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    let line = |name: &String| {
        let word = |of: &Map<String, Value>| of.get(name).map_or_else(nothing, shown);
        format!("{} changed from {} to {}", title(name), word(before), word(after))
    };
    changed.map(line).collect::<Vec<_>>().join("\n")
}

fn nothing() -> String {
    "not set".to_owned()
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => nothing(),
        Value::String(text) if text.is_empty() => nothing(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= MAX_VALUE {
        return text;
    }
    text.chars().take(MAX_VALUE).chain(['…']).collect()
}

/// `is_public` as people read it: `Is public`.
fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(facts: Value) -> Told {
        let facts = facts.as_object().cloned().unwrap_or_default();
        let (source_type, label) = ("user".to_owned(), "John Doe".to_owned());
        Told { source_type, label, facts, quiet: false }
    }

    #[test]
    fn a_change_is_told_in_words() {
        let before = told(json!({"role": "Administrator", "suspended": false}));
        let after = told(json!({"role": "End User", "suspended": false}));
        let change = Told::change(7, Some(before.clone()), Some(after)).unwrap();
        assert_eq!(change.description, "Role changed from Administrator to End User");
        assert_eq!((change.action, change.source_id), ("update", 7));
        assert_eq!(Told::change(7, Some(before.clone()), Some(before.clone())), None);
        assert_eq!(Told::change(7, None, Some(before.clone())).unwrap().action, "create");
        let gone = Told::change(7, Some(before), None).unwrap();
        assert_eq!((gone.action, &*gone.source_label), ("destroy", "John Doe"));
        let customer = Told { quiet: true, ..told(json!({"role": "End User"})) };
        assert_eq!(Told::change(7, None, Some(customer.clone())), None);
        let change = Told::change(7, Some(customer), Some(told(json!({"role": "Agent"}))));
        assert_eq!(change.unwrap().description, "Role changed from End User to Agent");
    }

    #[test]
    fn long_values_are_cut() {
        let change = Told::change(
            7,
            Some(told(json!({"details": ""}))),
            Some(told(json!({"details": "x".repeat(300)}))),
        );
        let expected = format!("Details changed from not set to {}…", "x".repeat(200));
        assert_eq!(change.unwrap().description, expected);
    }
}
