//! The words that every other crate uses: typed ids, the clock, and the one error.

pub mod access;
mod clock;
mod digest;
mod fault;
mod ids;
mod tally;

pub use clock::{Clock, FixedClock, SystemClock};
pub use digest::{digest, hash64};
pub use fault::{Fault, Outcome};
pub use ids::{
    AffinityName, CandidateId, ErasureId, EventKey, ItemId, MessageId, ModelId, ObjectId, PollId,
    RunId, SignalId, SourceId, SubjectId, TenantId, UseCaseId,
};
pub use jiff::{SignedDuration, Timestamp};
pub use tally::{Labels, Metric, Tally};
