//! Conditions on the hours since something happened, or until it will. Business hours are those of the schedule that counts
//! for a ticket ([`crate::schedule::Schedules`]); of an account that has none, calendar hours.

use super::super::Filter;
use super::super::document::{field, seconds};
use super::Looking;
use crate::rule::Condition;
use crate::schedule::Hours;
use ceap_kernel::Timestamp;
use std::ops::Bound::{Excluded, Included, Unbounded};

/// Seconds of an hour.
const HOUR: i64 = 3_600;

/// What time counts as, from now on or until now.
#[derive(Clone, Copy)]
struct Counting<'a> {
    now: Timestamp,
    /// The hours that count; none, if all do.
    hours: Option<&'a Hours>,
}

impl Looking {
    pub(super) fn hours(&self, condition: &Condition, value: &str) -> Filter {
        let Ok(count) = value.parse::<u32>() else { return Filter::nothing() };
        let operator = condition.operator.trim_end_matches("_business_hours");
        let by = |hours: Option<&Hours>| {
            Counting { now: self.now, hours }.met(&condition.field, operator, count)
        };
        let shares = self.schedules.shares();
        if operator.len() == condition.operator.len() || shares.is_empty() {
            return by(None);
        }
        let each = shares.into_iter().map(|(share, hours)| Filter::all([share, by(Some(hours))]));
        Filter::any(each)
    }
}

impl Counting<'_> {
    fn met(self, of: &str, operator: &str, hours: u32) -> Filter {
        let since = |name: &str| self.since(name, operator, hours);
        match of {
            "NEW" => since(field::CREATED),
            "OPEN" | "PENDING" | "HOLD" | "SOLVED" | "CLOSED" => {
                Filter::all([Filter::is(field::STATUS, of), since(field::STATUS_UPDATED)])
            }
            "assigned_at" => since(field::ASSIGNED),
            "updated_at" => since(field::UPDATED),
            "requester_updated_at" => since(field::REQUESTER_UPDATED),
            "assignee_updated_at" => since(field::ASSIGNEE_UPDATED),
            "due_date" => since(field::DUE),
            "until_due_date" => self.until(field::DUE, operator, hours),
            "sla_next_breach_at" => since(field::BREACHED),
            "until_sla_next_breach_at" => self.until(field::BREACH, operator, hours),
            _ => Filter::nothing(),
        }
    }

    /// The last moment from which so many seconds count until now.
    fn ago(self, passed: i64) -> Option<f64> {
        let all = || Timestamp::from_second(self.now.as_second().saturating_sub(passed)).ok();
        self.hours.map_or_else(all, |hours| hours.before(self.now, passed)).map(seconds)
    }

    /// The first moment until which so many seconds count from now.
    fn ahead(self, passing: i64) -> Option<f64> {
        let all = || Timestamp::from_second(self.now.as_second().saturating_add(passing)).ok();
        self.hours.map_or_else(all, |hours| hours.after(self.now, passing)).map(seconds)
    }

    /// What happened so many whole hours ago, fewer hours ago, or more.
    fn since(self, name: &str, operator: &str, hours: u32) -> Filter {
        let least = i64::from(hours).saturating_mul(HOUR);
        let nothing = Filter::nothing;
        match operator {
            "is" => self.ago(least).map_or_else(nothing, |last| {
                let before = self.ago(least.saturating_add(HOUR));
                Filter::number(name, (before.map_or(Unbounded, Excluded), Included(last)))
            }),
            "less_than" => {
                let before = self.ago(least).map_or(Unbounded, Excluded);
                Filter::number(name, (before, Included(seconds(self.now))))
            }
            "greater_than" => {
                let last = self.ago(least.saturating_add(1));
                last.map_or_else(nothing, |last| Filter::number(name, ..=last))
            }
            _ => nothing(),
        }
    }

    /// What will happen in so many whole hours, in fewer, or in more.
    fn until(self, name: &str, operator: &str, hours: u32) -> Filter {
        let least = i64::from(hours).saturating_mul(HOUR);
        let nothing = Filter::nothing;
        match operator {
            "is" => self.ahead(least).map_or_else(nothing, |first| {
                let behind = self.ahead(least.saturating_add(HOUR));
                Filter::number(name, (Included(first), behind.map_or(Unbounded, Excluded)))
            }),
            "less_than" => {
                let behind = self.ahead(least).map_or(Unbounded, Excluded);
                Filter::number(name, (Included(seconds(self.now)), behind))
            }
            "greater_than" => {
                let first = self.ahead(least.saturating_add(1));
                first.map_or_else(nothing, |first| Filter::number(name, first..))
            }
            _ => nothing(),
        }
    }
}
