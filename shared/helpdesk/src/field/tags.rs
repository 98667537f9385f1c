//! Tags that come with values
//! ([custom ticket fields and tags](https://support.zendesk.com/hc/en-us/articles/4408883152794)): an option's value
//! and a checkbox's tag are tags of the ticket. It goes both ways: who adds the tag of an option chooses it, and who
//! takes it away leaves the field empty.

use super::{FieldType, TicketField};
use crate::ids::FieldId;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Values by their fields.
pub type Values = BTreeMap<FieldId, Value>;

/// Makes tags and values agree after an edit: `tags` and `values` as the edit has them, `before` as they were. What
/// the edit does to a value goes before what it does to its tag.
pub fn settle<'a>(
    fields: impl IntoIterator<Item = &'a TicketField>,
    before: (&BTreeSet<String>, &Values),
    tags: &mut BTreeSet<String>,
    values: &mut Values,
) {
    for field in fields {
        let (old, new) = (before.1.get(&field.id), values.get(&field.id));
        if old == new {
            follow_tags(field, before.0, tags, values);
        }
        let had = of_value(field, old);
        let has = of_value(field, values.get(&field.id));
        for gone in had.difference(&has) {
            tags.remove(gone);
        }
        tags.extend(has);
    }
}

/// The tags that come with a value.
#[must_use]
pub fn of_value(field: &TicketField, value: Option<&Value>) -> BTreeSet<String> {
    match (field.kind, value) {
        (FieldType::Checkbox, Some(Value::Bool(true))) => field.tag.iter().cloned().collect(),
        (FieldType::Tagger, Some(Value::String(value))) => BTreeSet::from([value.clone()]),
        (FieldType::Multiselect, Some(Value::Array(all))) => {
            all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// A value that nobody touched follows the tags that somebody did.
fn follow_tags(
    field: &TicketField,
    before: &BTreeSet<String>,
    tags: &BTreeSet<String>,
    values: &mut Values,
) {
    let own: Vec<&str> = match field.kind {
        FieldType::Checkbox => field.tag.iter().map(String::as_str).collect(),
        FieldType::Tagger | FieldType::Multiselect => {
            field.custom_field_options.iter().map(|it| it.value.as_str()).collect()
        }
        _ => return,
    };
    let touched = |it: &&&str| before.contains(**it) != tags.contains(**it);
    if !own.iter().any(|it| touched(&it)) {
        return;
    }
    let present = || own.iter().filter(|it| tags.contains(**it));
    let value = match field.kind {
        FieldType::Checkbox => present().next().map(|_| json!(true)),
        FieldType::Tagger => {
            let added = present().find(|it| !before.contains(**it));
            let kept = values.get(&field.id).and_then(Value::as_str);
            let kept = kept.filter(|it| tags.contains(*it));
            added.copied().or(kept).map(|it| json!(it))
        }
        _ => {
            let chosen: Vec<Value> = present().map(|it| json!(it)).collect();
            (!chosen.is_empty()).then_some(Value::Array(chosen))
        }
    };
    match value {
        Some(value) => drop(values.insert(field.id, value)),
        None => drop(values.remove(&field.id)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Choice, Field};
    use super::*;
    use crate::ids::RecordId;
    use ceap_kernel::Timestamp;
    use rstest::rstest;

    fn field(id: u64, kind: FieldType) -> TicketField {
        let mut field = Field::new(FieldId::new(id).unwrap(), kind, Timestamp::UNIX_EPOCH, None);
        if kind.has_options() {
            let choice = |value: &str| Choice {
                id: RecordId::new(1).unwrap(),
                name: value.to_owned(),
                value: format!("{value}{id}"),
                default: false,
                allow_solving: true,
            };
            field.custom_field_options = ["a", "b", "c"].map(choice).to_vec();
        } else {
            field.tag = Some(format!("yes{id}"));
        }
        TicketField::new(field)
    }

    fn values(given: &Value) -> Values {
        let given = given.as_object().unwrap();
        let each = |(id, value): (&String, &Value)| {
            (FieldId::new(id.parse().unwrap()).unwrap(), value.clone())
        };
        given.iter().map(each).collect()
    }

    fn tags(given: &str) -> BTreeSet<String> {
        given.split_whitespace().map(str::to_owned).collect()
    }

    /// Fields: 1 is a checkbox, 2 takes one of its options, 3 several.
    #[rstest]
    #[case::chosen(("x", json!({})), ("x", json!({"2": "a2"})), ("a2 x", json!({"2": "a2"})))]
    #[case::changed(("x a2", json!({"2": "a2"})), ("x a2", json!({"2": "b2"})), ("b2 x", json!({"2": "b2"})))]
    #[case::emptied(("x a2", json!({"2": "a2"})), ("x a2", json!({})), ("x", json!({})))]
    #[case::checked(("", json!({})), ("", json!({"1": true})), ("yes1", json!({"1": true})))]
    #[case::unchecked(("yes1", json!({"1": true})), ("yes1", json!({"1": false})), ("", json!({"1": false})))]
    #[case::several(("a3", json!({"3": ["a3"]})), ("a3", json!({"3": ["b3", "c3"]})), ("b3 c3", json!({"3": ["b3", "c3"]})))]
    #[case::tagged(("x", json!({})), ("x a2", json!({})), ("a2 x", json!({"2": "a2"})))]
    #[case::tagged_anew(("a2", json!({"2": "a2"})), ("a2 b2", json!({"2": "a2"})), ("b2", json!({"2": "b2"})))]
    #[case::untagged(("a2 x", json!({"2": "a2"})), ("x", json!({"2": "a2"})), ("x", json!({})))]
    #[case::checked_by_tag(("", json!({})), ("yes1", json!({})), ("yes1", json!({"1": true})))]
    #[case::one_untagged(("a3 b3", json!({"3": ["a3", "b3"]})), ("b3", json!({"3": ["a3", "b3"]})), ("b3", json!({"3": ["b3"]})))]
    #[case::untouched(("q", json!({})), ("", json!({})), ("", json!({})))]
    fn tags_and_values_agree(
        #[case] before: (&str, Value),
        #[case] edit: (&str, Value),
        #[case] after: (&str, Value),
    ) {
        let fields = [
            field(1, FieldType::Checkbox),
            field(2, FieldType::Tagger),
            field(3, FieldType::Multiselect),
        ];
        let (was_tags, was) = (tags(before.0), values(&before.1));
        let (mut now_tags, mut now) = (tags(edit.0), values(&edit.1));
        settle(&fields, (&was_tags, &was), &mut now_tags, &mut now);
        assert_eq!((now_tags, now), (tags(after.0), values(&after.1)));
    }
}
