//! A provider's rate: a token bucket for each of its accounts.
//!
//! The bucket is kept as one number, the instant at which it will be full again (the *generic cell
//! rate algorithm*, ITU-T I.371 Annex A): taking a token moves it one interval on, and may not move
//! it further than the burst ahead of now. One number needs one conditional write and no read.

use ceap_kernel::{Fault, Timestamp};

/// At most `per_second` in the long run, and `burst` at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Tokens that come back in a second.
    pub per_second: f64,
    /// Tokens that fit.
    pub burst: u32,
}

impl Rate {
    /// The rate of a setting: 0 or less is none at all.
    #[must_use]
    pub fn per_second(per_second: f64) -> Option<Self> {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let burst = per_second.ceil().clamp(1.0, 1_000_000.0) as u32;
        (per_second.is_finite() && per_second > 0.0).then_some(Self { per_second, burst })
    }

    /// Microseconds that one token takes to come back.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)]
    pub fn interval_us(self) -> i64 {
        (1e6 / self.per_second).ceil().clamp(1.0, 1e15) as i64
    }

    /// Microseconds that a whole bucket takes to fill.
    #[must_use]
    pub fn window_us(self) -> i64 {
        self.interval_us().saturating_mul(i64::from(self.burst))
    }

    /// The bucket after one more token, or the microseconds to wait for one. `full_us` is when it
    /// will be full again, in microseconds since 1970, as is `now_us`.
    ///
    /// # Errors
    /// Not an error: the wait.
    pub fn take(self, full_us: i64, now_us: i64) -> Result<i64, i64> {
        let next = full_us.max(now_us).saturating_add(self.interval_us());
        let limit = now_us.saturating_add(self.window_us());
        if next <= limit { Ok(next) } else { Err(next.saturating_sub(limit)) }
    }
}

/// Keeps token buckets.
#[allow(async_fn_in_trait)]
pub trait Rates {
    /// Takes one token of the bucket `bucket`; if there is none, the seconds to wait for one.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled` from the store; a token may be lost then, never one too many taken.
    async fn take(&self, bucket: &str, rate: Rate, now: Timestamp) -> Result<Option<u32>, Fault>;
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let rate = Rate { per_second: 10.0, burst: 3 };
        let mut full = 0;
        for _ in 0..3 {
            full = rate.take(full, 1_000_000).unwrap();
        }
        assert_eq!(rate.take(full, 1_000_000), Err(100_000));
        assert!(rate.take(full, 1_100_000).is_ok());
    }

    proptest! {
        /// In any window of t seconds at most burst + t · rate are taken.
        #[test]
        fn never_more_than_the_rate(steps in prop::collection::vec(0_i64..400_000, 1..200)) {
            let rate = Rate { per_second: 7.0, burst: 5 };
            let (mut full, mut now, mut taken) = (0, 1_000_000_000_000_i64, Vec::new());
            for step in steps {
                now += step;
                if let Ok(next) = rate.take(full, now) {
                    full = next;
                    taken.push(now);
                }
            }
            for (n, from) in taken.iter().enumerate() {
                for (m, to) in taken.iter().enumerate().skip(n) {
                    let allowed = 5.0 + (to - from) as f64 / 1e6 * 7.0;
                    prop_assert!((m - n + 1) as f64 <= allowed + 1e-6);
                }
            }
        }
    }
}
