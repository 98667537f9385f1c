//! Whether whatever one schema takes, another takes too.
//!
//! What is said is true; where a keyword is not understood well enough, it must be the same in both. Of a
//! property that a schema does not name, and says nothing of, it is taken that nobody sends it: so adding an
//! optional property is no breach, though an open schema took anything under that name.

use super::compile;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Keywords that say nothing of what is taken.
const NOTES: [&str; 11] = [
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
];

/// Keywords that must be the same in both, if the wider one has them.
const WHOLE: [&str; 15] = [
    "not",
    "if",
    "then",
    "else",
    "patternProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "contains",
    "minContains",
    "maxContains",
    "unevaluatedProperties",
    "unevaluatedItems",
    "prefixItems",
    "format",
];

/// The types of JSON, and `integer`, which is a number.
const TYPES: [&str; 6] = ["null", "boolean", "object", "array", "number", "string"];

/// Whether `wide` takes all that `narrow` takes.
///
/// # Errors
/// The place that it does not, and why.
pub fn contained(narrow: &Value, wide: &Value) -> Result<(), String> {
    within(narrow, wide, "data")
}

fn within(narrow: &Value, wide: &Value, at: &str) -> Result<(), String> {
    let (narrow, wide) = (bare(narrow), bare(wide));
    if narrow == wide || wide == Value::Bool(true) || narrow == Value::Bool(false) {
        return Ok(());
    }
    let nothing = Map::new();
    let (narrow, wide) = match (&narrow, &wide) {
        (Value::Object(narrow), Value::Object(wide)) => (narrow, wide),
        (Value::Bool(true), Value::Object(wide)) => (&nothing, wide),
        _ => return Err(format!("`{at}` was taken, and is not")),
    };
    if wide.is_empty() {
        return Ok(());
    }
    listed(narrow, wide, at)
        .or_else(|| branches(narrow, wide, at))
        .unwrap_or_else(|| plain(narrow, wide, at))
}

/// Without notes; an object that says nothing else takes anything.
fn bare(schema: &Value) -> Value {
    let Value::Object(fields) = schema else { return schema.clone() };
    let said = fields.iter().filter(|(name, _)| !NOTES.contains(&name.as_str()));
    let said: Map<String, Value> =
        said.map(|(name, value)| (name.clone(), value.clone())).collect();
    if said.is_empty() { Value::Bool(true) } else { Value::Object(said) }
}

/// Values that are listed are tried one by one.
fn listed(
    narrow: &Map<String, Value>,
    wide: &Map<String, Value>,
    at: &str,
) -> Option<Result<(), String>> {
    let values = narrow.get("enum").and_then(Value::as_array).cloned();
    let values = values.or_else(|| narrow.get("const").map(|value| vec![value.clone()]));
    let Some(values) = values else {
        let lists = wide.contains_key("enum") || wide.contains_key("const");
        return lists.then(|| Err(format!("`{at}` may only have certain values now")));
    };
    let mine = compile(&Value::Object(narrow.clone())).ok()?;
    let theirs = compile(&Value::Object(wide.clone())).ok()?;
    let left = values.iter().find(|value| mine.is_valid(value) && !theirs.is_valid(value));
    Some(left.map_or(Ok(()), |value| Err(format!("`{at}` may no longer be {value}"))))
}

/// Alternatives and combinations.
fn branches(
    narrow: &Map<String, Value>,
    wide: &Map<String, Value>,
    at: &str,
) -> Option<Result<(), String>> {
    let without = |schema: &Map<String, Value>, name: &str| {
        let mut rest = schema.clone();
        let branches = rest.remove(name).and_then(|it| it.as_array().cloned());
        branches.map(|branches| (branches, Value::Object(rest)))
    };
    let whole = (Value::Object(narrow.clone()), Value::Object(wide.clone()));
    if let Some((all, rest)) = without(wide, "allOf") {
        let mut parts = all.iter().chain([&rest]);
        return Some(parts.try_for_each(|part| within(&whole.0, part, at)));
    }
    for name in ["anyOf", "oneOf"] {
        if let Some((any, rest)) = without(narrow, name)
            && bare(&rest) == Value::Bool(true)
        {
            return Some(any.iter().try_for_each(|one| within(one, &whole.1, at)));
        }
    }
    if let Some((any, rest)) = without(wide, "anyOf") {
        let fits = any.iter().any(|one| within(&whole.0, one, at).is_ok());
        let rest = within(&whole.0, &rest, at);
        return Some(if fits { rest } else { Err(format!("`{at}` is none of the alternatives")) });
    }
    if wide.contains_key("oneOf") && wide.get("oneOf") != narrow.get("oneOf") {
        return Some(Err(format!("`{at}` has other alternatives, which can't be compared")));
    }
    let (all, rest) = without(narrow, "allOf")?;
    let found = all.iter().chain([&rest]).any(|part| within(part, &whole.1, at).is_ok());
    Some(if found { Ok(()) } else { plain(&joined(&all, &rest), wide, at) })
}

