//! The port to a lease: whose turn it is to write, so that two writers don't do the same work.
//!
//! Nothing is right or wrong because of it. A writer whose lease ran out while it wrote loses at most its work, for what
//! it writes over then has changed under it.

use crate::Timestamp;
use crate::blobs::Soon;
use std::time::Duration;

/// A lease that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What for.
    pub name: String,
    /// What only its holder knows: renewing and releasing take it.
    pub token: String,
    /// When it runs out.
    pub until: Timestamp,
}

/// What trying to take a lease led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is the caller's.
    Mine(Held),
    /// It is another's, until then unless it is renewed.
    Other(Timestamp),
}

/// Leases by name, each one item that is written on a condition.
pub trait Lease: Send + Sync {
    /// Takes the lease `name` from `now` on for as long as `term`, if nobody holds it then.
    fn take<'a>(&'a self, name: &'a str, now: Timestamp, term: Duration) -> Soon<'a, Taken>;

    /// Holds it from `now` on for as long as `term`; `Conflict` if another took it meanwhile.
    fn renew<'a>(&'a self, held: &'a Held, now: Timestamp, term: Duration) -> Soon<'a, Held>;

    /// Gives it back. It is no error if another took it meanwhile.
    fn release<'a>(&'a self, held: &'a Held) -> Soon<'a, ()>;
}
