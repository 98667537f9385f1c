//! What kinds that weigh terms share: an offset and Σ weight × value.

use super::{check_default, reasons};
use crate::condition::{Expression, Facts};
use crate::feature::Feature;
use ceap_kernel::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// What stands in when the expression names something absent. Needed where that may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<f64>,
}

/// A sum of terms, compiled.
#[derive(Debug)]
pub(super) struct Terms {
    offset: f64,
    terms: Vec<Term>,
}

#[derive(Debug)]
struct Term {
    value: Expression,
    weight: f64,
    reason: String,
    default: Option<f64>,
}

impl Terms {
    pub fn compile(
        offset: f64,
        terms: &[TermDocument],
        features: &BTreeMap<String, Feature>,
    ) -> Result<Self, Fault> {
        if !offset.is_finite() {
            return Err(Fault::invalid("score", "base and intercept must be finite numbers"));
        }
        let terms = terms.iter().enumerate().map(|(n, term)| {
            let field = format!("score.terms[{n}]");
            if !term.weight.is_finite() || !term.default.is_none_or(f64::is_finite) {
                return Err(Fault::invalid(field, "weight and default must be finite numbers"));
            }
            let value = Expression::compile(&format!("{field}.value"), &term.value)?;
            check_default(&field, &value, term.default.is_some(), features)?;
            let (weight, reason, default) = (term.weight, term.reason.clone(), term.default);
            Ok(Term { value, weight, reason, default })
        });
        Ok(Self { offset, terms: terms.collect::<Result<_, _>>()? })
    }

    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.terms.iter().map(|term| &term.value)
    }

    /// The sum, and the names of what raised it most.
    pub fn sum(&self, facts: &Facts<'_>) -> Result<(f64, Vec<String>), Fault> {
        let mut sum = self.offset;
        let mut parts = Vec::with_capacity(self.terms.len());
        for term in &self.terms {
            let absent = || Fault::invalid(term.value.source(), "is absent and has no default");
            let value = term.value.number(facts)?.or(term.default).ok_or_else(absent)?;
            let part = term.weight * value;
            sum += part;
            parts.push((part, term.reason.as_str()));
        }
        Ok((sum, reasons(parts)))
    }
}
