//! Schemas of event types: what `data` must look like, how a schema may change, and what seems to be one.
//!
//! JSON Schema 2020-12 (<https://json-schema.org/draft/2020-12>), of bounded size, standing by itself: a
//! `$ref` names something below its own `$defs`.

mod contained;
mod expand;
pub mod infer;
pub mod registry;

use ceap_kernel::{Fault, Timestamp};
use contained::contained;
use expand::expanded;
use jsonschema::{PatternOptions, Validator};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Bytes of a schema as JSON.
pub const MAX_BYTES: usize = 32 * 1024;

/// What happens to an event that is not as its schema says.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SchemaMode")]
pub enum Mode {
    /// It is counted, and goes on.
    #[default]
    Warn,
    /// It goes to quarantine.
    Reject,
}

/// What a new version of a schema must have to do with the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compatibility {
    /// Whatever was right is right: who reads by the new one can read what was written by the old one.
    #[default]
    Backward,
    /// Whatever is right was right: who reads by the old one can read what is written by the new one.
    Forward,
    /// Both.
    Full,
    /// Nothing.
    None,
}

/// A type's schema as it is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemaDocument {
    /// What `data` must look like: a JSON Schema of an object.
    pub schema: Map<String, Value>,
    /// What happens to events that do not.
    #[serde(default)]
    pub mode: Mode,
    /// How the next version may differ.
    #[serde(default)]
    pub compatibility: Compatibility,
}

/// A type's schema as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventSchema {
    /// The event type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its version, from 1.
    pub version: u64,
    /// When it was kept.
    pub updated_at: Timestamp,
    /// What was given.
    #[serde(flatten)]
    pub document: SchemaDocument,
}

/// A schema, ready to judge events.
#[derive(Debug, Clone)]
pub struct Compiled {
    version: u64,
    mode: Mode,
    validator: Arc<Validator>,
}

impl Compiled {
    /// Compiles what is kept.
    ///
    /// # Errors
    /// `Invalid` at `schema` when it is no schema that can be judged by.
    pub fn of(schema: &EventSchema) -> Result<Self, Fault> {
        let validator = compile(&expanded(&schema.document.schema)?)?;
        let mode = schema.document.mode;
        Ok(Self { version: schema.version, mode, validator: Arc::new(validator) })
    }

    /// What happens to an event that is not so.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether `data` is as it should be.
    ///
    /// # Errors
    /// `Invalid`, naming the field of `data` and what it must be.
    pub fn check(&self, data: &Map<String, Value>) -> Result<(), Fault> {
        let data = Value::Object(data.clone());
        let Some(error) = self.validator.iter_errors(&data).next() else { return Ok(()) };
        let place: String = error.instance_path().to_string().replace('/', ".");
        let message = format!("{error} (version {} of its schema)", self.version);
        Err(Fault::invalid(format!("data{place}"), message))
    }
}

/// Patterns are matched in linear time, whatever a schema asks for.
fn compile(schema: &Value) -> Result<Validator, Fault> {
    let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
    options.build(schema).map_err(|error| {
        let place: String = error.instance_path().to_string().replace('/', ".");
        Fault::invalid(format!("schema{place}"), error.to_string())
    })
}

/// Checks a new version of a schema, after `before`.
///
/// # Errors
/// `Invalid`, naming the place of the schema and what is wrong with it.
pub fn check(document: &SchemaDocument, before: Option<&SchemaDocument>) -> Result<(), Fault> {
    let size = serde_json::to_vec(&document.schema).map_or(usize::MAX, |json| json.len());
    if size > MAX_BYTES {
        return Err(Fault::invalid("schema", format!("is {size} bytes; at most {MAX_BYTES}")));
    }
    if document.schema.get("type").is_some_and(|kind| kind != "object") {
        return Err(Fault::invalid("schema.type", "must be object: `data` is one"));
    }
    let new = expanded(&document.schema)?;
    compile(&new)?;
    let Some(before) = before else { return Ok(()) };
    let old = expanded(&before.schema)?;
    let broken = |way: &str, place: String| {
        let message = format!("is not {way} compatible with the version before: {place}");
        Fault::invalid("schema", message)
    };
    let wanted = before.compatibility;
    if matches!(wanted, Compatibility::Backward | Compatibility::Full) {
        contained(&old, &new).map_err(|place| broken("backward", place))?;
    }
    if matches!(wanted, Compatibility::Forward | Compatibility::Full) {
        contained(&new, &old).map_err(|place| broken("forward", place))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
