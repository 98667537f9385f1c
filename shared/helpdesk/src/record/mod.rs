//! What all records have in common: a place, an id, names that only one may have, and lists that they stand on.

pub mod changes;
mod feed;
mod kept;
mod known;
pub mod places;
pub mod told;

pub use changes::Changes;
pub use feed::{Fed, Feed};
pub use kept::Kept;
pub(crate) use known::Known;
pub use told::Told;

use crate::store::Key;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// In keys.
    pub name: &'static str,
    /// What one is called in the API.
    pub singular: &'static str,
    /// What several are called in the API.
    pub plural: &'static str,
    /// Where they are kept.
    pub home: Home,
}

/// Where records of a kind are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// With all else that an account is set up with, which every request that needs it reads whole, once it changed.
    Account,
    /// By themselves, for there may be many: counted, and listed by id.
    Many,
    /// By themselves; a list of them is read whole.
    Few,
}

/// A record.
pub trait Record: Clone + Serialize + DeserializeOwned {
    /// What it is.
    const KIND: Kind;

    /// Whether the list of all of its kind leaves some out; see [`Self::hidden`].
    const HIDES: bool = false;

    /// Its number.
    fn id(&self) -> u64;

    /// Whether it is neither counted nor listed among all of its kind, though it is still found by its id: somebody
    /// who was deleted. Only of kinds of which there are many.
    fn hidden(&self) -> bool {
        false
    }

    /// What the account's log of changes tells of it, if anything.
    fn told(&self) -> Option<Told> {
        Told::usual(self)
    }

    /// What no two records have alike.
    fn uniques(&self) -> Vec<Unique> {
        Vec::new()
    }

    /// The lists that it stands on.
    fn links(&self) -> Vec<Link> {
        Vec::new()
    }

    /// If it is searched: its place among all that changed, by the time at which it was written, which search is fed by.
    fn feed(&self) -> Option<Feed> {
        None
    }

    /// From when on it is no more, if that is known. Only of kinds of which there are few, that nobody counts.
    fn expires_at(&self) -> Option<ceap_kernel::Timestamp> {
        None
    }

    /// Numbers that it is one of, beside that of its kind: kept with every change of it. They may be many.
    fn tallies(&self) -> Vec<Key> {
        Vec::new()
    }

    /// What of it belongs to what the account is set up with: kept there too, whenever it changes.
    fn shadow(&self) -> Option<Shadow> {
        None
    }
}

/// A part of a record that is kept a second time, in another place.
#[derive(Debug, Clone, PartialEq)]
pub struct Shadow {
    /// Where.
    pub key: Key,
    /// What.
    pub value: Value,
}

/// What only one record may have, by which it is found.
#[derive(Debug, Clone, PartialEq)]
pub struct Unique {
    /// Of what: `user.email`.
    pub of: &'static str,
    /// The value, in the form in which it is compared.
    pub value: String,
    /// What who looks it up learns.
    pub holds: Value,
    /// The field and the words with which a second one is refused.
    pub taken: (&'static str, String),
}

/// A place on a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The list: `requester/35/tickets`.
    pub list: String,
    /// Where on it; ends in the record's id.
    pub rank: String,
}

impl Link {
    /// On `list`, by id.
    #[must_use]
    pub fn by_id(list: impl Into<String>, id: u64) -> Self {
        Self { list: list.into(), rank: places::rank(id) }
    }

    /// On `list`, by time, then by id.
    #[must_use]
    pub fn by_time(list: impl Into<String>, at: ceap_kernel::Timestamp, id: u64) -> Self {
        Self { list: list.into(), rank: places::timed(at, id) }
    }

    /// Where it is kept.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::new(places::list(&self.list), &*self.rank)
    }
}

impl Unique {
    /// Where it is kept.
    #[must_use]
    pub fn key(&self) -> Key {
        places::unique(self.of, &self.value)
    }
}
