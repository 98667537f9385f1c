//! The stages, each a function over its ports: accept → ingest → filter → score → store → deliver
//! → send.

pub mod accept;
pub mod aftermath;
pub mod convert;
pub mod delay;
pub mod deliver;
pub mod fan_out;
pub mod filter;
mod fold;
pub mod follow;
pub mod gates;
pub mod ingest;
pub mod judge;
pub mod merge;
mod owed;
pub mod receive;
pub mod recommend;
pub mod request;
mod round;
pub mod score;
pub mod send;
pub mod store;
mod wait;
pub mod witness;

use crate::candidate::{Candidate, ScoredSignal};
use crate::signal::{Detected, Signal};
use ceap_kernel::Trace;

/// What one stage hands on to the next.
pub trait Portion {
    /// How many it holds.
    fn size(&self) -> usize;

    /// The traces that go on in it.
    fn traces(&self) -> Vec<&Trace>;
}

fn of<'a>(signals: impl Iterator<Item = &'a Signal>) -> Vec<&'a Trace> {
    signals.filter_map(|it| it.trace.as_ref()).collect()
}

impl Portion for Detected {
    fn size(&self) -> usize {
        self.signals.len()
    }

    fn traces(&self) -> Vec<&Trace> {
        of(self.signals.iter())
    }
}

impl Portion for score::ScoredBatch {
    fn size(&self) -> usize {
        self.signals.len()
    }

    fn traces(&self) -> Vec<&Trace> {
        of(self.signals.iter().map(|ScoredSignal { signal, .. }| signal))
    }
}

impl Portion for store::Candidates {
    fn size(&self) -> usize {
        self.candidates.len()
    }

    fn traces(&self) -> Vec<&Trace> {
        of(self.candidates.iter().map(|Candidate { signal, .. }| signal))
    }
}

impl Portion for deliver::Delivered {
    fn size(&self) -> usize {
        self.messages
    }

    fn traces(&self) -> Vec<&Trace> {
        Vec::new()
    }
}
