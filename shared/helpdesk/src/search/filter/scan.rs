//! The naive scan.

use super::{Filter, Seek};
use crate::search::Document;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};

/// The places of the terms of a field.
type Places = BTreeMap<String, Vec<u32>>;

/// A document whose words are looked at, at most once.
#[derive(Debug)]
pub struct Scanned<'a> {
    document: &'a Document,
    fields: OnceCell<BTreeMap<&'a str, Places>>,
}

impl<'a> Scanned<'a> {
    /// A document of which no word was looked at yet.
    #[must_use]
    pub const fn new(document: &'a Document) -> Self {
        Self { document, fields: OnceCell::new() }
    }

    /// Whether it is among those that are looked for.
    #[must_use]
    pub fn meets(&self, filter: &Filter) -> bool {
        match filter {
            Filter::All(all) => all.iter().all(|it| self.meets(it)),
            Filter::Any(any) => any.iter().any(|it| self.meets(it)),
            Filter::Not(it) => !self.meets(it),
            Filter::Keyword { field, value } => {
                self.document.keywords.get(field).is_some_and(|values| values.contains(value))
            }
            Filter::Begins { field, prefix } => {
                let values = self.document.keywords.get(field).into_iter().flatten();
                values.into_iter().any(|value| value.starts_with(prefix))
            }
            Filter::Number { field, from, to } => {
                let number = self.document.numbers.get(field);
                number.is_some_and(|number| (*from, *to).contains(number))
            }
            Filter::Text { fields, seek } => fields
                .iter()
                .filter_map(|field| self.places(field))
                .any(|places| found(places, seek)),
        }
    }

    /// Whether another document has the same in a field.
    #[must_use]
    pub fn agrees(&self, other: &Scanned<'_>, field: &str) -> bool {
        let (one, other) = (self.document, other.document);
        one.keywords.get(field) == other.keywords.get(field)
            && one.numbers.get(field) == other.numbers.get(field)
            && one.texts.get(field) == other.texts.get(field)
    }

    fn places(&self, field: &str) -> Option<&Places> {
        let of = |name: &str| {
            let mut places = Places::new();
            self.document.each_token(name, |position, term| match places.get_mut(term) {
                Some(known) => known.push(position),
                None => drop(places.insert(term.to_owned(), vec![position])),
            });
            places
        };
        let names = || self.document.texts.keys().map(|name| (name.as_str(), of(name))).collect();
        self.fields.get_or_init(names).get(field)
    }
}

fn found(places: &Places, seek: &Seek) -> bool {
    match seek {
        Seek::Prefix(prefix) => {
            let range = (Bound::Included(prefix.as_str()), Bound::Unbounded);
            let first = places.range::<str, _>(range).next();
            first.is_some_and(|(term, _)| term.starts_with(prefix))
        }
        Seek::Phrases(phrases) => phrases.iter().any(|phrase| stands(places, phrase)),
    }
}

/// Whether the terms of a phrase stand one after the other.
fn stands(places: &Places, phrase: &[String]) -> bool {
    let Some(first) = phrase.first().and_then(|term| places.get(term)) else { return false };
    first.iter().any(|at| {
        (*at..=u32::MAX)
            .zip(phrase)
            .all(|(at, term)| places.get(term).is_some_and(|all| all.binary_search(&at).is_ok()))
    })
}
