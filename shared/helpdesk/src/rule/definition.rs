//! What conditions and actions there are, as the API tells those who build rules.

use super::Use;
use super::act::{DEEDS, Deed};
use super::term::{ALONE, TERMS, Takes, Term};
use serde_json::{Value, json};

/// What an account has to choose from: ids and names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// Groups.
    pub groups: Vec<(String, String)>,
    /// Brands.
    pub brands: Vec<(String, String)>,
    /// Ticket forms.
    pub forms: Vec<(String, String)>,
    /// Custom statuses.
    pub statuses: Vec<(String, String)>,
    /// Schedules.
    pub schedules: Vec<(String, String)>,
    /// Ticket fields of the account's own.
    pub fields: Vec<(String, String)>,
    /// Skills.
    pub skills: Vec<(String, String)>,
}

type Choice = (String, String);

/// The conditions that may be used in `used`: in `all`, and in `any`.
#[must_use]
pub fn conditions(used: Use, choices: &Choices) -> (Vec<Value>, Vec<Value>) {
    let terms = || terms(used, choices);
    let all = terms().map(|(subject, title, term)| defined(&subject, &title, &term, used, choices));
    let any = terms().filter(|(.., term)| term.among_any());
    let any = any.map(|(subject, title, term)| defined(&subject, &title, &term, used, choices));
    (all.collect(), any.collect())
}

fn terms(used: Use, choices: &Choices) -> impl Iterator<Item = (String, String, Term)> {
    let known = TERMS.iter().filter(move |term| term.uses.contains(&used));
    let known = known.map(|term| (term.field.to_owned(), term.title.to_owned(), *term));
    let own = choices.fields.iter().filter_map(move |(id, title)| {
        let subject = format!("custom_fields_{id}");
        let term = super::term::find(&subject, used)?;
        Some((subject, title.clone(), term))
    });
    known.chain(own)
}

fn defined(subject: &str, title: &str, term: &Term, used: Use, choices: &Choices) -> Value {
    let operators: Vec<Value> = term
        .operators(used)
        .map(|it| json!({"value": it, "title": said(it), "terminal": ALONE.contains(&it)}))
        .collect();
    let mut shown = base(subject, title, term.group, term.takes, choices);
    if let Some(object) = shown.as_object_mut() {
        object.insert("operators".to_owned(), Value::Array(operators));
    }
    shown
}

/// The actions that `used` may do.
#[must_use]
pub fn actions(used: Use, choices: &Choices) -> Vec<Value> {
    let deeds = deeds(used, choices);
    deeds
        .map(|(subject, title, deed)| base(&subject, &title, deed.group, deed.takes, choices))
        .collect()
}

fn deeds(used: Use, choices: &Choices) -> impl Iterator<Item = (String, String, Deed)> {
    let known = DEEDS.iter().filter(move |deed| deed.uses.contains(&used));
    let known = known.map(|deed| (deed.field.to_owned(), deed.title.to_owned(), *deed));
    let own = choices.fields.iter().filter_map(move |(id, title)| {
        let subject = format!("custom_fields_{id}");
        let deed = super::act::find(&subject, used)?;
        Some((subject, title.clone(), deed))
    });
    known.chain(own)
}

fn base(subject: &str, title: &str, group: &str, takes: Takes, choices: &Choices) -> Value {
    let values: Vec<Value> = values(takes, choices)
        .into_iter()
        .map(|(value, title)| json!({"value": value, "title": title, "enabled": true}))
        .collect();
    json!({
        "subject": subject,
        "title": title,
        "type": kind(takes),
        "group": group,
        "nullable": nullable(takes),
        "repeatable": takes == Takes::Comment,
        "values": values,
    })
}

