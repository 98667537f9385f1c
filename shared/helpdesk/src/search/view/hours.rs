//! Conditions on the hours since something happened, or until it will. Until an account has a schedule, business hours
//! are calendar hours.

use super::super::Filter;
use super::super::document::{field, seconds};
use super::Looking;
use crate::rule::Condition;
use std::ops::Bound::{Excluded, Included};

/// Seconds of an hour.
const HOUR: f64 = 3_600.0;

impl Looking {
    pub(super) fn hours(&self, condition: &Condition, value: &str) -> Filter {
        let Ok(hours) = value.parse::<u32>() else { return Filter::nothing() };
        let operator = condition.operator.trim_end_matches("_business_hours");
        let since = |name: &str| self.since(name, operator, hours);
        match condition.field.as_str() {
            "NEW" => since(field::CREATED),
            "OPEN" | "PENDING" | "HOLD" | "SOLVED" | "CLOSED" => {
                let stands = Filter::is(field::STATUS, &condition.field);
                Filter::all([stands, since(field::STATUS_UPDATED)])
            }
            "assigned_at" => since(field::ASSIGNED),
            "updated_at" => since(field::UPDATED),
            "requester_updated_at" => since(field::REQUESTER_UPDATED),
            "assignee_updated_at" => since(field::ASSIGNEE_UPDATED),
            "due_date" => since(field::DUE),
            "until_due_date" => self.until(field::DUE, operator, hours),
            // Nothing is known of breaches until service levels are measured.
            _ => Filter::nothing(),
        }
    }

    /// What happened so many whole hours ago, fewer hours ago, or more.
    fn since(&self, name: &str, operator: &str, hours: u32) -> Filter {
        let now = seconds(self.now);
        let at = now - f64::from(hours) * HOUR;
        match operator {
            "is" => Filter::number(name, (Excluded(at - HOUR), Included(at))),
            "less_than" => Filter::number(name, (Excluded(at), Included(now))),
            "greater_than" => Filter::number(name, ..at),
            _ => Filter::nothing(),
        }
    }

    /// What will happen in so many whole hours, in fewer, or in more.
    fn until(&self, name: &str, operator: &str, hours: u32) -> Filter {
        let now = seconds(self.now);
        let at = now + f64::from(hours) * HOUR;
        match operator {
            "is" => Filter::number(name, at..at + HOUR),
            "less_than" => Filter::number(name, now..at),
            "greater_than" => Filter::number(name, (Excluded(at), std::ops::Bound::Unbounded)),
            _ => Filter::nothing(),
        }
    }
}
