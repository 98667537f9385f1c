//! A use case tried out: the stages of the pipeline themselves, over ports that keep everything in
//! memory and a clock that stands where the events are. [`simulate`] tells of each event and signal
//! what was decided and why; [`Replay`] runs a whole history through a document and counts.
//!
//! Nothing here can write: the only port to the outside is [`Stored`], which reads.

mod course;
mod funnel;
mod memory;
mod replay;
mod request;
mod sample;
mod simulate;
mod trace;
mod workbench;

pub use funnel::Funnel;
pub use replay::{Options, Outcome, Replay};
pub use request::{Channel, Request, Stored};
pub use sample::{MAX_SAMPLE, Sample};
pub use simulate::{Came, Seen, Simulated, simulate};
pub use trace::{
    Became, Decided, Message, Pass, Quarantined, Ruled, Stored as StoredCandidate, Tried, Why,
};
pub use workbench::Workbench;
