//! Who watches the stages decide: a simulation, which tells afterwards what was decided and why.

use crate::score::Scored;
use crate::signal::Signal;

/// Is told what the stages decide on each signal, while they do. `()` does not listen: production.
pub trait Witness {
    /// A rule of the filter was judged: its condition, the reason that it refuses with, and whether it
    /// holds.
    fn ruled(&self, _signal: &Signal, _when: &str, _reason: &str, _holds: bool) {}

    /// The filter stopped the signal.
    fn stopped(&self, _signal: &Signal, _reason: &str) {}

    /// The signal was scored; it goes on only if that passes.
    fn scored(&self, _signal: &Signal, _scored: &Scored, _passes: bool) {}
}

impl Witness for () {}
