//! The words that every other crate uses: typed ids, the clock, the one error, and the ports that
//! more than one domain writes its own files and leases through.

pub mod access;
pub mod blobs;
mod clock;
mod digest;
mod fault;
mod ids;
pub mod lease;
mod metric;
pub mod quota;
mod tally;
mod telling;
mod trace;

pub use clock::{Clock, FixedClock, SystemClock};
pub use digest::{digest, hash64};
pub use fault::{Fault, Outcome};
pub use ids::{
    AffinityName, CandidateId, ErasureId, EventKey, ItemId, MessageId, ModelId, ObjectId, PollId,
    RunId, SignalId, SourceId, SubjectId, TenantId, UseCaseId,
};
pub use jiff::{SignedDuration, Timestamp};
pub use metric::{Metric, Unit};
pub use tally::{Labels, Tally};
pub use telling::telling;
pub use trace::Trace;
