//! Sums that do not depend on the order of what is summed.

use serde::{Deserialize, Serialize};

/// The exact sum of finite numbers of at most 1e200: floating-point numbers of which no two overlap,
/// smallest first. Its value is that sum rounded once. J. R. Shewchuk, "Adaptive Precision
/// Floating-Point Arithmetic and Fast Robust Geometric Predicates" (1997), §2.4 "grow expansion".
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ExactSum(Vec<f64>);

/// The sum of two numbers, and exactly what rounding took from it (Knuth's TwoSum).
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

impl ExactSum {
    /// Adds a number.
    pub fn add(&mut self, number: f64) {
        let mut carry = number;
        self.0.retain_mut(|part| {
            (carry, *part) = two_sum(carry, *part);
            *part != 0.0
        });
        if carry != 0.0 {
            self.0.push(carry);
        }
    }

    /// Adds the square of a number.
    pub fn add_square(&mut self, number: f64) {
        self.add_product(number, number);
    }

    /// Adds a product.
    pub fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.add(product);
        self.add(a.mul_add(b, -product));
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|part| self.add(*part));
    }

    /// The parts, which sum up to it.
    #[must_use]
    pub fn parts(&self) -> &[f64] {
        &self.0
    }

    /// The sum, rounded to the nearest number, ties to even.
    #[must_use]
    pub fn value(&self) -> f64 {
        let (mut sum, mut rest) = (0.0, 0.0);
        let mut parts = self.0.iter().rev();
        for part in parts.by_ref() {
            (sum, rest) = two_sum(sum, *part);
            if rest != 0.0 {
                break;
            }
        }
        // `rest` may be exactly half a unit of `sum`: then what is left decides.
        if let Some(next) = parts.next()
            && rest != 0.0
            && (rest < 0.0) == (*next < 0.0)
        {
            let twice = rest * 2.0;
            let rounded = sum + twice;
            if rounded - sum == twice {
                return rounded;
            }
        }
        sum
    }

    /// The same sum in the parts that it alone decides, so that equal sums are equal: the nearest
    /// number to it, the nearest to what is left, and so on.
    pub fn settle(&mut self) {
        let mut parts = Vec::with_capacity(self.0.len());
        loop {
            let part = self.value();
            if part == 0.0 || !part.is_finite() {
                break;
            }
            self.add(-part);
            parts.push(part);
        }
        parts.reverse();
        self.0 = parts;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_rational::BigRational;
    use num_traits::ToPrimitive;
    use proptest::prelude::*;

    fn sum(numbers: &[f64]) -> ExactSum {
        let mut sum = ExactSum::default();
        numbers.iter().for_each(|number| sum.add(*number));
        let value = sum.value();
        sum.settle();
        assert_eq!(sum.value(), value);
        sum
    }

    fn numbers() -> impl Strategy<Value = Vec<f64>> {
        let number = prop_oneof![
            -1e3..1e3,
            -1e100..1e100,
            -1e-100..1e-100,
            (-500_i32..500).prop_map(|cents| f64::from(cents) / 100.0),
            (-300_i32..330).prop_map(|power| 2_f64.powi(power)),
        ];
        proptest::collection::vec(number, 0..60)
    }

    #[test]
    fn what_rounding_would_lose_is_kept() {
        assert_eq!(sum(&[1e100, 1.0, -1e100]).value(), 1.0);
        assert_eq!(sum(&[0.1; 10]).value(), 1.0);
        assert_eq!(sum(&[1.0, f64::EPSILON / 2.0, 1e-40]).value(), 1.0 + f64::EPSILON);
        assert_eq!(sum(&[5.0, -5.0]), ExactSum::default());
    }

    proptest! {
        #[test]
        fn is_the_exact_sum(numbers in numbers()) {
            let exact: BigRational = numbers.iter().filter_map(|x| BigRational::from_float(*x)).sum();
            prop_assert_eq!(Some(sum(&numbers).value()), exact.to_f64());
        }

        #[test]
        fn no_order_and_no_grouping_matters(
            numbers in numbers().prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle())),
            cut in 0_usize..60,
        ) {
            let (one, other) = numbers;
            prop_assert_eq!(sum(&one), sum(&other));
            let (left, right) = other.split_at(cut.min(other.len()));
            let mut merged = sum(right);
            merged.merge(&sum(left));
            merged.settle();
            prop_assert_eq!(merged, sum(&one));
        }
    }
}
