//! Faults on demand: the n-th call of any port fails, or the process dies there, before or after
//! the call has its effect.

use std::collections::BTreeMap;

/// What happens at the call that is struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// It has no effect, and the caller is told so.
    FailBefore,
    /// It has its effect, but the answer is lost: the caller is told that it failed.
    FailAfter,
    /// The process dies before the call has its effect.
    DieBefore,
    /// The process dies after the call had its effect, before it learns of it.
    DieAfter,
}

impl Strike {
    pub const ALL: [Self; 4] = [Self::FailBefore, Self::FailAfter, Self::DieBefore, Self::DieAfter];
}

#[derive(Debug, Default)]
pub(crate) struct Chaos {
    /// Calls so far, by port and method.
    pub calls: BTreeMap<&'static str, usize>,
    count: usize,
    plan: BTreeMap<usize, Strike>,
    /// What was struck, in order.
    pub struck: Vec<(&'static str, Strike)>,
    /// After so many waits the process that waits dies.
    pub falls_after: Option<usize>,
    /// No call has an effect any more.
    pub dead: bool,
    /// Source of the interleaving; none: calls do not wait for each other.
    pub seed: Option<u64>,
}

impl Chaos {
    /// Strikes the `nth` call from now on (from 0).
    pub fn plan(&mut self, nth: usize, strike: Strike) {
        self.plan.insert(self.count + nth, strike);
    }

    /// Counts a call, and tells what happens at it.
    pub fn next(&mut self, call: &'static str) -> Option<Strike> {
        *self.calls.entry(call).or_default() += 1;
        let nth = self.count;
        self.count += 1;
        let strike = self.plan.remove(&nth)?;
        self.struck.push((call, strike));
        Some(strike)
    }

    /// Whether the process that waits now dies of it.
    pub fn falls(&mut self) -> bool {
        match self.falls_after {
            Some(0) => {
                self.falls_after = None;
                true
            }
            Some(more) => {
                self.falls_after = Some(more - 1);
                false
            }
            None => false,
        }
    }

    pub fn total(&self) -> usize {
        self.count
    }

    /// How many turns of the others a call waits (xorshift64*).
    pub fn turns(&mut self) -> u64 {
        let Some(seed) = &mut self.seed else { return 0 };
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        (*seed >> 32) % 5
    }
}
