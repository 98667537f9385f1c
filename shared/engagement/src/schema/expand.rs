//! A schema with its references written out, so that it is a tree of bounded size.

use ceap_kernel::Fault;
use serde_json::{Map, Value};

/// Values of a schema, written out.
const MAX_NODES: usize = 5_000;

/// References within one another.
const MAX_DEPTH: usize = 32;

/// Keywords that name something elsewhere, but for `$ref`.
const ELSEWHERE: [&str; 4] = ["$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor"];

/// The schema without `$ref`.
///
/// # Errors
/// `Invalid`, naming the reference that leads out of it, nowhere, or round in a circle.
pub fn expanded(schema: &Map<String, Value>) -> Result<Value, Fault> {
    let nothing = Map::new();
    let defs = schema.get("$defs").and_then(Value::as_object).unwrap_or(&nothing);
    let mut work = Work { defs, nodes: 0 };
    let mut whole = schema.clone();
    whole.remove("$defs");
    work.value(&Value::Object(whole), 0)
}

struct Work<'a> {
    defs: &'a Map<String, Value>,
    nodes: usize,
}

impl Work<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<Value, Fault> {
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > MAX_NODES || depth > MAX_DEPTH {
            return Err(Fault::invalid("schema", "is too large or leads round in a circle"));
        }
        let deeper = depth.saturating_add(1);
        match value {
            Value::Array(items) => items
                .iter()
                .map(|item| self.value(item, deeper))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Value::Object(fields) => self.object(fields, deeper),
            other => Ok(other.clone()),
        }
    }

    fn object(&mut self, fields: &Map<String, Value>, depth: usize) -> Result<Value, Fault> {
        if let Some(named) = ELSEWHERE.iter().find(|name| fields.contains_key(**name)) {
            return Err(Fault::invalid("schema", format!("must not use `{named}`; use `$ref`")));
        }
        let mut written = Map::new();
        for (name, value) in fields.iter().filter(|(name, _)| *name != "$ref") {
            written.insert(name.clone(), self.value(value, depth)?);
        }
        let Some(reference) = fields.get("$ref") else { return Ok(Value::Object(written)) };
        let named = reference.as_str().and_then(|text| text.strip_prefix("#/$defs/"));
        let found = named.and_then(|name| self.defs.get(name)).ok_or_else(|| {
            let message = format!("$ref {reference} must be #/$defs/ and a name that is there");
            Fault::invalid("schema", message)
        })?;
        let meant = self.value(&found.clone(), depth)?;
        if written.is_empty() {
            return Ok(meant);
        }
        Ok(Value::Object(Map::from_iter([(
            "allOf".to_owned(),
            Value::Array(vec![meant, Value::Object(written)]),
        )])))
    }
}
