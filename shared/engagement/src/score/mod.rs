//! Scores: how promising a signal is, in [0, 1], which model says so, and what raised it most. One
//! file for each kind.

pub mod affinity;
mod expression;
mod input;
mod logistic;
mod pinned;
mod term;

pub use affinity::AffinityDocument;
pub use expression::ExpressionDocument;
pub use input::{DefaultDocument, InputDocument};
pub use logistic::LogisticDocument;
pub use pinned::PinnedDocument;
pub use term::TermDocument;

use crate::condition::{Expression, Facts};
use crate::feature::Feature;
use crate::model::{self, Model, Shelf};
use ceap_kernel::{Fault, ItemId, ModelId};
use pinned::Pinned;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use term::Terms;

/// Reasons returned with a score.
const MAX_REASONS: usize = 3;

/// A score as a document declares it. Other kinds join this enum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ScoreDocument {
    /// Terms weighed by hand.
    Expression(ExpressionDocument),
    /// Logistic regression.
    Logistic(LogisticDocument),
    /// A stored model of gradient-boosted trees.
    Trees(PinnedDocument),
    /// A stored model in ONNX.
    Onnx(PinnedDocument),
    /// Items that go with the subject's own.
    Affinity(AffinityDocument),
}

impl ScoreDocument {
    /// The stored model that it pins.
    #[must_use]
    pub fn model(&self) -> Option<&ModelId> {
        match self {
            Self::Expression(_) | Self::Logistic(_) | Self::Affinity(_) => None,
            Self::Trees(pinned) | Self::Onnx(pinned) => Some(&pinned.model),
        }
    }

    fn min(&self) -> f64 {
        match self {
            Self::Expression(it) => it.min,
            Self::Logistic(it) => it.min,
            Self::Trees(it) | Self::Onnx(it) => it.min,
            Self::Affinity(it) => it.min,
        }
    }

    /// What its scores name as their model: the document's version, or the stored model's.
    fn version(&self, document: u32) -> String {
        match self {
            Self::Expression(_) | Self::Logistic(_) | Self::Affinity(_) => document.to_string(),
            Self::Trees(it) | Self::Onnx(it) => match &it.version {
                Some(version) => format!("{version}@{}", it.model.short()),
                None => it.model.short().to_owned(),
            },
        }
    }
}

/// A compiled score.
#[derive(Debug)]
pub struct Score {
    kind: Kind,
    min: f64,
    version: String,
}

#[derive(Debug)]
enum Kind {
    Expression(Terms),
    Logistic(Terms),
    Model(Pinned),
    Affinity(AffinityDocument),
}

/// The outcome for one signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scored {
    /// In [0, 1].
    pub score: f64,
    /// What raised it most, most first.
    pub reasons: Vec<String>,
    /// Which model says so: a stored one by its version and the first digits of its SHA-256, a
    /// document's own by the document's version.
    #[serde(default)]
    pub model: String,
    /// What is recommended, the best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Recommended>,
}

/// An item that is recommended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recommended {
    /// Which.
    pub id: ItemId,
    /// What people call it.
    pub name: String,
    /// Where it is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What else the catalogue says of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Value>,
    /// In [0, 1].
    pub score: f64,
}

