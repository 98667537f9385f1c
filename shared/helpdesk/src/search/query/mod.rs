//! Zendesk's search language
//! ([search reference](https://support.zendesk.com/hc/en-us/articles/4408886879258),
//! [searching tickets](https://support.zendesk.com/hc/en-us/articles/4408882086298),
//! [searching people](https://support.zendesk.com/hc/en-us/articles/4408883318554)).
//!
//! A text is read into a [`Query`] by what can be told from it alone, and resolved against what the account has: names
//! into ids, `me` into who asks, `4hours` into a time.

mod own;
mod parse;
mod property;
mod resolve;
mod time;
mod value;
mod via;
#[cfg(test)]
mod world;

pub use property::Property;
pub use resolve::{Names, Sought, sort};
pub use via::{channels, numbered};

use super::document::field;
use super::{Filter, Kind, Language};
use std::collections::BTreeSet;
use std::fmt;

/// Words of a query at most (Zendesk's limit).
pub const MOST: usize = 64;

/// What somebody searches for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Its parts, in their order.
    pub clauses: Vec<Clause>,
}

/// A part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Where it begins: characters before it.
    pub at: usize,
    /// Whether it is what must not be.
    pub negated: bool,
    /// What must be.
    pub what: What,
}

/// What a part of a query asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A word or a phrase, anywhere.
    Text(Term),
    /// A property. If there is none of this name, it is a word with signs in it, such as `https://example.com`.
    Property {
        /// Its name.
        name: String,
        /// How it is compared.
        operator: Operator,
        /// With what.
        value: Term,
    },
}

/// A word, a phrase or a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Where it begins: characters before it.
    pub at: usize,
    /// What it is, without its quotes.
    pub text: String,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

/// How a property is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
    /// `:`
    Is,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Operator {
    /// Its sign.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Is => ":",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }
}

/// Why a query cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Where: characters before the place.
    pub at: usize,
    /// What is wrong there.
    pub message: String,
}

impl Malformed {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invalid search: {} at character {}", self.message, self.at.saturating_add(1))
    }
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// If a quote is not closed, or there are too many words.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        parse::query(text)
    }

    /// The names of people that it asks for, to be looked up before it is resolved: see [`person`].
    #[must_use]
    pub fn people(&self) -> BTreeSet<&str> {
        self.named(Property::is_person)
    }

    /// The names of organizations that it asks for, to be looked up before it is resolved: see [`organization`].
    #[must_use]
    pub fn organizations(&self) -> BTreeSet<&str> {
        self.named(|property| property == Property::Organization)
    }

    /// The kinds of which it can find anything.
    #[must_use]
    pub fn kinds(&self) -> BTreeSet<Kind> {
        let typed = self.clauses.iter().filter_map(|clause| match &clause.what {
            What::Property { name, operator: Operator::Is, value } if !clause.negated => {
                (Property::named(name) == Some(Property::Type)).then_some(value)
            }
            What::Property { .. } | What::Text(_) => None,
        });
        let typed: Vec<Option<Kind>> =
            typed.map(|value| Kind::named(&value.text.to_lowercase())).collect();
        if typed.is_empty() {
            return Kind::ALL.iter().copied().collect();
        }
        typed.into_iter().flatten().collect()
    }

    fn named(&self, fits: impl Fn(Property) -> bool) -> BTreeSet<&str> {
        let values = self.clauses.iter().filter_map(|clause| match &clause.what {
            What::Property { name, value, .. } => {
                let fits = Property::named(name).is_some_and(&fits);
                fits.then_some(value.text.as_str())
            }
            What::Text(_) => None,
        });
        let is_name =
            |text: &&str| !["me", "none", "*"].iter().any(|word| text.eq_ignore_ascii_case(word));
        values.filter(is_name).collect()
    }
}

/// The people that a name, an address, a number or an id in a query means, among documents of people.
#[must_use]
pub fn person(named: &str, languages: &[Language]) -> Filter {
    let number = crate::user::phone::canonical(named);
    let exact = [
        Filter::is(field::ID, named),
        Filter::is(field::EMAIL, named),
        if number.is_empty() { Filter::nothing() } else { Filter::is(field::PHONE, number) },
    ];
    let name = by_words(&[field::NAME, field::ALIAS], named, languages);
    Filter::all([Filter::kind(Kind::User), Filter::any(exact.into_iter().chain([name]))])
}

/// The organizations that a name or an id in a query means, among documents of organizations.
#[must_use]
pub fn organization(named: &str, languages: &[Language]) -> Filter {
    let name = by_words(&[field::NAME], named, languages);
    Filter::all([
        Filter::kind(Kind::Organization),
        Filter::any([Filter::is(field::ID, named), name]),
    ])
}

/// The words of a text, one after the other; nothing, if it has none.
fn by_words(fields: &[&str], text: &str, languages: &[Language]) -> Filter {
    match Filter::phrase(fields, text, languages) {
        Filter::All(all) if all.is_empty() => Filter::nothing(),
        other => other,
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before: Option<&Clause> = None;
        for clause in &self.clauses {
            match before {
                None => {}
                // A minus that stands alone is nothing, but it keeps apart what would be one property.
                Some(before) if before.is_word_with_colon() && clause.is_phrase() => {
                    f.write_str(" - ")?;
                }
                Some(_) => f.write_str(" ")?,
            }
            write!(f, "{clause}")?;
            before = Some(clause);
        }
        Ok(())
    }
}

impl Clause {
    fn is_word_with_colon(&self) -> bool {
        matches!(&self.what, What::Text(term) if !term.quoted && term.text.ends_with(':'))
    }

    fn is_phrase(&self) -> bool {
        !self.negated && matches!(&self.what, What::Text(term) if term.quoted)
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negated {
            f.write_str("-")?;
        }
        match &self.what {
            What::Text(term) => write!(f, "{term}"),
            What::Property { name, operator, value } => {
                write!(f, "{name}{}{value}", operator.as_str())
            }
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.quoted { write!(f, "\"{}\"", self.text) } else { f.write_str(&self.text) }
    }
}

#[cfg(test)]
mod tests;
