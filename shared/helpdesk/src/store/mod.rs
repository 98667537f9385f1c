//! The port to one table: items by key, ranges of a partition, and writes that happen all or not at all.
//!
//! It is as narrow as DynamoDB's API, so that what a route costs can be read off its calls. Everything it is asked is
//! asked for one tenant, which the adapter makes part of every key: no key that is written here can name another's.

mod key;
pub mod memory;

pub use key::Key;

use ceap_kernel::{Fault, TenantId, Timestamp};
use futures::future::LocalBoxFuture;

/// What is kept at a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Where.
    pub key: Key,
    /// A record, or what a unique name points to, as JSON.
    pub body: String,
    /// How often it was written.
    pub revision: u64,
}

/// A part of a partition, in the order of its sort keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The partition.
    pub partition: String,
    /// What the sort keys begin with.
    pub prefix: String,
    /// The sort key after which to begin, or before which when going backward.
    pub after: Option<String>,
    /// From the largest to the smallest.
    pub backward: bool,
    /// How many items at most.
    pub limit: usize,
}

impl Range {
    /// All of `partition`, from the smallest, at most `limit` items.
    #[must_use]
    pub fn of(partition: impl Into<String>, limit: usize) -> Self {
        let (partition, prefix) = (partition.into(), String::new());
        Self { partition, prefix, after: None, backward: false, limit }
    }

    /// The same, only with sort keys that begin with `prefix`.
    #[must_use]
    pub fn starting(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The same, beginning after a sort key.
    #[must_use]
    pub fn after(mut self, sort: Option<String>) -> Self {
        self.after = sort;
        self
    }

    /// The same, from the other end if so.
    #[must_use]
    pub fn backward(mut self, backward: bool) -> Self {
        self.backward = backward;
        self
    }
}

/// What a range held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// In the order that was asked for.
    pub items: Vec<Item>,
    /// Whether there is more behind the last.
    pub more: bool,
}

/// One of the writes of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Keeps `body` at `key`.
    Put {
        /// Where.
        key: Key,
        /// What.
        body: String,
        /// On what condition.
        expect: Expect,
        /// From when on it is no more.
        expires_at: Option<Timestamp>,
    },
    /// Takes away what is at `key`.
    Delete {
        /// Where.
        key: Key,
        /// On what condition.
        expect: Expect,
    },
    /// Writes nothing, but fails if `key` is not as expected.
    Check {
        /// Where.
        key: Key,
        /// On what condition.
        expect: Expect,
    },
    /// Adds to the number at `key`.
    Add {
        /// Where.
        key: Key,
        /// How much.
        by: i64,
    },
}

impl Write {
    /// The bytes of what it keeps.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        match self {
            Self::Put { body, .. } => body.len(),
            Self::Delete { .. } | Self::Check { .. } | Self::Add { .. } => 0,
        }
    }

    /// Where it writes.
    #[must_use]
    pub const fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. }
            | Self::Delete { key, .. }
            | Self::Check { key, .. }
            | Self::Add { key, .. } => key,
        }
    }
}

/// What must be at a key for a write to happen. What has expired is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Absent,
    /// Something.
    Present,
    /// What was written this often.
    Revision(u64),
    /// Whatever.
    Anything,
}

/// A commit that did not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The write at this index found something else than it expected.
    Unexpected(usize),
    /// The store could not.
    Fault(Fault),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Items of one commit (DynamoDB's limit of a transaction).
pub const MOST_WRITES: usize = 100;

/// Bytes that one item keeps: with its key and the rest of it below 400 KB (DynamoDB's limit of an item).
pub const MOST_BYTES: usize = 390_000;

/// Bytes that one commit keeps: below 4 MB (DynamoDB's limit of a transaction).
pub const MOST_AT_ONCE: usize = 3_900_000;

/// Refuses what no store can do at once.
///
/// # Errors
/// `Internal` when there are more than [`MOST_WRITES`], or two of them are to the same key.
pub fn sound(writes: &[Write]) -> Result<(), Fault> {
    if writes.len() > MOST_WRITES {
        return Err(Fault::Internal(format!("{} writes in one commit", writes.len())));
    }
    let mut keys: Vec<&Key> = writes.iter().map(Write::key).collect();
    keys.sort_unstable();
    match keys.array_windows().find(|[a, b]| a == b) {
        // The key may hold an address, so only its kind is told.
        Some([key, _]) => {
            let kind = key.partition.split('#').next().unwrap_or_default();
            Err(Fault::Internal(format!("two writes of one {kind}")))
        }
        None => Ok(()),
    }
}

/// What a call answers with, some time.
pub type Soon<'a, T> = LocalBoxFuture<'a, T>;

/// A table. Reads see every commit that was answered before they began.
pub trait Store {
    /// What is at these keys, in no particular order; keys with nothing are left out.
    ///
    /// Up to 100 keys are one call, and so is what is beyond, for all of which it waits once.
    fn get<'a>(
        &'a self,
        tenant: &'a TenantId,
        keys: &'a [Key],
    ) -> Soon<'a, Result<Vec<Item>, Fault>>;

    /// A range of a partition.
    fn range<'a>(
        &'a self,
        tenant: &'a TenantId,
        range: &'a Range,
    ) -> Soon<'a, Result<Found, Fault>>;

    /// How many items a range has, its limit aside.
    fn count<'a>(&'a self, tenant: &'a TenantId, range: &'a Range) -> Soon<'a, Result<u64, Fault>>;

    /// Does all of these writes, or none: at most [`MOST_WRITES`], each to another key.
    fn commit<'a>(
        &'a self,
        tenant: &'a TenantId,
        writes: &'a [Write],
    ) -> Soon<'a, Result<(), Failure>>;

    /// Adds to the number at `key`, which is 0 if nothing is there, and tells what it is then. Unlike everything else
    /// it may happen twice where an answer was lost: so only what may have gaps is counted so.
    fn add<'a>(
        &'a self,
        tenant: &'a TenantId,
        key: &'a Key,
        by: u64,
        expires_at: Option<Timestamp>,
    ) -> Soon<'a, Result<u64, Fault>>;
}
