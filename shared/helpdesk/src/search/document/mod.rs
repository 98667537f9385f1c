//! What is searched of a record.

pub mod field;
mod own;
mod people;
mod ticket;

pub use people::{group, organization, user};
pub use ticket::{Beside, SATISFACTION, of_organization, of_requester, ticket};

use super::Language;
use super::analysis::{canonical, each_token};
use ceap_kernel::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// Characters of an exact value: whoever looks for longer text looks for its words.
const LONGEST: usize = 256;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// What is found.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum Kind { $($(#[$doc])* $name),+ }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its word in queries (`type:ticket`) and in results (`result_type`).
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// The kind of this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name { $($word => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

kinds! {
    /// A ticket with its comments.
    Ticket = "ticket",
    /// A person.
    User = "user",
    /// An organization.
    Organization = "organization",
    /// A group of agents.
    Group = "group",
}

/// What is searched of a record. It holds only what the record itself says, and, of a ticket, what its comments,
/// its requester and its organization do: names of agents, groups, brands, forms and options are looked up when a query
/// is read, so that nothing has to be written anew when they change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// What it is.
    pub kind: Kind,
    /// Its id, which is unique among those of its kind.
    pub id: u64,
    /// The language of its texts.
    pub language: Option<Language>,
    /// Exact values by field, in the form in which they are compared ([`canonical`]). The field
    /// [`field::PRESENT`] has the names of all fields that hold anything.
    pub keywords: BTreeMap<String, BTreeSet<String>>,
    /// Numbers by field: times are seconds since 1970, days their beginning in UTC, words that have an order their
    /// rank.
    pub numbers: BTreeMap<String, f64>,
    /// Texts by field, in their order.
    pub texts: BTreeMap<String, Vec<String>>,
}

impl Document {
    /// One of which nothing is known yet but what it is.
    #[must_use]
    pub fn new(kind: Kind, id: u64) -> Self {
        let mut document = Self::unseen(kind, id);
        document.keyword(field::TYPE, kind.as_str());
        document.keyword(field::ID, id);
        document.number(field::ID, as_number(id));
        document
    }

    /// One that nobody finds, of somebody who was deleted: it holds nothing.
    #[must_use]
    pub fn unseen(kind: Kind, id: u64) -> Self {
        Self {
            kind,
            id,
            language: None,
            keywords: BTreeMap::new(),
            numbers: BTreeMap::new(),
            texts: BTreeMap::new(),
        }
    }

    /// Takes the words of a field as they are kept, each with its place ([`each_token`]).
    pub fn each_token(&self, field: &str, take: impl FnMut(u32, &str)) {
        let texts = self.texts.get(field).into_iter().flatten();
        each_token(texts.map(String::as_str), self.language, take);
    }

    /// Bytes of what it holds, about.
    #[must_use]
    pub fn weight(&self) -> usize {
        let texts = self.texts.values().flatten().map(String::len);
        let keywords = self.keywords.values().flatten().map(String::len);
        texts.chain(keywords).fold(1_024, usize::saturating_add)
    }

    /// One more value. What is longer than a value may be is none.
    pub(crate) fn keyword(&mut self, field: &str, value: impl Display) {
        let value = canonical(&value.to_string());
        if !value.is_empty() && value.chars().count() <= LONGEST {
            self.has(field);
            self.keywords.entry(field.to_owned()).or_default().insert(value);
        }
    }

    /// More values.
    pub(super) fn keywords<V: Display>(
        &mut self,
        field: &str,
        values: impl IntoIterator<Item = V>,
    ) {
        values.into_iter().for_each(|value| self.keyword(field, value));
    }

    /// A number.
    pub(crate) fn number(&mut self, field: &str, number: f64) {
        if number.is_finite() {
            self.has(field);
            // There is one zero.
            self.numbers.insert(field.to_owned(), number + 0.0);
        }
    }

    /// A time, if there is one.
    pub(super) fn time(&mut self, field: &str, at: impl Into<Option<Timestamp>>) {
        if let Some(at) = at.into() {
            self.number(field, seconds(at));
        }
    }

    /// One more text, if there is any.
    pub(crate) fn text(&mut self, field: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            self.has(field);
            self.texts.entry(field.to_owned()).or_default().push(text.to_owned());
        }
    }

    /// Tags: as they are, and as text.
    pub(super) fn tags(&mut self, tags: &BTreeSet<String>) {
        for tag in tags {
            self.keyword(field::TAGS, tag);
            self.text(field::TAGS, Some(tag));
        }
    }

    fn has(&mut self, field: &str) {
        self.keywords.entry(field::PRESENT.to_owned()).or_default().insert(field.to_owned());
    }
}

/// A time as a number.
#[must_use]
pub fn seconds(at: Timestamp) -> f64 {
    // Seconds of the years that there may be fit in 38 bits.
    at.as_second() as f64
}

/// A day as a number: its beginning in UTC, whatever time it is anywhere.
#[must_use]
pub fn day(day: Date) -> Option<f64> {
    Some(seconds(day.to_zoned(TimeZone::UTC).ok()?.timestamp()))
}

/// An id as a number.
#[must_use]
pub fn as_number(id: u64) -> f64 {
    // Ids fit in 53 bits.
    id as f64
}

/// The rank of a word that has an order among others, counted from 1.
#[must_use]
pub fn rank<T: PartialEq>(all: &[T], one: &T) -> f64 {
    let place = all.iter().position(|it| it == one).map_or(0, |at| at.saturating_add(1));
    f64::from(u32::try_from(place).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
