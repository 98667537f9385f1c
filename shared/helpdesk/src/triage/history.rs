//! What is known of somebody from the tickets that they opened before.

use crate::ticket::{Score, Status, Ticket};
use ceap_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// What is counted, of the last [`History::MOST`] tickets.
pub const FIELDS: [&str; 4] = ["tickets", "unsolved", "reopened", "bad_ratings"];

/// How it is compared.
pub const OPERATORS: [&str; 3] = ["less_than", "greater_than", "is"];

/// A ticket that somebody opened before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// When it was opened.
    pub created_at: Timestamp,
    /// Whether it is not solved yet.
    pub unsolved: bool,
    /// Whether it was ever reopened.
    pub reopened: bool,
    /// Whether they were not satisfied.
    pub bad: bool,
}

impl From<&Ticket> for Past {
    fn from(ticket: &Ticket) -> Self {
        Self {
            created_at: ticket.created_at,
            unsolved: ticket.status < Status::Solved,
            reopened: ticket.metrics.reopens > 0,
            bad: ticket.satisfaction_score == Some(Score::Bad),
        }
    }
}

/// The last tickets that somebody opened before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History(pub Vec<Past>);

/// What is asked of a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What is counted: one of [`FIELDS`].
    pub field: String,
    /// How it is compared: one of [`OPERATORS`].
    pub operator: String,
    /// With what.
    pub value: u32,
    /// Only tickets that were opened within so many days count, if that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_days: Option<u32>,
}

impl History {
    /// Tickets that are looked at, the last ones.
    pub const MOST: usize = 100;

    /// Whether it is as it is asked for.
    #[must_use]
    pub fn meets(&self, asked: &Asked, now: Timestamp) -> bool {
        let Some(count) = self.count(asked, now) else { return false };
        let value = usize::try_from(asked.value).unwrap_or(usize::MAX);
        match asked.operator.as_str() {
            "less_than" => count < value,
            "greater_than" => count > value,
            "is" => count == value,
            _ => false,
        }
    }

    fn count(&self, asked: &Asked, now: Timestamp) -> Option<usize> {
        let counts: fn(&Past) -> bool = match asked.field.as_str() {
            "tickets" => |_| true,
            "unsolved" => |it| it.unsolved,
            "reopened" => |it| it.reopened,
            "bad_ratings" => |it| it.bad,
            _ => return None,
        };
        let since = asked.within_days.map(|days| {
            now.as_second().saturating_sub(i64::from(days).saturating_mul(24 * 60 * 60))
        });
        let lately = |it: &&Past| since.is_none_or(|since| it.created_at.as_second() >= since);
        Some(self.0.iter().filter(lately).filter(|it| counts(it)).count())
    }
}
