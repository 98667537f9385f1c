//! `expression`: what a person weighs by hand.

use super::term::TermDocument;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `base` + Σ weight × value, clamped to [0, 1].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpressionDocument {
    /// The score when no term weighs.
    #[serde(default)]
    pub base: f64,
    /// What adds to it.
    #[serde(default)]
    pub terms: Vec<TermDocument>,
    /// Below this there is no candidate.
    #[serde(default)]
    pub min: f64,
}
