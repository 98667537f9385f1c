//! The port to an index of documents, one for each tenant.
//!
//! An index may lag behind the records: what it does not have yet is read from them ([`super::Finder`]). It says up to
//! when it has been fed, and which version of a record each of its documents is made of.

pub mod memory;

use super::order::Place;
use super::{Document, Filter, Kind, Sort};
use crate::store::Soon;
use ceap_kernel::{Fault, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Which document: that of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Of {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: u64,
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.as_str(), self.id)
    }
}

/// Which version of a record a document is made of: no two versions of a record have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(pub u64);

/// What is wanted of an index.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// What documents must meet.
    pub filter: &'a Filter,
    /// Those that are left out, whatever they meet.
    pub without: &'a BTreeSet<Of>,
    /// In which order.
    pub sort: &'a Sort,
    /// From the last to the first.
    pub backward: bool,
    /// The place behind which to begin, in the direction that is asked for.
    pub after: Option<&'a Place>,
    /// How many places at most; with none, only their number is wanted.
    pub most: usize,
}

/// What an index holds of what is wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hits {
    /// In the direction that was asked for.
    pub places: Vec<Place>,
    /// How many documents meet the filter, wherever they stand.
    pub count: u64,
}

/// Indexes, to be searched.
pub trait Index: Send + Sync {
    /// What a tenant's index holds now.
    fn open<'a>(&'a self, tenant: &'a TenantId) -> Soon<'a, Result<Box<dyn Opened>, Fault>>;
}

/// What an index held when it was opened, whatever becomes of it meanwhile.
pub trait Opened {
    /// When it was fed last: of what was written a while before that, everything is in it. `None` if it never was.
    fn fed_at(&self) -> Option<Timestamp>;

    /// The versions of these documents that it has; without those that it has none of.
    fn stamps<'a>(&'a self, of: &'a [Of]) -> Soon<'a, Result<BTreeMap<Of, Stamp>, Fault>>;

    /// What is wanted.
    fn find<'a>(&'a self, wanted: Wanted<'a>) -> Soon<'a, Result<Hits, Fault>>;
}

/// What becomes of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Which.
    pub of: Of,
    /// What it is now, made of this version of its record; `None` if it is no more.
    pub now: Option<(Document, Stamp)>,
}

/// Where changes come from, and up to where they go: what is told again, or by two at once, changes nothing then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub source: &'static str,
    /// Up to where in it. A step that goes no further than another before it does nothing.
    pub position: u64,
}

/// An index, to be written.
pub trait Writing {
    /// What it holds now.
    fn open(&self) -> Soon<'_, Result<Box<dyn Opened>, Fault>>;

    /// Up to where it holds what comes from a source.
    fn position<'a>(&'a self, source: &'a str) -> Soon<'a, Result<Option<u64>, Fault>>;

    /// Does all of these changes, or none; says whether it did.
    fn apply<'a>(&'a self, step: &'a Step, changes: Vec<Change>) -> Soon<'a, Result<bool, Fault>>;
}
