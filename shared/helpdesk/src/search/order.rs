//! In which order documents are shown.

use super::{Document, Filter, Kind, Scanned};
use crate::rule::Order;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What documents are sorted by. What has nothing there comes last, in either order.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    /// A number.
    Number(String),
    /// A value; of several, the least.
    Keyword(String),
    /// The rank that a value has here: ids, by the names that are theirs now.
    Ranked(String, BTreeMap<String, usize>),
    /// How many of these a document meets: the more, the better it fits.
    Met(Vec<Filter>),
}

/// What a document has of a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A number, a rank, or how many.
    Number(f64),
    /// A value.
    Text(String),
}

impl Value {
    /// Which comes first in ascending order. All values of a key are of one sort; numbers are before texts otherwise.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

impl Key {
    /// Ids, by the names that are theirs.
    pub fn named<I: ToString, N: AsRef<str>>(
        field: &str,
        names: impl IntoIterator<Item = (I, N)>,
    ) -> Self {
        let names = names.into_iter().map(|(id, name)| (id.to_string(), name));
        let mut names: Vec<(String, String)> =
            names.map(|(id, name)| (name.as_ref().to_lowercase(), id)).collect();
        names.sort();
        let ranks = names.into_iter().enumerate().map(|(rank, (_, id))| (id, rank)).collect();
        Self::Ranked(field.to_owned(), ranks)
    }

    /// What a document has of it.
    #[must_use]
    pub fn of(&self, document: &Document) -> Option<Value> {
        match self {
            Self::Number(field) => document.numbers.get(field).copied().map(Value::Number),
            Self::Keyword(field) => least(document, field).cloned().map(Value::Text),
            Self::Ranked(field, ranks) => ranks.get(least(document, field)?).copied().map(number),
            Self::Met(filters) => {
                let scanned = Scanned::new(document);
                Some(number(filters.iter().filter(|filter| scanned.meets(filter)).count()))
            }
        }
    }
}

/// A small number.
fn number(count: usize) -> Value {
    Value::Number(f64::from(u32::try_from(count).unwrap_or(u32::MAX)))
}

fn least<'a>(document: &'a Document, field: &str) -> Option<&'a String> {
    document.keywords.get(field)?.first()
}

/// An order: by the first of its keys, then by the next; what is the same by all of them, by kind and id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sort(pub Vec<(Key, Order)>);

/// Where in an order a document stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// What it has of each key.
    pub values: Vec<Option<Value>>,
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: u64,
}

impl Sort {
    /// By one number.
    #[must_use]
    pub fn by_number(field: &str, order: Order) -> Self {
        Self(vec![(Key::Number(field.to_owned()), order)])
    }

    /// Where a document stands.
    #[must_use]
    pub fn place(&self, document: &Document) -> Place {
        let values = self.0.iter().map(|(key, _)| key.of(document)).collect();
        Place { values, kind: document.kind, id: document.id }
    }

    /// Which of two places comes first: what every index has to agree with.
    #[must_use]
    pub fn compare(&self, a: &Place, b: &Place) -> Ordering {
        let each = self.0.iter().zip(a.values.iter().zip(&b.values));
        let by_keys = each.map(|((_, order), (a, b))| by(a.as_ref(), b.as_ref(), *order));
        let same = || (a.kind, a.id).cmp(&(b.kind, b.id));
        by_keys.fold(Ordering::Equal, Ordering::then).then_with(same)
    }

    /// The same, from the last to the first if it is to be so.
    #[must_use]
    pub fn directed(&self, backward: bool, a: &Place, b: &Place) -> Ordering {
        let forward = self.compare(a, b);
        if backward { forward.reverse() } else { forward }
    }
}

fn by(a: Option<&Value>, b: Option<&Value>, order: Order) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => match order {
            Order::Asc => a.compare(b),
            Order::Desc => b.compare(a),
        },
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn document(id: u64, number: Option<f64>, group: Option<u64>) -> Document {
        let mut document = Document::new(Kind::Ticket, id);
        document.keywords("group", group);
        number.into_iter().for_each(|number| document.number("priority", number));
        document
    }

    #[rstest]
    #[case::up(Sort::by_number("priority", Order::Asc), &[2, 4, 1, 3])]
    #[case::down(Sort::by_number("priority", Order::Desc), &[1, 2, 4, 3])]
    #[case::by_name(Sort(vec![(Key::named("group", [(7, "beta"), (8, "Alpha")]), Order::Asc)]), &[3, 1, 2, 4])]
    #[case::by_two(
        Sort(vec![
            (Key::named("group", [(7, "beta"), (8, "Alpha")]), Order::Desc),
            (Key::Number("priority".to_owned()), Order::Desc)]),
        &[1, 2, 3, 4])]
    #[case::by_none(Sort::default(), &[1, 2, 3, 4])]
    #[case::the_best_first(
        Sort(vec![(Key::Met(vec![Filter::is("group", 7), Filter::number("priority", 2.0..)]), Order::Desc)]),
        &[1, 2, 3, 4])]
    fn documents_have_an_order(#[case] sort: Sort, #[case] expected: &[u64]) {
        let mut all = [
            document(3, None, Some(8)),
            document(4, Some(1.0), None),
            document(2, Some(1.0), Some(7)),
            document(1, Some(2.0), Some(7)),
        ]
        .map(|document| sort.place(&document));
        all.sort_by(|a, b| sort.compare(a, b));
        assert_eq!(all.map(|it| it.id), expected);
    }
}
