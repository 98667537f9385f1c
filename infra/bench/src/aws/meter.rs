//! What was asked of AWS, and what it costs there in the services' own units.

use super::dynamodb::{Units, Used};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Calls of one operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Call {
    /// How many.
    pub count: u64,
    /// What they are billed as: requests, records or events, in the chunks that the service bills by.
    pub billed: u64,
    /// How many were refused, conditions that did not hold among them.
    pub refused: u64,
    /// Bytes of their bodies.
    pub sent: u64,
    /// Bytes of the answers' bodies.
    pub received: u64,
}

impl Call {
    fn add(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.billed = self.billed.saturating_add(other.billed);
        self.refused = self.refused.saturating_add(other.refused);
        self.sent = self.sent.saturating_add(other.sent);
        self.received = self.received.saturating_add(other.received);
    }
}

/// What was counted.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    /// Calls by service and operation.
    pub calls: BTreeMap<(String, String), Call>,
    /// Units of tables, by table and operation.
    pub units: BTreeMap<(String, String), Units>,
    /// The longest chain of calls each of which began after the one before had been answered.
    pub chain: u64,
    /// The operations of that chain, one after the other, with those that were asked at once.
    pub waits: Vec<BTreeSet<String>>,
    /// CPU time that answering took, which AWS has to bear and not the function.
    pub busy: Duration,
}

impl Meter {
    /// Calls of a service in all.
    #[must_use]
    pub fn calls_of(&self, service: &str) -> Call {
        let mut sum = Call::default();
        let of_service = self.calls.iter().filter(|((name, _), _)| name == service);
        of_service.for_each(|(_, call)| sum.add(*call));
        sum
    }

    /// Units of all tables.
    #[must_use]
    pub fn all_units(&self) -> Units {
        let mut sum = Units::default();
        self.units.values().for_each(|units| sum.add(*units));
        sum
    }

    /// Adds what was counted elsewhere; chains are of one invocation each, and are added up.
    pub fn add(&mut self, other: &Self) {
        for (key, call) in &other.calls {
            self.calls.entry(key.clone()).or_default().add(*call);
        }
        for (key, units) in &other.units {
            self.units.entry(key.clone()).or_default().add(*units);
        }
        self.chain = self.chain.saturating_add(other.chain);
        self.waits.extend(other.waits.iter().cloned());
        self.busy = self.busy.saturating_add(other.busy);
    }
}

/// A meter that runs.
#[derive(Debug, Clone, Default)]
pub struct Counting {
    meter: Meter,
    /// How far the longest chain had come when the meter was last taken, and how far it has come.
    from: u64,
    now: u64,
    /// What was asked, by how far the chain came with it.
    steps: BTreeMap<u64, BTreeSet<String>>,
}

impl Counting {
    pub fn sent(&self) -> u64 {
        self.now.saturating_add(1)
    }

    pub fn received(&mut self, sent: u64) {
        self.now = self.now.max(sent);
    }

    pub fn busy(&mut self, time: Duration) {
        self.meter.busy = self.meter.busy.saturating_add(time);
    }

    pub fn call(&mut self, service: &str, operation: &str, call: Call, used: Used) {
        let key = (service.to_owned(), operation.to_owned());
        self.meter.calls.entry(key).or_default().add(call);
        for (table, units) in used {
            self.meter.units.entry((table, operation.to_owned())).or_default().add(units);
        }
    }

    /// An operation that was sent at this point of the chain.
    pub fn waits(&mut self, sent: u64, operation: &str) {
        self.steps.entry(sent).or_default().insert(operation.to_owned());
    }

    pub fn take(&mut self) -> Meter {
        let chain = self.now.saturating_sub(self.from);
        self.from = self.now;
        let waits = std::mem::take(&mut self.steps).into_values().collect();
        Meter { chain, waits, ..std::mem::take(&mut self.meter) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_as_long_as_what_waits_for_each_other() {
        let mut counting = Counting::default();
        let (one, other) = (counting.sent(), counting.sent());
        counting.waits(one, "GetItem");
        counting.waits(other, "Query");
        counting.received(one);
        counting.received(other);
        let next = counting.sent();
        counting.waits(next, "PutItem");
        counting.received(next);
        let meter = counting.take();
        let waits = [BTreeSet::from(["GetItem", "Query"]), BTreeSet::from(["PutItem"])];
        assert_eq!(
            (meter.chain, meter.waits),
            (2, waits.map(|it| it.into_iter().map(str::to_owned).collect()).to_vec())
        );
        assert_eq!(counting.take().chain, 0);
    }
}
