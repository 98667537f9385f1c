//! `logistic`: logistic regression.

use super::term::TermDocument;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// 1 / (1 + e^−(intercept + Σ weight × value)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogisticDocument {
    /// The log-odds when every value is 0.
    pub intercept: f64,
    /// What adds to the log-odds.
    pub terms: Vec<TermDocument>,
    /// Below this there is no candidate.
    #[serde(default)]
    pub min: f64,
}

/// The probability of these log-odds.
pub(super) fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
