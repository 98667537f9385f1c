//! What documents are found by.

mod scan;

pub use scan::Scanned;

use super::Document;
use super::analysis::{canonical, phrases, plain};
use super::{Kind, Language, document::field};
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::ops::{Bound, RangeBounds};

/// Which documents are looked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Filter {
    /// Those that meet all of these: with none of them, every document.
    All(Vec<Filter>),
    /// Those that meet any of these: with none of them, no document.
    Any(Vec<Filter>),
    /// Those that do not meet this.
    Not(Box<Filter>),
    /// Those that have exactly this value in a field, in the form in which it is kept ([`canonical`]).
    Keyword {
        /// The field.
        field: String,
        /// The value.
        value: String,
    },
    /// Those that have a value in a field that begins so.
    Begins {
        /// The field.
        field: String,
        /// The beginning.
        prefix: String,
    },
    /// Those that have a number in a field that lies within bounds.
    Number {
        /// The field.
        field: String,
        /// From.
        from: Bound<f64>,
        /// To.
        to: Bound<f64>,
    },
    /// Those in whose text something is found, in any of these fields; what is sought does not go over from one field
    /// to another.
    Text {
        /// The fields.
        fields: Vec<String>,
        /// What is sought.
        seek: Seek,
    },
}

/// What is sought in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seek {
    /// Any of these sequences of terms, one after the other; a word is a sequence of one.
    Phrases(Vec<Vec<String>>),
    /// A word that begins so.
    Prefix(String),
}

impl Filter {
    /// Every document.
    #[must_use]
    pub const fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// No document.
    #[must_use]
    pub const fn nothing() -> Self {
        Self::Any(Vec::new())
    }

    /// Those that have a value in a field.
    #[must_use]
    pub fn is(name: &str, value: impl Display) -> Self {
        Self::Keyword { field: name.to_owned(), value: canonical(&value.to_string()) }
    }

    /// Those that have a value in a field that begins so.
    #[must_use]
    pub fn begins(name: &str, prefix: &str) -> Self {
        Self::Begins { field: name.to_owned(), prefix: canonical(prefix) }
    }

    /// Those that have any of these values in a field.
    #[must_use]
    pub fn is_any<V: Display>(name: &str, values: impl IntoIterator<Item = V>) -> Self {
        Self::any(values.into_iter().map(|value| Self::is(name, value)))
    }

    /// Those of a kind.
    #[must_use]
    pub fn kind(kind: Kind) -> Self {
        Self::is(field::TYPE, kind.as_str())
    }

    /// Those that have anything in a field.
    #[must_use]
    pub fn present(name: &str) -> Self {
        Self::is(field::PRESENT, name)
    }

    /// Those that have nothing in a field.
    #[must_use]
    pub fn absent(name: &str) -> Self {
        !Self::present(name)
    }

    /// Those whose number lies within a range.
    #[must_use]
    pub fn number(name: &str, range: impl RangeBounds<f64>) -> Self {
        let (from, to) = (range.start_bound().cloned(), range.end_bound().cloned());
        Self::Number { field: name.to_owned(), from, to }
    }

    /// Those in which the words of a text stand one after the other, in any form that they have in these languages;
    /// everything, if it has no words.
    #[must_use]
    pub fn phrase(fields: &[&str], text: &str, languages: &[Language]) -> Self {
        let phrases = phrases(text, languages);
        if phrases.is_empty() { Self::everything() } else { Self::phrases(fields, phrases) }
    }

    /// Those that have the words of one of these, one after the other in the same of these fields.
    #[must_use]
    pub fn phrases(fields: &[&str], phrases: Vec<Vec<String>>) -> Self {
        Self::Text { fields: owned(fields), seek: Seek::Phrases(phrases) }
    }

    /// Those that have words of which the last begins as the last word of a text does; everything, if it has no words.
    #[must_use]
    pub fn prefix(fields: &[&str], text: &str, languages: &[Language]) -> Self {
        let mut words = plain(text);
        let Some(last) = words.pop() else { return Self::everything() };
        let before = words.iter().map(|word| Self::phrase(fields, word, languages));
        let last = Self::Text { fields: owned(fields), seek: Seek::Prefix(last) };
        Self::all(before.chain([last]))
    }

    /// Those that meet all of these.
    #[must_use]
    pub fn all(filters: impl IntoIterator<Item = Self>) -> Self {
        let mut all: Vec<Self> = Vec::new();
        for filter in filters {
            match filter {
                Self::All(more) => all.extend(more),
                other => all.push(other),
            }
        }
        one(all, Self::All)
    }

    /// Those that meet any of these.
    #[must_use]
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        let mut any: Vec<Self> = Vec::new();
        for filter in filters {
            match filter {
                Self::Any(more) => any.extend(more),
                other => any.push(other),
            }
        }
        one(any, Self::Any)
    }

    /// Whether a document is among them: what every index has to agree with. Who asks several filters of one document
    /// makes a [`Scanned`] of it first.
    #[must_use]
    pub fn holds(&self, document: &Document) -> bool {
        Scanned::new(document).meets(self)
    }
}

impl std::ops::Not for Filter {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Not(it) => *it,
            other => Self::Not(Box::new(other)),
        }
    }
}

fn one(mut filters: Vec<Filter>, several: fn(Vec<Filter>) -> Filter) -> Filter {
    match (filters.len(), filters.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            filters.extend(last);
            several(filters)
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests;
