//! Which tickets a queue is for, and which ask for a skill.

use super::super::document::field;
use super::super::{Filter, Scanned};
use super::Looking;
use super::compare::negative;
use crate::rule::{Condition, Conditions};

impl Looking {
    /// Whether a ticket meets conditions of a queue or a skill.
    #[must_use]
    pub fn routed(&self, ticket: &Scanned<'_>, Conditions { all, any }: &Conditions) -> bool {
        let met = |it: &Condition| ticket.meets(&self.asked(it));
        all.iter().all(met) && (any.is_empty() || any.iter().any(met))
    }

    fn asked(&self, condition: &Condition) -> Filter {
        if condition.field != "subject_includes_word" {
            return self.condition(condition);
        }
        let value = condition.value.as_str().unwrap_or_default();
        let words = self.words(&[field::SUBJECT], condition, value);
        if negative(condition) { !words } else { words }
    }
}
