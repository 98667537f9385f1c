//! The schemas of what the API takes and gives, under one name each.
//!
//! A type that is both taken and given may have two schemas: a field with a default may be left out of
//! the one and is always in the other. Where they differ, what is taken is called `…Input`.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Where schemas stand in the document.
const AT: &str = "#/components/schemas/";

/// The schemas of a document.
#[derive(Debug)]
pub struct Schemas {
    taken: SchemaGenerator,
    given: SchemaGenerator,
}

impl Schemas {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|it| {
                it.definitions_path = "#/components/schemas".into();
                it.meta_schema = None;
            })
        };
        Self {
            taken: settings().for_deserialize().into_generator(),
            given: settings().for_serialize().into_generator(),
        }
    }

    /// The schema of something that is taken.
    pub fn taken(&mut self, schema: fn(&mut SchemaGenerator) -> Schema) -> Value {
        let mut schema = schema(&mut self.taken).to_value();
        rename(&mut schema, &|name| format!("{name}Input"));
        schema
    }

    /// The schema of something that is given.
    pub fn given(&mut self, schema: fn(&mut SchemaGenerator) -> Schema) -> Value {
        schema(&mut self.given).to_value()
    }

    /// All schemas by name. What is taken and given alike has one, and `document`, which names what is
    /// taken as `…Input`, names that.
    pub fn settle(mut self, document: &mut Value) -> Map<String, Value> {
        let taken = self.taken.take_definitions(true);
        let mut all = self.given.take_definitions(true);
        let other = differing(&taken, &all);
        let name = |name: &str| match other.contains(name) {
            true => format!("{name}Input"),
            false => name.to_owned(),
        };
        for (key, mut schema) in taken {
            rename(&mut schema, &name);
            all.insert(name(&key), schema);
        }
        rename(document, &|input| match input.strip_suffix("Input") {
            Some(key) => name(key),
            None => input.to_owned(),
        });
        all
    }
}

/// What is not given as it is taken: it is given otherwise, or it holds something that is.
fn differing(taken: &Map<String, Value>, given: &Map<String, Value>) -> BTreeSet<String> {
    let unlike =
        |(name, schema): &(&String, &Value)| given.get(*name).is_some_and(|it| it != *schema);
    let mut found: BTreeSet<String> =
        taken.iter().filter(unlike).map(|(name, _)| name.clone()).collect();
    loop {
        let holds = |schema: &Value| {
            let mut named = BTreeSet::new();
            names(schema, &mut named);
            !named.is_disjoint(&found)
        };
        let more: Vec<String> = taken
            .iter()
            .filter(|(name, schema)| {
                !found.contains(*name) && given.contains_key(*name) && holds(schema)
            })
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// The names of schemas that a value refers to.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let target = fields.get("$ref").and_then(Value::as_str);
            found.extend(target.and_then(|it| it.strip_prefix(AT)).map(str::to_owned));
            fields.values().for_each(|it| names(it, found));
        }
        Value::Array(items) => items.iter().for_each(|it| names(it, found)),
        _ => {}
    }
}

/// Gives the schemas that a value refers to other names.
fn rename(value: &mut Value, name: &impl Fn(&str) -> String) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get_mut("$ref")
                && let Some(old) = target.strip_prefix(AT)
            {
                *target = format!("{AT}{}", name(old));
            }
            fields.values_mut().for_each(|it| rename(it, name));
        }
        Value::Array(items) => items.iter_mut().for_each(|it| rename(it, name)),
        _ => {}
    }
}
