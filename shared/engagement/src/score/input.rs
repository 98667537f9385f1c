//! An input of a stored model: where its value comes from, and what stands in when there is none.

use super::check_default;
use crate::condition::{Expression, Facts};
use crate::feature::Feature;
use crate::model::{self, Cell, Takes};
use ceap_kernel::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// How a document says that an input is missing.
const MISSING: &str = "missing";

/// One input of a stored model, as a document declares it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputDocument {
    /// A CEL expression: a number, a truth value that counts as 1 or 0, or text.
    pub value: String,
    /// What stands in when the expression names something absent. Needed where that may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultDocument>,
    /// The names of the categories that the model knows by number only, in their order from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<String>>,
    /// Its name for people; the feature's own by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What stands in for an absent value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "must be a number, text, or `missing`")]
pub enum DefaultDocument {
    /// This number.
    Number(f64),
    /// This category or text; `missing` for none.
    Text(String),
}

/// An input, compiled.
#[derive(Debug)]
pub(super) struct Input {
    pub value: Expression,
    pub reason: String,
    field: String,
    takes: Takes,
    missing: bool,
    default: Option<Cell>,
    codes: Option<HashMap<String, f64>>,
}

impl Input {
    pub fn compile(
        document: &InputDocument,
        declared: &model::Input,
        features: &BTreeMap<String, Feature>,
    ) -> Result<Self, Fault> {
        let field = format!("score.inputs.{}", declared.name);
        let value = Expression::compile(&format!("{field}.value"), &document.value)?;
        check_default(&field, &value, document.default.is_some(), features)?;
        let mut input = Self {
            value,
            reason: document.reason.clone().unwrap_or_else(|| declared.name.clone()),
            takes: declared.takes,
            missing: declared.missing,
            default: None,
            codes: document.categories.as_deref().map(|names| codes(&field, names)).transpose()?,
            field,
        };
        if input.codes.is_some() && !matches!(input.takes, Takes::Number | Takes::Code) {
            let message = "are the model's own; leave them out";
            return Err(Fault::invalid(format!("{}.categories", input.field), message));
        }
        let default = document.default.as_ref();
        input.default = default.map(|default| input.default_cell(default, declared)).transpose()?;
        Ok(input)
    }

    fn default_cell(
        &self,
        default: &DefaultDocument,
        declared: &model::Input,
    ) -> Result<Cell, Fault> {
        let fault = |message: &str| Fault::invalid(format!("{}.default", self.field), message);
        let value = match default {
            DefaultDocument::Text(text) if text == MISSING => {
                let never = || fault("can't be `missing`: the model doesn't know what to do then");
                return self.missing.then_some(Cell::Missing).ok_or_else(never);
            }
            DefaultDocument::Text(text) => Value::from(text.as_str()),
            DefaultDocument::Number(number) if number.is_finite() => Value::from(*number),
            DefaultDocument::Number(_) => return Err(fault("must be a finite number")),
        };
        let known = declared.categories.as_deref();
        if known.is_some_and(|known| !known.iter().any(|it| same(it, &value))) {
            return Err(fault("must be one of the model's categories"));
        }
        match self.cell(&value).map_err(|_| fault(self.rule()))? {
            Cell::Missing => Err(fault("must be one of the categories")),
            cell => Ok(cell),
        }
    }

    /// The cell of one signal.
    ///
    /// # Errors
    /// `Invalid` when the value is not what the input takes.
    pub fn read(&self, facts: &Facts<'_>) -> Result<Cell, Fault> {
        match (self.value.value(facts)?, &self.default) {
            (Some(value), _) => self.cell(&value),
            (None, Some(default)) => Ok(default.clone()),
            (None, None) => Err(Fault::invalid(self.field.clone(), "is absent and has no default")),
        }
    }

    /// What stands in when it is absent; 0 where it never is.
    pub fn base(&self) -> Cell {
        self.default.clone().unwrap_or(Cell::Number(0.0))
    }

    fn cell(&self, value: &Value) -> Result<Cell, Fault> {
        let number = match value {
            Value::Bool(holds) => Some(f64::from(u8::from(*holds))),
            value => value.as_f64().filter(|number| number.is_finite()),
        };
        match (self.takes, value.as_str(), number, &self.codes) {
            (Takes::Text | Takes::Category, Some(text), _, _) => Ok(Cell::Text(text.to_owned())),
            (Takes::Category | Takes::Number | Takes::Code, None, Some(number), _) => {
                Ok(Cell::Number(number))
            }
            // One that the list doesn't have is missing, as in pandas.
            (Takes::Number | Takes::Code, Some(text), _, Some(codes)) => match codes.get(text) {
                Some(code) => Ok(Cell::Number(*code)),
                None if self.missing => Ok(Cell::Missing),
                None => Err(self.fault()),
            },
            _ => Err(self.fault()),
        }
    }

    fn rule(&self) -> &'static str {
        match (self.takes, &self.codes) {
            (Takes::Text, _) => "must be text",
            (Takes::Category, _) => "must be text or a number",
            (_, Some(_)) => "must be one of `categories`, or a number",
            (_, None) => "must be a number; text needs `categories`",
        }
    }

    /// The value stays out of the text: it may be personal data.
    fn fault(&self) -> Fault {
        Fault::invalid(self.field.clone(), self.rule())
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() < f64::EPSILON,
        _ => a == b,
    }
}

fn codes(field: &str, names: &[String]) -> Result<HashMap<String, f64>, Fault> {
    let mut codes = HashMap::with_capacity(names.len());
    for (code, name) in (0_u32..).zip(names) {
        if codes.insert(name.clone(), f64::from(code)).is_some() {
            let message = format!("`{name}` is there twice");
            return Err(Fault::invalid(format!("{field}.categories"), message));
        }
    }
    Ok(codes)
}
