//! Whether a subject may have another candidate of a use case: cooldown, re-entry, and the history
//! that a filter may look at.

use crate::window::{MAX, Span};
use ceap_kernel::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Openings that are remembered of one use case, subject and key.
const MOST: usize = 100;

/// How often a subject and key may have a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reentry {
    /// So many candidates, from 1 to 100.
    #[schemars(range(min = 1, max = 100))]
    pub limit: u8,
    /// Within so long; without it, ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
}

/// What a use case says of another candidate, after one that has expired.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryRules {
    /// How long after a candidate opened there is no second one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Span>,
    /// How often there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reentry: Option<Reentry>,
    /// Whether the filter looks at the history.
    #[serde(default)]
    pub history: bool,
}

/// Why there is no other candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    /// The last one opened too short a time ago.
    Cooldown,
    /// There were enough.
    Reentry,
}

impl Bar {
    /// As the funnel counts it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cooldown => "cooldown",
            Self::Reentry => "reentry",
        }
    }
}

/// The candidates that a subject and key had of one use case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// When each opened, oldest first; the newest 100.
    pub opened: Vec<Timestamp>,
    /// Until when the newest lives.
    pub expires_at: Option<Timestamp>,
}

impl EntryRules {
    /// Whether openings must be remembered at all.
    #[must_use]
    pub fn remember(&self) -> bool {
        self.history || self.cooldown.is_some() || self.reentry.is_some()
    }

    /// Until when an opening at `at` must be remembered; none: for ever.
    #[must_use]
    pub fn until(&self, at: Timestamp) -> Option<Timestamp> {
        let ever = self.reentry.is_some_and(|reentry| reentry.within.is_none());
        let reentry = self.reentry.and_then(|reentry| reentry.within);
        let history = self.history.then_some(MAX);
        let spans = [self.cooldown, reentry].into_iter().flatten().map(Span::duration);
        let longest = spans.chain(history).max().unwrap_or_default();
        at.checked_add(longest).ok().filter(|_| !ever)
    }
}

impl History {
    /// Why there may be no candidate at `at`, if there may be none.
    #[must_use]
    pub fn bars(&self, rules: &EntryRules, at: Timestamp) -> Option<Bar> {
        let since = |span: Span| at.checked_sub(span.duration()).unwrap_or(Timestamp::MIN);
        if let (Some(cooldown), Some(last)) = (rules.cooldown, self.opened.last())
            && *last > since(cooldown)
        {
            return Some(Bar::Cooldown);
        }
        let reentry = rules.reentry?;
        let from = reentry.within.map_or(Timestamp::MIN, since);
        let count = self.opened.iter().filter(|opened| **opened > from).count();
        (count >= usize::from(reentry.limit)).then_some(Bar::Reentry)
    }

    /// With one more that opened at `at` and lives until `expires_at`.
    #[must_use]
    pub fn opening(mut self, at: Timestamp, expires_at: Timestamp) -> Self {
        let place = self.opened.partition_point(|opened| *opened <= at);
        self.opened.insert(place, at);
        let surplus = self.opened.len().saturating_sub(MOST);
        self.opened.drain(..surplus);
        self.expires_at = Some(expires_at);
        self
    }

    /// What a filter sees at `at` of the candidates before: `count`, and of the last one `last`
    /// (RFC 3339) and `since` (seconds), which are absent where there was none. One that is live at `at`
    /// is not before: the signal becomes part of it, or is it, held back meanwhile.
    #[must_use]
    pub fn facts(&self, at: Timestamp) -> Value {
        let mut known: Vec<Timestamp> =
            self.opened.iter().copied().filter(|opened| *opened <= at).collect();
        if self.expires_at.is_some_and(|expires| expires > at) {
            known.pop();
        }
        let mut facts = json!({"count": known.len()});
        if let (Some(last), Some(facts)) = (known.last(), facts.as_object_mut()) {
            facts.insert("last".to_owned(), json!(last.to_string()));
            facts.insert("since".to_owned(), json!(at.duration_since(*last).as_secs()));
        }
        facts
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn day(n: i64) -> Timestamp {
        Timestamp::from_second(n * 86_400).unwrap()
    }

    fn span(text: &str) -> Option<Span> {
        Some(Span::try_from(text.to_owned()).unwrap())
    }

    #[test]
    fn a_cooldown_ends() {
        let rules = EntryRules { cooldown: span("30d"), ..EntryRules::default() };
        let history = History::default().opening(day(0), day(1));
        assert_eq!(history.bars(&rules, day(29)), Some(Bar::Cooldown));
        assert_eq!(history.bars(&rules, day(30)), None);
        assert_eq!(rules.until(day(0)), Some(day(30)));
    }

    #[test]
    fn so_many_within_a_time_or_ever() {
        let twice = |within| EntryRules {
            reentry: Some(Reentry { limit: 2, within }),
            ..EntryRules::default()
        };
        let history = History::default().opening(day(0), day(1)).opening(day(10), day(11));
        assert_eq!(history.bars(&twice(span("100d")), day(50)), Some(Bar::Reentry));
        assert_eq!(history.bars(&twice(span("100d")), day(100)), None);
        assert_eq!(history.bars(&twice(None), day(5_000)), Some(Bar::Reentry));
        assert_eq!(twice(None).until(day(0)), None);
    }

    #[test]
    fn a_filter_sees_what_was_by_then() {
        let history = History::default().opening(day(0), day(1)).opening(day(10), day(11));
        let facts = history.facts(day(12));
        assert_eq!((&facts["count"], &facts["since"]), (&json!(2), &json!(2 * 86_400)));
        let while_one_lives = history.facts(day(10));
        assert_eq!(
            (&while_one_lives["count"], &while_one_lives["since"]),
            (&json!(1), &json!(10 * 86_400))
        );
        assert_eq!(History::default().facts(day(5)), json!({"count": 0}));
    }

    #[test]
    fn the_newest_hundred_are_remembered() {
        let history = (0..150).fold(History::default(), |it, n| it.opening(day(n), day(n)));
        assert_eq!((history.opened.len(), history.opened.first()), (100, Some(&day(50))));
    }
}
