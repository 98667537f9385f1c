//! Scoring models. Each returns a score in [0, 1] and the reasons that weighed most.

use crate::condition::{Expression, Facts};
use ceap_kernel::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Reasons returned with a score.
const MAX_REASONS: usize = 3;

/// A model as a document declares it. Other kinds join this enum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ScoreDocument {
    /// `base` + Σ weight × value, clamped to [0, 1].
    Weighted {
        /// The score when no term weighs.
        #[serde(default)]
        base: f64,
        /// What adds to it.
        #[serde(default)]
        terms: Vec<TermDocument>,
        /// Below this there is no candidate.
        #[serde(default)]
        min: f64,
    },
    /// 1 / (1 + e^−(intercept + Σ weight × value)): logistic regression.
    Logistic {
        /// The log-odds when every value is 0.
        intercept: f64,
        /// What adds to the log-odds.
        terms: Vec<TermDocument>,
        /// Below this there is no candidate.
        #[serde(default)]
        min: f64,
    },
}

/// One term of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TermDocument {
    /// A CEL expression: a number, or a truth value that counts as 1 or 0.
    pub value: String,
    /// Its factor.
    pub weight: f64,
    /// Its name for people: `crashes`.
    pub reason: String,
    /// What stands in when the expression names something absent.
    #[serde(default)]
    pub default: f64,
}

/// A compiled model.
#[derive(Debug)]
pub struct Score {
    kind: Kind,
    offset: f64,
    terms: Vec<Term>,
    min: f64,
}

#[derive(Debug)]
enum Kind {
    Weighted,
    Logistic,
}

#[derive(Debug)]
struct Term {
    value: Expression,
    weight: f64,
    reason: String,
    default: f64,
}

/// The outcome for one signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scored {
    /// In [0, 1].
    pub score: f64,
    /// What raised it most, most first.
    pub reasons: Vec<String>,
}

impl Score {
    /// Compiles a model.
    ///
    /// # Errors
    /// `Invalid`, naming the term.
    pub fn compile(document: &ScoreDocument) -> Result<Self, Fault> {
        let (kind, offset, terms, min) = match document {
            ScoreDocument::Weighted { base, terms, min } => (Kind::Weighted, *base, terms, *min),
            ScoreDocument::Logistic { intercept, terms, min } => {
                (Kind::Logistic, *intercept, terms, *min)
            }
        };
        if !offset.is_finite() {
            return Err(Fault::invalid("score", "base and intercept must be finite numbers"));
        }
        if !(0.0..=1.0).contains(&min) {
            return Err(Fault::invalid("score.min", "must be between 0 and 1"));
        }
        let terms = terms
            .iter()
            .enumerate()
            .map(|(n, term)| {
                if !term.weight.is_finite() || !term.default.is_finite() {
                    let field = format!("score.terms[{n}]");
                    return Err(Fault::invalid(field, "weight and default must be finite numbers"));
                }
                Ok(Term {
                    value: Expression::compile(&format!("score.terms[{n}].value"), &term.value)?,
                    weight: term.weight,
                    reason: term.reason.clone(),
                    default: term.default,
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { kind, offset, terms, min })
    }

    /// The expressions it evaluates.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.terms.iter().map(|term| &term.value)
    }

    /// Scores one signal's facts.
    ///
    /// # Errors
    /// `Invalid` when a term's value is not a number.
    pub fn score(&self, facts: &Facts<'_>) -> Result<Scored, Fault> {
        let mut sum = self.offset;
        let mut parts = Vec::with_capacity(self.terms.len());
        for term in &self.terms {
            let part = term.weight * term.value.number(facts)?.unwrap_or(term.default);
            sum += part;
            if part > 0.0 {
                parts.push((part, &term.reason));
            }
        }
        parts.sort_by(|a, b| b.0.total_cmp(&a.0));
        let score = match self.kind {
            Kind::Weighted => sum,
            Kind::Logistic => 1.0 / (1.0 + (-sum).exp()),
        };
        if score.is_nan() {
            return Err(Fault::invalid("score", "is not a number on these facts"));
        }
        let reasons = parts.into_iter().take(MAX_REASONS).map(|(_, name)| name.clone()).collect();
        Ok(Scored { score: score.clamp(0.0, 1.0), reasons })
    }

    /// Whether the score makes a candidate.
    #[must_use]
    pub fn passes(&self, scored: &Scored) -> bool {
        scored.score >= self.min
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn score(document: serde_json::Value, features: serde_json::Value) -> Scored {
        let document: ScoreDocument = serde_json::from_value(document).unwrap();
        let facts = Facts { features: &features, ..Facts::default() };
        Score::compile(&document).unwrap().score(&facts).unwrap()
    }

    #[test]
    fn weighted_is_clamped_and_explained() {
        let document = json!({"kind": "weighted", "base": 0.1, "terms": [
            {"value": "features.a", "weight": 0.2, "reason": "a"},
            {"value": "features.b > 1", "weight": 0.5, "reason": "b"},
            {"value": "features.missing", "weight": 9, "reason": "missing"}]});
        let scored = score(document.clone(), json!({"a": 1, "b": 2}));
        assert!((scored.score - 0.8).abs() < 1e-12);
        assert_eq!(scored.reasons, ["b", "a"]);
        assert_eq!(score(document, json!({"a": 100, "b": 2})).score, 1.0);
    }

    #[test]
    fn logistic_is_the_logistic_function() {
        let document = json!({"kind": "logistic", "intercept": -2.0, "terms": [
            {"value": "features.a", "weight": 0.5, "reason": "a"}]});
        let scored = score(document, json!({"a": 6}));
        assert!((scored.score - 1.0 / (1.0 + (-1.0_f64).exp())).abs() < 1e-12);
    }
}
