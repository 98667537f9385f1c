//! How long something took.

use super::Hours;
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How long something took, in seconds. All that tells of times is made of these: metrics of tickets, what their clocks
/// say, and reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Took {
    /// By the calendar.
    pub calendar: i64,
    /// Within business hours; of an account without a schedule, the same.
    pub business: i64,
}

impl Took {
    /// From one moment to another; nothing, if that is not later. The hours are those that count, if not all do.
    #[must_use]
    pub fn between(hours: Option<&Hours>, from: Timestamp, to: Timestamp) -> Self {
        let calendar = to.as_second().saturating_sub(from.as_second()).max(0);
        let business = hours.map_or(calendar, |hours| hours.between(from, to));
        Self { calendar, business }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            calendar: self.calendar.saturating_add(other.calendar),
            business: self.business.saturating_add(other.business),
        }
    }

    /// What is left of it without another.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self {
            calendar: self.calendar.saturating_sub(other.calendar),
            business: self.business.saturating_sub(other.business),
        }
    }

    /// In whole minutes, as the API tells it.
    #[must_use]
    pub fn minutes(self) -> Value {
        json!({"calendar": self.calendar.div_euclid(60), "business": self.business.div_euclid(60)})
    }
}
