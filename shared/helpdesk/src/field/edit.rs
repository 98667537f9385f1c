//! What is asked of a field, and what speaks against it.

use super::choice::tag;
use super::{Choice, Field, FieldType};
use crate::content::or_raw;
use crate::ids::RecordId;
use crate::refusal::Refusal;
use crate::wire::{given, text, truth};
use ceap_kernel::Fault;
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// Options of a field (Zendesk's limit).
pub const MAX_CHOICES: usize = 2_000;

/// Characters of a title or an option (Zendesk's limit).
pub const MAX_NAME: usize = 255;

/// Changes to a field, or what a new one is to be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Edit {
    /// See [`Field`]. The type of a field that there is stays.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    #[serde(deserialize_with = "text")]
    title: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    raw_title: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    description: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    raw_description: Option<Option<String>>,
    position: Option<i64>,
    #[serde(deserialize_with = "truth")]
    active: Option<bool>,
    #[serde(deserialize_with = "given")]
    regexp_for_validation: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    tag: Option<Option<String>>,
    custom_field_options: Option<Vec<ChoiceEdit>>,
    #[serde(deserialize_with = "text")]
    relationship_target_type: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    relationship_filter: Option<Option<Value>>,
}

/// Changes to an option, or what a new one is to be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ChoiceEdit {
    id: Option<RecordId>,
    #[serde(deserialize_with = "text")]
    name: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    raw_name: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    value: Option<Option<String>>,
    #[serde(deserialize_with = "truth")]
    default: Option<bool>,
    #[serde(deserialize_with = "truth")]
    allow_solving: Option<bool>,
}

/// Gives new ids.
pub type Fresh<'a> = &'a dyn Fn() -> Result<RecordId, Fault>;

impl Edit {
    /// Makes the changes; `refusal` gets what speaks against the field as it is then.
    ///
    /// # Errors
    /// `Internal` once ids are used up.
    pub fn apply(
        self,
        field: &mut Field,
        fresh: Fresh<'_>,
        refusal: &mut Refusal,
    ) -> Result<(), Fault> {
        if let Some(title) = or_raw(self.title, self.raw_title) {
            field.title = title.unwrap_or_default();
        }
        if let Some(description) = or_raw(self.description, self.raw_description) {
            field.description = description.unwrap_or_default();
        }
        field.position = self.position.unwrap_or(field.position);
        field.active = self.active.unwrap_or(field.active);
        if let Some(pattern) = self.regexp_for_validation {
            field.regexp_for_validation = pattern.filter(|_| field.kind == FieldType::Regexp);
        }
        if let Some(text) = self.tag {
            let text = text.filter(|_| field.kind == FieldType::Checkbox);
            field.tag = text.map(|it| tag(&it)).filter(|it| !it.is_empty());
        }
        if let Some(target) = self.relationship_target_type {
            field.relationship_target_type = target.filter(|_| field.kind == FieldType::Lookup);
        }
        if let Some(filter) = self.relationship_filter {
            field.relationship_filter = filter.filter(|_| field.kind == FieldType::Lookup);
        }
        if let Some(all) = self.custom_field_options.filter(|_| field.kind.has_options()) {
            let before = std::mem::take(&mut field.custom_field_options);
            for edit in all {
                let choice = edit.apply(&before, fresh)?;
                field.custom_field_options.push(choice);
            }
        }
        check(field, refusal);
        Ok(())
    }
}

impl ChoiceEdit {
    /// The option as it is then. One that there was is known by its id, or else by its value.
    fn apply(self, before: &[Choice], fresh: Fresh<'_>) -> Result<Choice, Fault> {
        let value = self.value.map(|it| tag(&it.unwrap_or_default()));
        let known = match self.id {
            Some(id) => before.iter().find(|it| it.id == id),
            None => before.iter().find(|it| Some(&it.value) == value.as_ref()),
        };
        let mut choice = match known {
            Some(choice) => choice.clone(),
            None => Choice {
                id: fresh()?,
                name: String::new(),
                value: String::new(),
                default: false,
                allow_solving: true,
            },
        };
        if let Some(name) = or_raw(self.name.clone(), self.raw_name.clone()) {
            choice.name = name.unwrap_or_default();
        }
        choice.value = value.unwrap_or(choice.value);
        choice.default = self.default.unwrap_or(choice.default);
        choice.allow_solving = self.allow_solving.unwrap_or(choice.allow_solving);
        Ok(choice)
    }

