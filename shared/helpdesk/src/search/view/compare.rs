//! What conditions compare tickets with.

use super::super::Filter;
use super::super::document::{SATISFACTION, field, rank};
use super::super::query::numbered;
use super::Looking;
use crate::access::Role;
use crate::ids::UserId;
use crate::locale;
use crate::rule::Condition;
use crate::ticket::{Kind as Type, Priority, Status};
use serde_json::Value;
use std::ops::Bound::{Excluded, Unbounded};

/// What satisfaction is in conditions, from the least.
const SCORES: [&str; 6] = ["true", "false", "bad", "bad_with_comment", "good", "good_with_comment"];

impl Looking {
    /// The tickets that meet one condition. It was checked when the view was written; one that makes no sense any more
    /// is met by none.
    pub(crate) fn condition(&self, condition: &Condition) -> Filter {
        let value = condition.value.as_str().unwrap_or_default();
        let met = |filter: Filter| if negative(condition) { !filter } else { filter };
        let same = |name: &str| met(Filter::is(name, value));
        match condition.field.as_str() {
            "group_id" => met(self.group(value)),
            "assignee_id" => met(self.assignee(value)),
            "requester_id" => met(self.requester(value)),
            "organization_id" => met(given(field::ORGANIZATION, value)),
            "current_tags" => met(Filter::is_any(field::TAGS, several(&condition.value))),
            "via_id" => {
                let channels = value.parse().map(numbered).unwrap_or_default();
                met(Filter::is_any(field::VIA, channels))
            }
            "recipient" => same(field::RECIPIENT),
            "brand_id" => same(field::BRAND),
            "ticket_form_id" => met(self.form(value)),
            "custom_status_id" => {
                met(Filter::is_any(field::CUSTOM_STATUS, several(&condition.value)))
            }
            "type" => {
                let known = Type::ALL.iter().any(|it| it.as_str() == value);
                if known { same(field::TICKET_TYPE) } else { met(Filter::nothing()) }
            }
            "priority" => priority(condition, value),
            "status" => {
                let words: Vec<&str> = Status::ALL.iter().map(|it| it.as_str()).collect();
                ordered(condition, field::STATUS, &words, value)
            }
            "satisfaction_score" => {
                debug_assert_eq!(SCORES.len(), SATISFACTION.len());
                ordered(condition, field::SATISFACTION, &SCORES, value)
            }
            "satisfaction_reason_code" => same(field::REASON),
            "description_includes_word" => met(self.words(&[field::SUBJECT], condition, value)),
            "locale_id" => met(language(value)),
            "requester_role" => met(self.role(value)),
            name @ (field::TRIAGE_CATEGORY | field::TRIAGE_RULE) => {
                let present = condition.operator.ends_with("present");
                if present { met(Filter::present(name)) } else { same(name) }
            }
            other => match other.strip_prefix("custom_fields_") {
                Some(id) => self.own(id, condition),
                None => self.hours(condition, value),
            },
        }
    }

    fn group(&self, value: &str) -> Filter {
        match value {
            "current_groups" => Filter::is_any(field::GROUP, &self.actor.group_ids),
            other => given(field::GROUP, other),
        }
    }

    fn assignee(&self, value: &str) -> Filter {
        match value {
            "current_user" => Filter::is(field::ASSIGNEE, self.actor.id()),
            "requester_id" => Filter::present(field::OWN),
            "all_agents" => Filter::present(field::ASSIGNEE),
            other => given(field::ASSIGNEE, other),
        }
    }

    fn requester(&self, value: &str) -> Filter {
        match value {
            "current_user" => Filter::is(field::REQUESTER, self.actor.id()),
            "assignee_id" => Filter::present(field::OWN),
            other => given(field::REQUESTER, other),
        }
    }

    fn form(&self, value: &str) -> Filter {
        match value {
            "default" => Filter::is_any(field::FORM, self.default_form),
            other => given(field::FORM, other),
        }
    }

    /// The requester is of a role: who they are now, not who they were when the ticket was last written.
    fn role(&self, value: &str) -> Filter {
        let of = |fits: fn(Role) -> bool| {
            let agents = self.agents.iter().filter(move |(_, role, _)| fits(*role));
            let ids: Vec<UserId> = agents.map(|(id, ..)| *id).collect();
            Filter::is_any(field::REQUESTER, ids)
        };
        match value {
            "all" => Filter::everything(),
            "agent" => of(Role::is_agent),
            "admin" => of(|role| role == Role::Admin),
            "end_user" => !of(Role::is_agent),
            _ => Filter::nothing(),
        }
    }

    /// Words of a text: any of them, or all of them one after the other. Whether they are to stand there or not is not
    /// part of it.
    pub(crate) fn words(&self, fields: &[&str], condition: &Condition, value: &str) -> Filter {
        let one = |text: &str| self.phrase(fields, text);
        match condition.operator.as_str() {
            "includes" | "not_includes" => Filter::any(value.split_whitespace().map(one)),
            _ => one(value),
        }
    }
}

/// Whether a condition is met by what is not so.
pub(super) fn negative(condition: &Condition) -> bool {
    condition.operator.starts_with("not_") || condition.operator == "is_not"
}

/// What has a value, or none.
fn given(name: &str, value: &str) -> Filter {
    if value.is_empty() { Filter::absent(name) } else { Filter::is(name, value) }
}

/// Words, ids or tags: apart by spaces or commas, or as a list.
pub(super) fn several(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => {
            let parts = text.split([' ', ',']).filter(|part| !part.is_empty());
            parts.map(str::to_owned).collect()
        }
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

fn ordered(condition: &Condition, name: &str, words: &[&str], value: &str) -> Filter {
    if !words.contains(&value) {
        return Filter::nothing();
    }
    let rank = rank(words, &value);
    match condition.operator.as_str() {
        "less_than" => Filter::number(name, (Unbounded, Excluded(rank))),
        "greater_than" => Filter::number(name, (Excluded(rank), Unbounded)),
        "is_not" => !Filter::number(name, rank..=rank),
        _ => Filter::number(name, rank..=rank),
    }
}

/// No priority is less than any.
fn priority(condition: &Condition, value: &str) -> Filter {
    let words: Vec<&str> = Priority::ALL.iter().map(|it| it.as_str()).collect();
    let none = Filter::absent(field::PRIORITY);
    match (condition.operator.as_str(), value) {
        ("less_than", "") => Filter::nothing(),
        ("greater_than" | "is_not", "") => !none,
        (_, "") => none,
        ("less_than", _) => Filter::any([none, ordered(condition, field::PRIORITY, &words, value)]),
        _ => ordered(condition, field::PRIORITY, &words, value),
    }
}

fn language(value: &str) -> Filter {
    let locale = value.parse().ok().and_then(locale::numbered);
    locale.map_or_else(Filter::nothing, |it| Filter::is(field::REQUESTER_LOCALE, it.tag))
}
