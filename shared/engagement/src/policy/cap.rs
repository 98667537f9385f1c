//! Frequency caps: at most so many messages in a rolling window, exactly.

use crate::window::Span;
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// At most `limit` in any `within`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// How many.
    pub limit: u16,
    /// In how long.
    pub within: Span,
}

/// When the last messages under a cap were claimed (milliseconds since 1970).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger(Vec<i64>);

impl Ledger {
    /// The ledger with one more claim at `now`; `None` when the cap forbids it.
    #[must_use]
    pub fn admit(&self, cap: Cap, now: Timestamp) -> Option<Self> {
        let now = now.as_millisecond();
        let from = now.saturating_sub(cap.within.millis());
        let mut recent: Vec<i64> = self.0.iter().copied().filter(|at| *at > from).collect();
        if recent.len() >= usize::from(cap.limit) {
            return None;
        }
        recent.push(now);
        Some(Self(recent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_rolls() {
        let cap = Cap { limit: 2, within: Span::try_from("1h".to_owned()).unwrap() };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let ledger = Ledger::default().admit(cap, at("2026-11-21T10:00:00Z")).unwrap();
        let ledger = ledger.admit(cap, at("2026-11-21T10:30:00Z")).unwrap();
        assert_eq!(ledger.admit(cap, at("2026-11-21T10:59:59Z")), None);
        assert!(ledger.admit(cap, at("2026-11-21T11:00:00Z")).is_some());
    }
}
