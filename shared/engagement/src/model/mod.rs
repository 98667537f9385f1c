//! Stored models: trained elsewhere, kept by the SHA-256 of their file, pinned by use cases.

pub mod library;

use ceap_kernel::{Fault, ModelId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// How a model works, and so which kind of score it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ModelKind")]
pub enum Kind {
    /// Gradient-boosted trees.
    Trees,
    /// A graph in ONNX.
    Onnx,
}

impl Kind {
    /// As documents write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trees => "trees",
            Self::Onnx => "onnx",
        }
    }
}

/// What an input takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    /// A number.
    Number,
    /// One of the categories that the model knows by name.
    Category,
    /// A category's number, counted from 0: the model doesn't know their names.
    Code,
    /// Any text.
    Text,
}

/// One input, as the model declares it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ModelInput")]
pub struct Input {
    /// The feature's name at training.
    pub name: String,
    /// What it takes.
    pub takes: Takes,
    /// Whether it may be missing: the model has learnt, or has a rule, what to do then.
    pub missing: bool,
    /// The categories that the model knows by name; left out where they are too many to list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<Value>>,
}

/// What a use case has to know of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ModelDescription")]
pub struct Description {
    /// Which kind of score it is for.
    pub kind: Kind,
    /// What its file is: `lightgbm`, `xgboost`, `onnx`.
    pub format: String,
    /// Its inputs, in the model's order.
    pub inputs: Vec<Input>,
}

/// A tenant's models, by their files' SHA-256.
pub type Shelf = BTreeMap<ModelId, Description>;

/// The value of one input.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// There is none.
    Missing,
    /// A number, or a category's code.
    Number(f64),
    /// A category by name, or text.
    Text(String),
}

/// A model, ready to score. A row holds a cell for each of its inputs, in its order.
pub trait Model: fmt::Debug + Send + Sync {
    /// What it is.
    fn description(&self) -> &Description;

    /// The score of each row, as the library that trained it predicts.
    ///
    /// Each row has its own answer: `Invalid`, naming the input, when a cell is not what it takes.
    fn score(&self, rows: &[Vec<Cell>]) -> Vec<Result<f64, Fault>>;

    /// What each input of `row` adds to its score, against `base`, what stands in for each input
    /// when it is absent. The unit is the model's own; the order is what counts.
    ///
    /// # Errors
    /// As for [`score`](Self::score).
    fn contributions(&self, row: &[Cell], base: &[Cell]) -> Result<Vec<f64>, Fault>;
}