impl Score {
    /// Compiles the score of a document of `version`, which declares `features`.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn compile(
        document: &ScoreDocument,
        version: u32,
        features: &BTreeMap<String, Feature>,
        stored: &Shelf,
    ) -> Result<Self, Fault> {
        let (min, version) = (document.min(), document.version(version));
        let kind = match document {
            ScoreDocument::Expression(it) => {
                Kind::Expression(Terms::compile(it.base, &it.terms, features)?)
            }
            ScoreDocument::Logistic(it) => {
                Kind::Logistic(Terms::compile(it.intercept, &it.terms, features)?)
            }
            ScoreDocument::Trees(it) => {
                Kind::Model(Pinned::compile(model::Kind::Trees, it, features, stored)?)
            }
            ScoreDocument::Onnx(it) => {
                Kind::Model(Pinned::compile(model::Kind::Onnx, it, features, stored)?)
            }
            ScoreDocument::Affinity(it) => {
                it.check()?;
                Kind::Affinity(it.clone())
            }
        };
        if !(0.0..=1.0).contains(&min) {
            return Err(Fault::invalid("score.min", "must be between 0 and 1"));
        }
        Ok(Self { kind, min, version })
    }

    /// The expressions it evaluates.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let (terms, pinned) = match &self.kind {
            Kind::Expression(terms) | Kind::Logistic(terms) => (Some(terms), None),
            Kind::Model(pinned) => (None, Some(pinned)),
            Kind::Affinity(_) => (None, None),
        };
        let terms = terms.into_iter().flat_map(Terms::expressions);
        terms.chain(pinned.into_iter().flat_map(Pinned::expressions))
    }

    /// The stored model that it needs.
    #[must_use]
    pub fn model(&self) -> Option<&ModelId> {
        match &self.kind {
            Kind::Model(pinned) => Some(&pinned.model),
            Kind::Expression(_) | Kind::Logistic(_) | Kind::Affinity(_) => None,
        }
    }

    /// What it recommends, if it is of that kind: then others score.
    #[must_use]
    pub fn affinity(&self) -> Option<&AffinityDocument> {
        match &self.kind {
            Kind::Affinity(affinity) => Some(affinity),
            Kind::Expression(_) | Kind::Logistic(_) | Kind::Model(_) => None,
        }
    }

    /// Scores the facts of several signals, each for itself; `model` is the stored model that it
    /// needs.
    ///
    /// For each, `Invalid` when a value is not what the model takes.
    #[must_use]
    pub fn score(
        &self,
        facts: &[Facts<'_>],
        model: Option<&dyn Model>,
    ) -> Vec<Result<Scored, Fault>> {
        let each = |terms: &Terms, link: fn(f64) -> f64| {
            let one = |facts| {
                let (sum, reasons) = terms.sum(facts)?;
                Ok(Scored {
                    score: clamped(link(sum))?,
                    reasons,
                    model: self.version.clone(),
                    items: Vec::new(),
                })
            };
            facts.iter().map(one).collect()
        };
        match (&self.kind, model) {
            (Kind::Expression(terms), _) => each(terms, std::convert::identity),
            (Kind::Logistic(terms), _) => each(terms, logistic::probability),
            (Kind::Model(pinned), Some(model)) => {
                pinned.score(facts, model, self.min, &self.version)
            }
            (Kind::Model(_) | Kind::Affinity(_), _) => {
                let fault = || Err(Fault::Internal("the stored model was not loaded".to_owned()));
                facts.iter().map(|_| fault()).collect()
            }
        }
    }

    /// Whether the score makes a candidate.
    #[must_use]
    pub fn passes(&self, scored: &Scored) -> bool {
        scored.score >= self.min
    }
}

fn clamped(score: f64) -> Result<f64, Fault> {
    if score.is_nan() {
        return Err(Fault::invalid("score", "is not a number on these facts"));
    }
    Ok(score.clamp(0.0, 1.0))
}

/// The names of what raised a score most, most first.
fn reasons(mut parts: Vec<(f64, &str)>) -> Vec<String> {
    parts.retain(|(part, _)| *part > 0.0);
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    parts.into_iter().take(MAX_REASONS).map(|(_, name)| name.to_owned()).collect()
}

/// What may be absent when a signal is scored has a default, or the document is refused.
fn check_default(
    field: &str,
    value: &Expression,
    given: bool,
    features: &BTreeMap<String, Feature>,
) -> Result<(), Fault> {
    if given || !may_be_absent(value, features) {
        return Ok(());
    }
    let message = format!("`{}` may be absent: give a default", value.source());
    Err(Fault::invalid(format!("{field}.default"), message))
}

/// Whether it names something that a signal may lack: all but an event's envelope and the features
/// that have a value of nothing. (That a feature is declared is checked elsewhere.)
fn may_be_absent(value: &Expression, features: &BTreeMap<String, Feature>) -> bool {
    let first = |path: &[String]| path.first().cloned().unwrap_or_default();
    value.roots().any(|root| match root {
        "event" => value
            .paths(root)
            .iter()
            .any(|path| !matches!(first(path).as_str(), "type" | "subject" | "time")),
        "features" => value
            .paths(root)
            .iter()
            .any(|path| features.get(&first(path)).is_some_and(|it| !it.has_a_value_of_nothing())),
        _ => true,
    })
}

#[cfg(test)]
mod tests;
