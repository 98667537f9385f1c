//! Features of a new document, computed from what happened before it.

use super::Series;
use super::extent::extent;
use super::place;
use crate::event::Event;
use crate::feature::StreamId;
use crate::signal::event_facts;
use crate::use_case::Plan;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Series {
    /// Rebuilds `streams` from all of the subject's events that history knows, in any order and with
    /// repeats, and those that the item keeps one by one. What the item had summed up is left
    /// behind, since history has it, so that nothing counts twice. Nothing else changes: no event
    /// counts as seen, none triggers.
    ///
    /// Events between history's end and the oldest that the item keeps one by one are lost to it:
    /// history must reach that far, which a lake that lags by minutes does.
    pub fn backfill(&mut self, plan: &Plan, streams: &BTreeSet<StreamId>, history: &[Event]) {
        let newest = history.iter().map(|event| event.time.as_millisecond()).max();
        self.newest = self.newest.max(newest.unwrap_or_default());
        for id in streams {
            let Some((rule, delay)) = plan.stream(*id) else { continue };
            let matching = history.iter().filter(|event| event.kind == rule.kind).filter(|event| {
                rule.filter.is_none() || {
                    let facts = event_facts(&event.kind, &event.subject, event.time, &event.data);
                    rule.takes(&facts, &plan.settings_facts)
                }
            });
            let events = matching.filter(|event| rule.check(&event.data).is_ok()).map(|event| {
                let place = place(event.time.as_millisecond(), event.key());
                (place, rule.cells(&event.data))
            });
            let known = self.streams.entry(*id).or_default();
            *known = Arc::new(known.rebuilt(rule, events, &extent(self.newest, delay)));
        }
        self.prune(plan, &BTreeSet::new());
    }
}
