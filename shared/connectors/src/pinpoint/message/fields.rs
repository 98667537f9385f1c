//! The fields of one message, of which each is read or refused: none is left out unsaid.

use super::Values;
use ceap_kernel::Fault;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The fields of `at`, a message of a request.
#[derive(Debug)]
pub struct Fields<'a> {
    at: &'static str,
    fields: &'a Map<String, Value>,
    read: BTreeSet<&'static str>,
}

impl<'a> Fields<'a> {
    /// All of them.
    pub fn new(at: &'static str, fields: &'a Map<String, Value>) -> Self {
        Self { at, fields, read: BTreeSet::new() }
    }

    fn fault(&self, name: &str, message: impl Into<String>) -> Fault {
        Fault::invalid(format!("{}.{name}", self.at), message)
    }

    fn take(&mut self, name: &'static str) -> Option<&'a Value> {
        self.read.insert(name);
        self.fields.get(name).filter(|value| said(value))
    }

    /// A text; none that is empty.
    pub fn text(&mut self, name: &'static str) -> Result<Option<&'a str>, Fault> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.fault(name, "must be text")),
        }
    }

    /// The text of a part of an email: its `Data`. In which charset it is sent is the platform's choice.
    pub fn part(&mut self, name: &'static str) -> Result<Option<&'a str>, Fault> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(part)) => match part.get("Data") {
                None | Some(Value::Null) => Ok(None),
                Some(Value::String(text)) => Ok(Some(text)),
                Some(_) => Err(self.fault(name, "must have text as its Data")),
            },
            Some(_) => Err(self.fault(name, "must be {\"Data\": …}")),
        }
    }

    /// A whole number.
    pub fn number(&mut self, name: &'static str) -> Result<Option<u64>, Fault> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => {
                let number =
                    value.as_u64().ok_or_else(|| self.fault(name, "must be a whole number"));
                number.map(Some)
            }
        }
    }

    /// An object.
    pub fn object(&mut self, name: &'static str) -> Result<Option<&'a Map<String, Value>>, Fault> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(self.fault(name, "must be a JSON object")),
        }
    }

    /// Values by name.
    pub fn values(&mut self, name: &'static str) -> Result<Values, Fault> {
        let Some(value) = self.take(name) else { return Ok(Values::new()) };
        serde_json::from_value(value.clone())
            .map_err(|_| self.fault(name, "must map names to lists of texts"))
    }

    /// A sender that is the tenant's own, which is used anyway.
    pub fn sender(
        &mut self,
        name: &'static str,
        setting: &str,
        own: Option<&str>,
    ) -> Result<(), Fault> {
        let Some(asked) = self.text(name)? else { return Ok(()) };
        let address = |text: &'_ str| -> String {
            let bare = text.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
            bare.map_or(text, |(bare, _)| bare).trim().to_owned()
        };
        if own.is_some_and(|own| own == asked || address(own) == address(asked)) {
            return Ok(());
        }
        Err(self
            .fault(name, format!("is not the tenant's sender; leave it out, or set `{setting}`")))
    }

    /// Refuses what else is said.
    pub fn end(self) -> Result<(), Fault> {
        let left = self.fields.iter();
        let mut left =
            left.filter(|(name, value)| !self.read.contains(name.as_str()) && said(value));
        match left.next() {
            None => Ok(()),
            Some((name, _)) => {
                let rule =
                    "is not sent by this platform; leave it out, or send by POST /v1/messages";
                Err(self.fault(name, rule))
            }
        }
    }
}

/// Whether a value says anything: clients write `false`, `""`, `[]` and `{}` for what they leave out.
fn said(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    }
}