    /// Changes the one option that it names, or adds it. The option, and whether it is new.
    ///
    /// # Errors
    /// `Internal` once ids are used up.
    pub fn put(self, field: &mut Field, fresh: Fresh<'_>) -> Result<(Choice, bool), Fault> {
        let choice = self.apply(&field.custom_field_options, fresh)?;
        match field.custom_field_options.iter_mut().find(|it| it.id == choice.id) {
            Some(there) => {
                there.clone_from(&choice);
                Ok((choice, false))
            }
            None => {
                field.custom_field_options.push(choice.clone());
                Ok((choice, true))
            }
        }
    }
}

/// What speaks against a field.
pub fn check(field: &Field, refusal: &mut Refusal) {
    if field.title.is_empty() {
        refusal.add("title", "Title: cannot be blank", Some("BlankValue"));
    }
    if field.title.chars().count() > MAX_NAME {
        let text = format!("Title: is too long (maximum is {MAX_NAME} characters)");
        refusal.add("title", text, Some("ValueTooLong"));
    }
    match field.kind {
        FieldType::Regexp => pattern(field.regexp_for_validation.as_deref(), refusal),
        FieldType::Lookup => target(field.relationship_target_type.as_deref(), refusal),
        kind if kind.has_options() => choices(&field.custom_field_options, refusal),
        _ => {}
    }
}

/// Patterns are those of the regex crate: without lookaround and backreferences, so that no value takes long to match.
fn pattern(pattern: Option<&str>, refusal: &mut Refusal) {
    let field = "regexp_for_validation";
    match pattern {
        None | Some("") => {
            refusal.add(field, "Regexp for validation: cannot be blank", Some("BlankValue"));
        }
        Some(text) if Regex::new(text).is_err() => {
            let text = "Regexp for validation: is not a valid regular expression";
            refusal.add(field, text, Some("InvalidValue"));
        }
        Some(_) => {}
    }
}

fn target(target: Option<&str>, refusal: &mut Refusal) {
    let field = "relationship_target_type";
    match target {
        Some("zen:user" | "zen:organization" | "zen:ticket") => {}
        None | Some("") => {
            refusal.add(field, "Relationship target type: cannot be blank", Some("BlankValue"));
        }
        Some(_) => {
            let text = "Relationship target type: must be zen:user, zen:organization or zen:ticket";
            refusal.add(field, text, Some("InvalidValue"));
        }
    }
}

fn choices(all: &[Choice], refusal: &mut Refusal) {
    if all.is_empty() {
        let text = "Field options: must contain at least one option";
        refusal.add("field_options", text, Some("EmptyValue"));
    }
    if all.len() > MAX_CHOICES {
        let text = format!("Field options: must contain at most {MAX_CHOICES} options");
        refusal.add("field_options", text, Some("TooManyValues"));
    }
    let mut seen = BTreeSet::new();
    for choice in all {
        let mut against = |text: &str, error| {
            refusal.add(
                "custom_field_options",
                format!("Custom field options: {text}"),
                Some(error),
            );
        };
        if choice.name.is_empty() {
            against("name cannot be blank", "BlankValue");
        }
        if choice.value.is_empty() {
            against("value cannot be blank", "BlankValue");
        }
        if choice.name.chars().count().max(choice.value.chars().count()) > MAX_NAME {
            against(&format!("is too long (maximum is {MAX_NAME} characters)"), "ValueTooLong");
        }
        if !choice.value.is_empty() && !seen.insert(&choice.value) {
            against(&format!("value {} has already been taken", choice.value), "DuplicateValue");
        }
    }
}
