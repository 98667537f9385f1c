//! How long a delayed judgement waits on the wall clock.

use crate::signal::Signal;
use ceap_kernel::{SignedDuration, Timestamp};

/// What was sent in the same breath must be in before a delayed judgement, even when its instant
/// has passed already.
const SETTLE: SignedDuration = SignedDuration::from_secs(60);

/// Turns an instant of judgement into one of the wall clock. `scale` is the demo's one setting:
/// at 0.005 an hour passes in 18 seconds. It changes how long is waited, never what is judged.
#[derive(Debug, Clone, Copy)]
pub struct Delays {
    scale: f64,
}

impl Default for Delays {
    fn default() -> Self {
        Self { scale: 1.0 }
    }
}

impl Delays {
    /// Waits `scale` times as long as asked; 1 outside of demos.
    #[must_use]
    pub fn scaled(scale: f64) -> Self {
        Self { scale: scale.clamp(0.0, 1.0) }
    }

    /// So long on the wall clock.
    #[must_use]
    pub fn time(self, time: SignedDuration) -> SignedDuration {
        SignedDuration::try_from_secs_f64(time.as_secs_f64() * self.scale).unwrap_or(time)
    }

    /// When to judge what happened `delay` before `due`, if it is `now`.
    #[must_use]
    pub fn wake(self, due: Timestamp, delay: SignedDuration, now: Timestamp) -> Timestamp {
        let ahead = due.duration_since(now).as_secs_f64() * self.scale;
        let settle = SETTLE.as_secs_f64().min(delay.as_secs_f64() * self.scale);
        let wait = SignedDuration::try_from_secs_f64(ahead.max(settle)).unwrap_or(delay);
        now.checked_add(wait).unwrap_or(due)
    }

    /// When a signal wakes that waits for its instant, if it is `now`: at a whole second, so that those
    /// of one second wake together.
    #[must_use]
    pub fn of(self, signal: &Signal, now: Timestamp) -> Option<Timestamp> {
        let wake = self.wake(signal.at, signal.waited(), now);
        Timestamp::from_second(wake.as_second().saturating_add(1)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_the_instant_and_at_least_for_the_rest_to_arrive() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let hour = SignedDuration::from_hours(1);
        let now = at("2026-11-21T12:00:00Z");
        let wake = |scale, due| Delays::scaled(scale).wake(at(due), hour, now);
        assert_eq!(wake(1.0, "2026-11-21T12:50:00Z"), at("2026-11-21T12:50:00Z"));
        assert_eq!(wake(1.0, "2026-11-21T09:00:00Z"), at("2026-11-21T12:01:00Z"));
        assert_eq!(wake(0.005, "2026-11-21T13:00:00Z"), at("2026-11-21T12:00:18Z"));
        assert_eq!(wake(0.005, "2026-11-21T09:00:00Z"), at("2026-11-21T12:00:18Z"));
    }
}
