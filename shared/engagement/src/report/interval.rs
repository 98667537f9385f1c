//! How sure a difference of two rates is.

use schemars::JsonSchema;
use serde::Serialize;

/// The 97.5 % quantile of the standard normal distribution, for two-sided intervals of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// Successes out of trials.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ReportShare")]
pub struct Share {
    /// Subjects compared.
    pub subjects: u64,
    /// Those of them that reached the goal.
    pub conversions: u64,
}

impl Share {
    /// The rate; none of nothing.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // of counts far below 2^53
    pub fn rate(self) -> Option<f64> {
        (self.subjects > 0).then(|| self.conversions as f64 / self.subjects as f64)
    }

    /// Wilson's score interval of 95 % for the rate, without continuity correction: E. B. Wilson,
    /// "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209–212.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // of counts far below 2^53
    pub fn interval(self) -> Option<(f64, f64)> {
        let (rate, n) = (self.rate()?, self.subjects as f64);
        let square = Z * Z;
        let centre = (rate + square / (2.0 * n)) / (1.0 + square / n);
        let spread = rate * (1.0 - rate) / n + square / (4.0 * n * n);
        let half = Z * spread.sqrt() / (1.0 + square / n);
        Some(((centre - half).max(0.0), (centre + half).min(1.0)))
    }
}

/// The difference of two rates, with its interval of 95 %: none when either is of nothing.
///
/// Newcombe's hybrid score interval, method 10 in R. G. Newcombe, "Interval estimation for the difference
/// between independent proportions: comparison of eleven methods", Statistics in Medicine 17 (1998),
/// 873–890. Unlike Wald's it holds for small numbers and rates near 0.
#[must_use]
pub fn difference(one: Share, other: Share) -> Option<(f64, [f64; 2])> {
    let (p, q) = (one.rate()?, other.rate()?);
    let ((p_low, p_high), (q_low, q_high)) = (one.interval()?, other.interval()?);
    let low = p - q - ((p - p_low).powi(2) + (q_high - q).powi(2)).sqrt();
    let high = p - q + ((p_high - p).powi(2) + (q - q_low).powi(2)).sqrt();
    Some((p - q, [low.max(-1.0), high.min(1.0)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(conversions: u64, subjects: u64) -> Share {
        Share { subjects, conversions }
    }

    /// Table II of Newcombe's paper, method 10, to the four decimals that it prints.
    #[test]
    fn the_published_examples() {
        let table = [
            ((56, 70), (48, 80), (0.0524, 0.3339)),
            ((9, 10), (3, 10), (0.1705, 0.8090)),
            ((6, 7), (2, 7), (0.0582, 0.8062)),
            ((5, 56), (0, 29), (-0.0381, 0.1926)),
            ((0, 10), (0, 20), (-0.1611, 0.2775)),
            ((0, 10), (0, 10), (-0.2775, 0.2775)),
            ((10, 10), (0, 20), (0.6791, 1.0)),
            ((10, 10), (0, 10), (0.6075, 1.0)),
        ];
        for ((a, m), (b, n), (low, high)) in table {
            let (_, found) = difference(share(a, m), share(b, n)).unwrap();
            assert!((found[0] - low).abs() < 6e-5 && (found[1] - high).abs() < 6e-5, "{found:?}");
        }
    }

    #[test]
    fn of_nothing_there_is_none() {
        assert_eq!(difference(share(0, 0), share(1, 2)), None);
        assert_eq!(difference(share(1, 2), share(0, 0)), None);
        assert_eq!((share(0, 0).rate(), share(0, 0).interval()), (None, None));
    }
}
