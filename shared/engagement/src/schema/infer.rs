//! What seems to be the schema of events that were seen.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Different names of one object from which on they are data, not fields.
const MAX_FIELDS: usize = 200;

/// What was seen at one place.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    nulls: u64,
    booleans: u64,
    integers: u64,
    numbers: u64,
    texts: u64,
    /// Of the texts, those that are instants.
    instants: u64,
    lists: u64,
    items: Option<Box<Shape>>,
    objects: u64,
    fields: BTreeMap<String, (u64, Shape)>,
    /// Whether there were more names than are told apart.
    open: bool,
}

impl Shape {
    /// Adds what one event has at this place.
    pub fn add(&mut self, value: &Value) {
        let count = |n: &mut u64| *n = n.saturating_add(1);
        match value {
            Value::Null => count(&mut self.nulls),
            Value::Bool(_) => count(&mut self.booleans),
            Value::Number(number) if number.is_f64() => count(&mut self.numbers),
            Value::Number(_) => count(&mut self.integers),
            Value::String(text) => {
                count(&mut self.texts);
                if text.len() >= 20 && text.parse::<jiff::Timestamp>().is_ok() {
                    count(&mut self.instants);
                }
            }
            Value::Array(items) => {
                count(&mut self.lists);
                let shape = self.items.get_or_insert_default();
                items.iter().for_each(|item| shape.add(item));
            }
            Value::Object(fields) => self.object(fields),
        }
    }

    /// Adds the `data` of one event.
    pub fn object(&mut self, fields: &Map<String, Value>) {
        self.objects = self.objects.saturating_add(1);
        for (name, value) in fields {
            if !self.fields.contains_key(name) && self.fields.len() >= MAX_FIELDS {
                self.open = true;
                continue;
            }
            let (seen, shape) = self.fields.entry(name.clone()).or_default();
            *seen = seen.saturating_add(1);
            shape.add(value);
        }
    }

    /// The schema that all of it meets: what was always there is required.
    #[must_use]
    pub fn schema(&self) -> Value {
        let mut schema = Map::new();
        let kinds = [
            ("null", self.nulls > 0),
            ("boolean", self.booleans > 0),
            ("integer", self.integers > 0 && self.numbers == 0),
            ("number", self.numbers > 0),
            ("string", self.texts > 0),
            ("array", self.lists > 0),
            ("object", self.objects > 0),
        ];
        let kinds: Vec<&str> =
            kinds.iter().filter(|(_, seen)| *seen).map(|(kind, _)| *kind).collect();
        match kinds.as_slice() {
            [] => return json!({}),
            [kind] => schema.insert("type".to_owned(), json!(kind)),
            kinds => schema.insert("type".to_owned(), json!(kinds)),
        };
        if self.texts > 0 && self.instants == self.texts {
            schema.insert("format".to_owned(), json!("date-time"));
        }
        if let Some(items) = self.items.as_ref().filter(|_| self.lists > 0) {
            schema.insert("items".to_owned(), items.schema());
        }
        if self.objects > 0 && !self.open {
            let fields = self.fields.iter();
            let properties = fields.map(|(name, (_, shape))| (name.clone(), shape.schema()));
            schema.insert("properties".to_owned(), Value::Object(properties.collect()));
            let always = self.fields.iter().filter(|(_, (seen, _))| *seen == self.objects);
            let required: Vec<&String> = always.map(|(name, _)| name).collect();
            if !required.is_empty() {
                schema.insert("required".to_owned(), json!(required));
            }
        }
        Value::Object(schema)
    }
}