/// What several schemas demand together, as far as it can be written as one: of two that say something of
/// one keyword, the first; so it takes more than they do, which is on the safe side.
fn joined(all: &[Value], rest: &Value) -> Map<String, Value> {
    let mut joined = Map::new();
    for part in all.iter().chain([rest]).filter_map(Value::as_object) {
        for (name, value) in part {
            joined.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    joined
}

fn plain(narrow: &Map<String, Value>, wide: &Map<String, Value>, at: &str) -> Result<(), String> {
    for name in WHOLE {
        if wide.get(name).is_some_and(|value| narrow.get(name) != Some(value)) {
            return Err(format!("`{at}` has another `{name}`"));
        }
    }
    let (mine, theirs) = (types(narrow), types(wide));
    if let Some(gone) = mine.iter().find(|kind| {
        let number = **kind == "integer" && theirs.contains("number");
        !number && !theirs.contains(**kind)
    }) {
        return Err(format!("`{at}` may no longer be {gone}"));
    }
    if mine.contains("number") || mine.contains("integer") {
        numbers(narrow, wide, at)?;
    }
    if mine.contains("string") {
        bound(narrow, wide, "minLength", at, |mine, theirs| mine >= theirs)?;
        bound(narrow, wide, "maxLength", at, |mine, theirs| mine <= theirs)?;
        same(narrow, wide, "pattern", at)?;
    }
    if mine.contains("array") {
        bound(narrow, wide, "minItems", at, |mine, theirs| mine >= theirs)?;
        bound(narrow, wide, "maxItems", at, |mine, theirs| mine <= theirs)?;
        if wide.get("uniqueItems") == Some(&Value::Bool(true)) {
            same(narrow, wide, "uniqueItems", at)?;
        }
        let items =
            |schema: &Map<String, Value>| schema.get("items").cloned().unwrap_or(true.into());
        within(&items(narrow), &items(wide), &format!("{at}[]"))?;
    }
    if mine.contains("object") {
        objects(narrow, wide, at)?;
    }
    Ok(())
}

fn types(schema: &Map<String, Value>) -> BTreeSet<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => BTreeSet::from([kind.as_str()]),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::from(TYPES),
    }
}

fn numbers(narrow: &Map<String, Value>, wide: &Map<String, Value>, at: &str) -> Result<(), String> {
    // A bound, and whether it is left out itself.
    let lower = |schema: &Map<String, Value>| {
        let own = schema.get("minimum").and_then(Value::as_f64).map(|it| (it, false));
        let open = schema.get("exclusiveMinimum").and_then(Value::as_f64).map(|it| (it, true));
        [own, open].into_iter().flatten().fold((f64::NEG_INFINITY, false), |a, b| {
            if b.0 > a.0 || (b.0 >= a.0 && b.1) { b } else { a }
        })
    };
    let upper = |schema: &Map<String, Value>| {
        let own = schema.get("maximum").and_then(Value::as_f64).map(|it| (it, false));
        let open = schema.get("exclusiveMaximum").and_then(Value::as_f64).map(|it| (it, true));
        [own, open].into_iter().flatten().fold((f64::INFINITY, false), |a, b| {
            if b.0 < a.0 || (b.0 <= a.0 && b.1) { b } else { a }
        })
    };
    let ((mine, mine_open), (theirs, theirs_open)) = (lower(narrow), lower(wide));
    if mine < theirs || (mine <= theirs && theirs_open && !mine_open) {
        return Err(format!("`{at}` may no longer be so small"));
    }
    let ((mine, mine_open), (theirs, theirs_open)) = (upper(narrow), upper(wide));
    if mine > theirs || (mine >= theirs && theirs_open && !mine_open) {
        return Err(format!("`{at}` may no longer be so large"));
    }
    same(narrow, wide, "multipleOf", at)
}

fn objects(narrow: &Map<String, Value>, wide: &Map<String, Value>, at: &str) -> Result<(), String> {
    bound(narrow, wide, "minProperties", at, |mine, theirs| mine >= theirs)?;
    bound(narrow, wide, "maxProperties", at, |mine, theirs| mine <= theirs)?;
    let required = |schema: &Map<String, Value>| -> BTreeSet<String> {
        let names = schema.get("required").and_then(Value::as_array);
        names.into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)).collect()
    };
    if let Some(name) = required(wide).difference(&required(narrow)).next() {
        return Err(format!("`{at}.{name}` is required"));
    }
    let properties = |schema: &Map<String, Value>| {
        schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default()
    };
    let (mine, theirs) = (properties(narrow), properties(wide));
    // Under a name that only a pattern tells of, anything may come.
    let others = narrow.get("additionalProperties");
    let others = others.or(narrow.get("patternProperties").map(|_| &Value::Bool(true)));
    for (name, theirs) in &theirs {
        if let Some(mine) = mine.get(name).or(others) {
            within(mine, theirs, &format!("{at}.{name}"))?;
        }
    }
    let rest = wide.get("additionalProperties").cloned().unwrap_or(true.into());
    for (name, mine) in mine.iter().filter(|(name, _)| !theirs.contains_key(*name)) {
        within(mine, &rest, &format!("{at}.{name}"))?;
    }
    within(&others.cloned().unwrap_or(false.into()), &rest, &format!("{at}.*"))
}

/// A bound that the wider one has must be at least as narrow in the other.
fn bound(
    narrow: &Map<String, Value>,
    wide: &Map<String, Value>,
    name: &str,
    at: &str,
    holds: impl Fn(f64, f64) -> bool,
) -> Result<(), String> {
    let Some(theirs) = wide.get(name).and_then(Value::as_f64) else { return Ok(()) };
    let least = name.starts_with("min").then_some(0.0);
    let mine = narrow.get(name).and_then(Value::as_f64).or(least);
    if mine.is_some_and(|mine| holds(mine, theirs)) {
        return Ok(());
    }
    Err(format!("`{at}` has a narrower `{name}`"))
}

fn same(
    narrow: &Map<String, Value>,
    wide: &Map<String, Value>,
    name: &str,
    at: &str,
) -> Result<(), String> {
    match wide.get(name) {
        Some(value) if narrow.get(name) != Some(value) => {
            Err(format!("`{at}` has another `{name}`"))
        }
        _ => Ok(()),
    }
}
