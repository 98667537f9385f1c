//! Conditions put to an item, and updates done to it.

use super::Refusal;
use super::item::{Item, compare, equal, sum, typed, value_size};
use super::parse::{Action, Condition, Operand, Path, Step};
use serde_json::{Map, Value, json};
use std::cmp::Ordering;

/// What stands at a path of an item.
#[must_use]
pub fn at<'a>(item: &'a Item, path: &[Step]) -> Option<&'a Value> {
    let (Step::Field(first), rest) = path.split_first()? else { return None };
    rest.iter().try_fold(item.get(first)?, |value, step| match (typed(value)?, step) {
        (("M", held), Step::Field(name)) => held.get(name),
        (("L", held), Step::At(place)) => held.get(place),
        _ => None,
    })
}

fn value(operand: &Operand, item: &Item) -> Option<Value> {
    match operand {
        Operand::Path(path) => at(item, path).cloned(),
        Operand::Value(value) => Some(value.clone()),
        Operand::Size(path) => {
            let found = at(item, path)?;
            let size = match typed(found)? {
                ("L" | "M" | "SS" | "NS" | "BS", Value::Array(held)) => held.len(),
                ("M", Value::Object(held)) => held.len(),
                _ => value_size(found),
            };
            Some(json!({"N": size.to_string()}))
        }
        Operand::Or(path, other) => at(item, path).cloned().or_else(|| value(other, item)),
        Operand::Joined(first, second) => {
            let list = |of: &Operand| match value(of, item)?.get("L")? {
                Value::Array(held) => Some(held.clone()),
                _ => None,
            };
            let both = [list(first)?, list(second)?].concat();
            Some(json!({ "L": both }))
        }
        Operand::Sum(first, second, less) => {
            sum(&value(first, item)?, &value(second, item)?, *less)
        }
    }
}

/// Whether a condition holds of an item; of one that is not there, as of an empty one. What compares with
/// something absent does not hold.
#[must_use]
pub fn holds(condition: &Condition, item: &Item) -> bool {
    let pair = |one: &Operand, other: &Operand| Some((value(one, item)?, value(other, item)?));
    let order = |one: &Operand, other: &Operand| {
        let (one, other) = pair(one, other)?;
        compare(&one, &other)
    };
    match condition {
        Condition::Compare(one, "=", other) => {
            pair(one, other).is_some_and(|(one, other)| equal(&one, &other))
        }
        Condition::Compare(one, "<>", other) => {
            pair(one, other).is_none_or(|(one, other)| !equal(&one, &other))
        }
        Condition::Compare(one, sign, other) => order(one, other).is_some_and(|order| match *sign {
            "<" => order == Ordering::Less,
            "<=" => order != Ordering::Greater,
            ">" => order == Ordering::Greater,
            _ => order != Ordering::Less,
        }),
        Condition::Between(one, low, high) => {
            order(one, low).is_some_and(|it| it != Ordering::Less)
                && order(one, high).is_some_and(|it| it != Ordering::Greater)
        }
        Condition::In(one, all) => all
            .iter()
            .any(|other| pair(one, other).is_some_and(|(one, other)| equal(&one, &other))),
        Condition::Exists(path, absent) => at(item, path).is_some() != *absent,
        Condition::Begins(whole, start) => pair(whole, start).is_some_and(|(whole, start)| {
            let text = |it: &Value| it.get("S").and_then(Value::as_str).map(str::to_owned);
            matches!((text(&whole), text(&start)), (Some(whole), Some(start)) if whole.starts_with(&start))
        }),
        Condition::Contains(whole, part) => {
            pair(whole, part).is_some_and(|(whole, part)| contains(&whole, &part))
        }
        Condition::And(one, other) => holds(one, item) && holds(other, item),
        Condition::Or(one, other) => holds(one, item) || holds(other, item),
        Condition::Not(one) => !holds(one, item),
    }
}

fn contains(whole: &Value, part: &Value) -> bool {
    match (typed(whole), typed(part)) {
        (Some(("S", whole)), Some(("S", part))) => {
            let (whole, part) = (whole.as_str(), part.as_str());
            whole.zip(part).is_some_and(|(whole, part)| whole.contains(part))
        }
        (Some(("L", Value::Array(held))), _) => held.iter().any(|held| equal(held, part)),
        (Some(("SS" | "NS" | "BS", Value::Array(held))), Some((_, part))) => held.contains(part),
        _ => false,
    }
}

/// The item after an update. Operands are read from the item as it was before.
///
/// # Errors
/// `ValidationException` where an operand has no value, or a path leads through what is not there.
pub fn updated(before: &Item, actions: &[Action]) -> Result<Item, Refusal> {
    let mut after = before.clone();
    for action in actions {
        match action {
            Action::Set(path, operand) => {
                let value = value(operand, before).ok_or_else(|| {
                    Refusal::invalid("an operand of the update has no value".to_owned())
                })?;
                put(&mut after, path, value)?;
            }
            Action::Remove(path) => remove(&mut after, path),
            Action::Add(path, by) => {
                let value = match at(before, path) {
                    Some(found) => added(found, by),
                    None => Some(by.clone()),
                };
                let value =
                    value.ok_or_else(|| Refusal::invalid("ADD to another type".to_owned()))?;
                put(&mut after, path, value)?;
            }
        }
    }
    Ok(after)
}

/// A number and what is added to it, or a set and what is put into it.
fn added(found: &Value, by: &Value) -> Option<Value> {
    match (typed(found)?, typed(by)?) {
        (("N", _), ("N", _)) => sum(found, by, false),
        ((kind @ ("SS" | "NS"), Value::Array(held)), (same, Value::Array(new))) if kind == same => {
            let mut held = held.clone();
            held.extend(new.iter().filter(|it| !held.contains(it)).cloned().collect::<Vec<_>>());
            Some(json!({ kind: held }))
        }
        _ => None,
    }
}

/// The map that holds the last step of a path.
fn holder<'a>(
    item: &'a mut Item,
    path: &'a [Step],
) -> Option<(&'a mut Map<String, Value>, &'a str)> {
    let (Step::Field(last), before) = path.split_last()? else { return None };
    let mut held = item;
    for step in before {
        let Step::Field(name) = step else { return None };
        held = held.get_mut(name)?.get_mut("M")?.as_object_mut()?;
    }
    Some((held, last))
}

fn put(item: &mut Item, path: &Path, value: Value) -> Result<(), Refusal> {
    let (held, last) = holder(item, path).ok_or_else(|| {
        Refusal::invalid(
            "The document path provided in the update expression is invalid".to_owned(),
        )
    })?;
    held.insert(last.to_owned(), value);
    Ok(())
}

fn remove(item: &mut Item, path: &Path) {
    if let Some((held, last)) = holder(item, path) {
        held.shift_remove(last);
    }
}
