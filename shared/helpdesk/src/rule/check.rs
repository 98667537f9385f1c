//! Whether conditions are such as the reference allows.

use super::refers::{Refers, To};
use super::term::{ALONE, TERMS, Takes, find};
use super::{Condition, Conditions, Use};
use crate::refusal::Refusal;
use ceap_kernel::Timestamp;
use serde_json::Value;

/// Conditions of one rule at most.
const MOST: usize = 200;

/// Checks the conditions of a rule: adds what speaks against them to `refusal`, and what must be there to `refers`.
pub fn check(conditions: &Conditions, used: Use, refers: &mut Refers, refusal: &mut Refusal) {
    let count = conditions.all.len().saturating_add(conditions.any.len());
    if count > MOST {
        refuse(refusal, format!("Conditions: are too many (maximum is {MOST})"));
        return;
    }
    for condition in &conditions.all {
        one(condition, used, refers, refusal);
    }
    for condition in &conditions.any {
        let timed = find(&condition.field, used).is_some_and(|term| !term.among_any());
        if timed {
            let text = format!("{}: can only be used in `all` conditions", condition.field);
            refuse(refusal, text);
        }
        one(condition, used, refers, refusal);
    }
}

fn refuse(refusal: &mut Refusal, text: String) {
    refusal.add("base", text, Some("InvalidValue"));
}

fn one(condition: &Condition, used: Use, refers: &mut Refers, refusal: &mut Refusal) {
    let Condition { field, operator, value } = condition;
    let Some(term) = find(field, used) else {
        let elsewhere = TERMS.iter().any(|term| term.field == field);
        let why = if elsewhere { "cannot be used here" } else { "is not a valid condition" };
        return refuse(refusal, format!("{field}: {why}"));
    };
    if !term.operators(used).any(|it| it == operator) {
        let allowed: Vec<&str> = term.operators(used).collect();
        let text = format!("{}: {operator} is not one of {}", term.title, allowed.join(", "));
        return refuse(refusal, text);
    }
    if ALONE.contains(&operator.as_str()) {
        return;
    }
    if let Some(id) = field.strip_prefix("custom_fields_") {
        refers.add(To::Field, id, field.as_str());
    }
    let named = Named { field, title: term.title };
    takes(term.takes, &named, value, refers, refusal);
}

/// What a value is for.
pub(super) struct Named<'a> {
    /// Its name.
    pub field: &'a str,
    /// Its title.
    pub title: &'a str,
}

/// Checks that a value is what is taken.
pub(super) fn takes(
    takes: Takes,
    named: &Named<'_>,
    value: &Value,
    refers: &mut Refers,
    refusal: &mut Refusal,
) {
    let id = |to: To, words: &[&str], refers: &mut Refers| match value.as_str() {
        Some(text) if words.contains(&text) => true,
        Some(text) if !text.is_empty() => {
            refers.add(to, text, named.field);
            true
        }
        Some(_) | None => false,
    };
    let optional = |to: To, words: &[&str], refers: &mut Refers| {
        value.is_null() || value.as_str() == Some("") || id(to, words, refers)
    };
    let whole = |least: u64| {
        let text = value.as_str().unwrap_or_default();
        text.parse::<u64>().is_ok_and(|number| number >= least)
    };
    let good = match takes {
        Takes::Words(words) => one_of(words, value),
        Takes::Group(words) => optional(To::Group, words, refers),
        Takes::Person(words) => optional(To::User, words, refers),
        Takes::Organization => optional(To::Organization, &[], refers),
        Takes::Brand => id(To::Brand, &[], refers),
        Takes::Schedule => id(To::Schedule, &[], refers),
        Takes::Form => optional(To::Form, &["default"], refers),
        Takes::Statuses => several(To::Status, value, named, refers),
        Takes::Tags => value.is_string() || texts(value),
        Takes::Text => value.as_str().is_some_and(|text| !text.trim().is_empty()),
        Takes::Number => whole(0),
        Takes::Hours => whole(1),
        Takes::Locale => whole(1),
        Takes::Time => value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok()),
        Takes::Field => value.is_null() || value.is_string() || texts(value),
        Takes::Nothing => true,
        Takes::Comment => comment(value),
        Takes::ToUser(words) => told(To::User, words, value, named, refers),
        Takes::ToGroup(words) => told(To::Group, words, value, named, refers),
        Takes::Webhook => webhook(value, named, refers),
        Takes::Skills => several(To::Skill, value, named, refers),
    };
    if !good {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        refuse(refusal, format!("{}: {shown} is not a valid value", named.title));
    }
}

fn one_of(words: &[(&str, &str)], value: &Value) -> bool {
    match value {
        Value::Null => words.iter().any(|(word, _)| word.is_empty()),
        Value::String(text) => words.iter().any(|(word, _)| word == text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

fn several(to: To, value: &Value, named: &Named<'_>, refers: &mut Refers) -> bool {
    let ids: Vec<&str> = match value {
        Value::String(text) => text.split([' ', ',']).filter(|it| !it.is_empty()).collect(),
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    };
    ids.iter().for_each(|id| refers.add(to, *id, named.field));
    !ids.is_empty()
}

fn texts(value: &Value) -> bool {
    value.as_array().is_some_and(|all| all.iter().all(Value::is_string))
}

/// Whom, a subject and a body.
fn told(to: To, words: &[&str], value: &Value, named: &Named<'_>, refers: &mut Refers) -> bool {
    let whom = value.get(0).and_then(Value::as_str).filter(|whom| !whom.is_empty());
    let Some(whom) = whom else { return false };
    if !words.contains(&whom) {
        refers.add(to, whom, named.field);
    }
    value.as_array().is_some_and(|all| all.len() >= 3) && texts(value)
}

fn comment(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Array(parts) => {
            let channel = parts.first().and_then(Value::as_str).unwrap_or_default();
            parts.len() == 2 && texts(value) && channel.starts_with("channel:")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// A webhook and what it is sent: text, or the names and values of a form.
fn webhook(value: &Value, named: &Named<'_>, refers: &mut Refers) -> bool {
    let id = match value {
        Value::String(id) => Some(id.as_str()),
        Value::Array(parts) => parts.first().and_then(Value::as_str),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    };
    let Some(id) = id.filter(|id| !id.is_empty()) else { return false };
    refers.add(To::Webhook, id, named.field);
    true
}
