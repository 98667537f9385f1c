//! Conditions on the account's own fields, and their order.

use super::super::document::{day, field};
use super::super::{Filter, Key};
use super::Looking;
use super::compare::{negative, several};
use crate::field::{Field, FieldType, TicketField};
use crate::ids::FieldId;
use crate::record::Kept;
use crate::rule::Condition;
use std::ops::Bound::{Excluded, Included, Unbounded};

impl Looking {
    fn field(&self, id: &str) -> Option<(&Kept<TicketField>, String)> {
        let id = FieldId::new(id.parse().ok()?)?;
        let of = self.fields.iter().find(|it| it.id == id)?;
        Some((of, field::of_ticket(id)))
    }

    pub(super) fn own_keys(&self, id: &str) -> Vec<Key> {
        let Some((of, name)) = self.field(id) else { return Vec::new() };
        match of.kind {
            FieldType::Date | FieldType::Integer | FieldType::Decimal => vec![Key::Number(name)],
            _ => vec![Key::Keyword(name)],
        }
    }

    pub(super) fn own(&self, id: &str, condition: &Condition) -> Filter {
        let of = self.field(id);
        of.map_or_else(Filter::nothing, |(of, name)| self.of_field(&of.field, &name, condition))
    }

    /// What meets a condition on a field, of tickets, people or organizations, that is kept under `name`.
    pub(crate) fn of_field(&self, of: &Field, name: &str, condition: &Condition) -> Filter {
        let value = condition.value.as_str().unwrap_or_default();
        match condition.operator.as_str() {
            "is" | "is_not" => {
                let is = if of.kind == FieldType::Checkbox && value == "false" {
                    Filter::absent(name)
                } else {
                    self.is(of, name, value)
                };
                if negative(condition) { !is } else { is }
            }
            "present" => Filter::present(name),
            "not_present" => Filter::absent(name),
            "includes" => Filter::is_any(name, several(&condition.value)),
            "not_includes" => !Filter::is_any(name, several(&condition.value)),
            "includes_string" => self.contains(name, value),
            "not_includes_string" => !self.contains(name, value),
            "within_previous_n_days" => self.within(name, value, -1),
            "within_next_n_days" => self.within(name, value, 1),
            operator => of_number(of, value).map_or_else(Filter::nothing, |number| {
                let range = match operator {
                    "less_than" => (Unbounded, Excluded(number)),
                    "less_than_equal" => (Unbounded, Included(number)),
                    "greater_than" => (Excluded(number), Unbounded),
                    "greater_than_equal" => (Included(number), Unbounded),
                    _ => return Filter::nothing(),
                };
                Filter::number(name, range)
            }),
        }
    }

    fn is(&self, of: &Field, name: &str, value: &str) -> Filter {
        if value.is_empty() {
            return Filter::absent(name);
        }
        // 5 is 5.0 too.
        match of_number(of, value) {
            Some(number) => Filter::number(name, number..=number),
            None => Filter::is(name, value),
        }
    }

    fn contains(&self, name: &str, value: &str) -> Filter {
        self.phrase(&[name], value)
    }

    /// Days of the last or the next so many, today among them.
    fn within(&self, name: &str, value: &str, direction: i64) -> Filter {
        let today = self.now.to_zoned(self.zone.clone()).date();
        let count = value.parse::<u32>().ok().map(|days| i64::from(days).saturating_mul(direction));
        let other =
            count.and_then(|days| today.checked_add(jiff::Span::new().try_days(days).ok()?).ok());
        let ends = other.and_then(|other| Some((day(today.min(other))?, day(today.max(other))?)));
        ends.map_or_else(Filter::nothing, |(from, to)| Filter::number(name, from..=to))
    }
}

/// A value of a field that holds a number or a day.
fn of_number(of: &Field, value: &str) -> Option<f64> {
    match of.kind {
        FieldType::Date => {
            let date = value.split(['T', ' ']).next().unwrap_or_default();
            day(date.parse().ok()?)
        }
        FieldType::Integer | FieldType::Decimal => {
            value.trim().parse().ok().filter(|it: &f64| it.is_finite())
        }
        _ => None,
    }
}
