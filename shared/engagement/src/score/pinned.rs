//! `trees` and `onnx`: a stored model, pinned by the SHA-256 of its file.

use super::input::{Input, InputDocument};
use super::{Scored, clamped, reasons};
use crate::condition::{Expression, Facts};
use crate::feature::Feature;
use crate::model::{Cell, Kind, Model, Shelf};
use ceap_kernel::{Fault, ModelId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A stored model and where its inputs come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PinnedDocument {
    /// The SHA-256 of its file.
    pub model: ModelId,
    /// Each of the model's features, by its name.
    pub inputs: BTreeMap<String, InputDocument>,
    /// Below this there is no candidate.
    #[serde(default)]
    pub min: f64,
    /// What people call this version of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A pinned model's inputs, compiled, in the model's order.
#[derive(Debug)]
pub(super) struct Pinned {
    pub model: ModelId,
    inputs: Vec<Input>,
}

impl Pinned {
    pub fn compile(
        kind: Kind,
        document: &PinnedDocument,
        features: &BTreeMap<String, Feature>,
        stored: &Shelf,
    ) -> Result<Self, Fault> {
        let unknown = || {
            let message = format!("there is no model `{}`: upload it first", document.model);
            Fault::invalid("score.model", message)
        };
        let description = stored.get(&document.model).ok_or_else(unknown)?;
        if description.kind != kind {
            let message = format!("must be `{}` for this model", description.kind.as_str());
            return Err(Fault::invalid("score.kind", message));
        }
        let declared = &description.inputs;
        if let Some(unknown) =
            document.inputs.keys().find(|name| !declared.iter().any(|it| it.name == **name))
        {
            let message = "is not an input of the model";
            return Err(Fault::invalid(format!("score.inputs.{unknown}"), message));
        }
        let inputs = declared.iter().map(|declared| {
            let missing = || {
                let message = "is missing; it is an input of the model";
                Fault::invalid(format!("score.inputs.{}", declared.name), message)
            };
            let input = document.inputs.get(&declared.name).ok_or_else(missing)?;
            Input::compile(input, declared, features)
        });
        Ok(Self { model: document.model.clone(), inputs: inputs.collect::<Result<_, _>>()? })
    }

    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.inputs.iter().map(|input| &input.value)
    }

    /// Scores all at once; says what raised those from `min` on.
    pub fn score(
        &self,
        facts: &[Facts<'_>],
        model: &dyn Model,
        min: f64,
        version: &str,
    ) -> Vec<Result<Scored, Fault>> {
        let read = |facts| self.inputs.iter().map(|input| input.read(facts)).collect();
        let rows: Vec<Result<Vec<Cell>, Fault>> = facts.iter().map(read).collect();
        let sound: Vec<Vec<Cell>> = rows.iter().flatten().cloned().collect();
        let base: Vec<Cell> = self.inputs.iter().map(Input::base).collect();
        let mut scores = model.score(&sound).into_iter();
        let scored = |row: Result<Vec<Cell>, Fault>| {
            let row = row?;
            let lost = || Err(Fault::Internal("a model gave fewer scores than rows".to_owned()));
            let score = clamped(scores.next().unwrap_or_else(lost)?)?;
            let reasons = if score < min {
                Vec::new()
            } else {
                let names = self.inputs.iter().map(|input| input.reason.as_str());
                reasons(model.contributions(&row, &base)?.into_iter().zip(names).collect())
            };
            Ok(Scored { score, reasons, model: version.to_owned(), items: Vec::new() })
        };
        rows.into_iter().map(scored).collect()
    }
}