/// The actions of macros, as their older list has them.
#[must_use]
pub fn listed_actions(choices: &Choices) -> Vec<Value> {
    let deeds = deeds(Use::Macro, choices);
    deeds
        .map(|(value, title, deed)| {
            json!({
                "value": value,
                "title": title,
                "title_for_field": title,
                "group": deed.group,
                "operators": [{"value": "is", "title": "Is"}],
                "output_key": null,
                "target": null,
                "values": valued(deed.takes, choices),
            })
        })
        .collect()
}

/// The conditions of SLA policies, as their list has them.
#[must_use]
pub fn sla(choices: &Choices) -> Value {
    let one = |(value, title, term): (String, String, Term)| {
        let operators: Vec<Value> =
            term.operators(Use::Sla).map(|it| json!({"value": it, "title": said(it)})).collect();
        json!({
            "value": value,
            "title": title,
            "group": term.group,
            "operators": operators,
            "target": null,
            "values": valued(term.takes, choices),
        })
    };
    let all: Vec<Value> = terms(Use::Sla, choices).map(one).collect();
    json!({"all": all, "any": all})
}

fn valued(takes: Takes, choices: &Choices) -> Value {
    let list: Vec<Value> = values(takes, choices)
        .into_iter()
        .map(|(value, title)| json!({"value": value, "title": title, "enabled": true}))
        .collect();
    json!({"type": kind(takes), "list": list})
}

fn values(takes: Takes, choices: &Choices) -> Vec<Choice> {
    let words = |all: &[(&str, &str)]| -> Vec<Choice> {
        all.iter().map(|(value, title)| ((*value).to_owned(), (*title).to_owned())).collect()
    };
    let special = |all: &[&str]| -> Vec<Choice> {
        all.iter().map(|word| ((*word).to_owned(), format!("({})", spaced(word)))).collect()
    };
    match takes {
        Takes::Words(all) => words(all),
        Takes::Group(all) | Takes::ToGroup(all) => [special(all), choices.groups.clone()].concat(),
        Takes::Person(all) | Takes::ToUser(all) => special(all),
        Takes::Brand => choices.brands.clone(),
        Takes::Form => choices.forms.clone(),
        Takes::Statuses => choices.statuses.clone(),
        Takes::Schedule => choices.schedules.clone(),
        Takes::Organization
        | Takes::Tags
        | Takes::Text
        | Takes::Number
        | Takes::Hours
        | Takes::Time
        | Takes::Locale
        | Takes::Field
        | Takes::Nothing
        | Takes::Comment
        | Takes::Webhook => Vec::new(),
        Takes::Skills => choices.skills.clone(),
    }
}

const fn kind(takes: Takes) -> &'static str {
    match takes {
        Takes::Words(_) | Takes::Group(_) | Takes::Brand | Takes::Form | Takes::Schedule => "list",
        Takes::Statuses | Takes::Skills => "multiselect_list",
        Takes::Person(_) | Takes::Organization => "autocomplete",
        Takes::Tags => "tags",
        Takes::Number | Takes::Hours | Takes::Locale => "text",
        Takes::Time => "date",
        Takes::Text | Takes::Field | Takes::Comment => "text",
        Takes::Nothing => "null",
        Takes::ToUser(_) | Takes::ToGroup(_) => "email",
        Takes::Webhook => "webhook",
    }
}

const fn nullable(takes: Takes) -> bool {
    matches!(takes, Takes::Group(_) | Takes::Person(_) | Takes::Organization | Takes::Form)
}

/// An operator as people say it.
fn said(operator: &str) -> String {
    let words = match operator {
        "includes" => "Contains at least one of the following",
        "not_includes" => "Contains none of the following",
        "value" => "Changed to",
        "value_previous" => "Changed from",
        "not_value" => "Not changed to",
        "not_value_previous" => "Not changed from",
        "is_business_hours" => "(business hours) Is",
        "less_than_business_hours" => "(business hours) Less than",
        "greater_than_business_hours" => "(business hours) Greater than",
        other => return capital(&spaced(other)),
    };
    words.to_owned()
}

fn spaced(word: &str) -> String {
    word.trim_end_matches("_id").replace('_', " ")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
