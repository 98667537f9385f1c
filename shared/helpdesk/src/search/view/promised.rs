//! Which tickets a policy of service levels is for.

use super::super::document::{field, seconds};
use super::super::query::numbered;
use super::super::{Filter, Scanned};
use super::Looking;
use super::compare::negative;
use crate::record::Kept;
use crate::rule::{Condition, Conditions, SlaPolicy};
use crate::ticket::Kind as Type;
use ceap_kernel::Timestamp;
use std::ops::Bound::{Excluded, Included, Unbounded};

impl Looking {
    /// The policy that is for a ticket: the first whose conditions it meets. `channel` is by what way its update came.
    #[must_use]
    pub fn policy<'p>(
        &self,
        ticket: &Scanned<'_>,
        channel: &str,
        policies: &'p [Kept<SlaPolicy>],
    ) -> Option<&'p SlaPolicy> {
        let met = |it: &Condition| ticket.meets(&self.promised(it, channel));
        let fits = |Conditions { all, any }: &Conditions| {
            all.iter().all(met) && (any.is_empty() || any.iter().any(met))
        };
        let fitting = policies.iter().filter(|it| fits(&it.filter));
        fitting.min_by_key(|it| (it.head.position, it.head.id)).map(|it| &it.record)
    }

    fn promised(&self, condition: &Condition, channel: &str) -> Filter {
        let value = condition.value.as_str().unwrap_or_default();
        let met = |filter: Filter| if negative(condition) { !filter } else { filter };
        let constant = |met: bool| if met { Filter::everything() } else { Filter::nothing() };
        match condition.field.as_str() {
            "current_via_id" => {
                let channels = value.parse().map(numbered).unwrap_or_default();
                met(constant(channels.iter().any(|it| *it == channel)))
            }
            "ticket_type_id" => {
                let at = value.parse::<usize>().ok().and_then(|it| it.checked_sub(1));
                let word = at.and_then(|at| Type::ALL.get(at)).map(|it| it.as_str());
                met(word.map_or_else(Filter::nothing, |it| Filter::is(field::TICKET_TYPE, it)))
            }
            "exact_created_at" => {
                let Ok(at) = value.parse::<Timestamp>() else { return Filter::nothing() };
                let at = seconds(at);
                let range = match condition.operator.as_str() {
                    "less_than" => (Unbounded, Excluded(at)),
                    "less_than_equal" => (Unbounded, Included(at)),
                    "greater_than" => (Excluded(at), Unbounded),
                    _ => (Included(at), Unbounded),
                };
                Filter::number(field::CREATED, range)
            }
            _ => self.condition(condition),
        }
    }
}
