//! Two subjects turn out to be one: what both items hold, in one.

use super::stream::Older;
use super::{Series, Stream};
use crate::feature::StreamRule;
use crate::use_case::Plan;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Series {
    /// Takes in all that `other` holds, but for the signals that it owes: they are its own subject's.
    pub fn absorb(&mut self, other: &Self, plan: &Plan) {
        for (kind, entries) in &other.anchors {
            entries.iter().for_each(|entry| self.anchor(kind, entry.clone()));
        }
        for (id, stream) in &other.streams {
            if let Some((rule, _)) = plan.stream(*id) {
                Arc::make_mut(self.streams.entry(*id).or_default()).absorb(rule, stream);
            }
        }
        for (hour, keys) in &other.seen {
            self.seen.entry(*hour).or_default().extend(keys);
        }
        self.forget_repeats();
        for (kind, seen) in &other.events {
            self.tally(kind, seen);
        }
        self.newest = self.newest.max(other.newest);
        self.prune(plan, &BTreeSet::new());
    }
}

impl Stream {
    /// Takes in the events of another stream of the same rule. What one has summed up, the other must
    /// sum up too: both end where the later of their floors is.
    fn absorb(&mut self, rule: &StreamRule, other: &Self) {
        for (measure, older) in &other.older {
            let mine = self.older.entry(measure.clone());
            mine.or_insert_with(|| Older::none(measure.op)).merge(older);
        }
        let floor = self.floor.max(other.floor);
        let below = self.places.partition_point(|place| Some(*place) <= floor);
        for row in 0..below {
            if let Some((place, cells)) = self.row(row) {
                self.age(rule, place, &cells);
            }
        }
        self.forget(below);
        self.floor = floor;
        for (place, cells) in (0..other.rows()).filter_map(|row| other.row(row)) {
            self.insert(rule, place, &cells);
        }
    }
}
