//! What turns a sum into a score.

/// The link of an objective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Link {
    /// The sum itself.
    Identity,
    /// 1 / (1 + e^(−k × sum)).
    Sigmoid(f64),
    /// The sum times its absolute value: LightGBM's `reg_sqrt` undone.
    Square,
}

impl Link {
    pub fn score(self, sum: f64) -> f64 {
        match self {
            Self::Identity => sum,
            Self::Sigmoid(k) => 1.0 / (1.0 + (-k * sum).exp()),
            Self::Square => sum * sum.abs(),
        }
    }
}
