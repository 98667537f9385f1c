//! In which order documents are shown.

use super::Document;
use crate::rule::Order;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What documents are sorted by. What has nothing there comes last, in either order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A number.
    Number(String),
    /// A value; of several, the least.
    Keyword(String),
    /// The rank that a value has here: ids, by the names that are theirs now.
    Ranked(String, BTreeMap<String, usize>),
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

    fn compare(&self, a: &Document, b: &Document, order: Order) -> Ordering {
        match self {
            Self::Number(field) => {
                let number = |it: &Document| it.numbers.get(field).copied();
                placed(number(a), number(b), order, |a, b| a.total_cmp(b))
            }
            Self::Keyword(field) => {
                let (a, b) = (least(a, field), least(b, field));
                placed(a, b, order, |a, b| a.cmp(b))
            }
            Self::Ranked(field, ranks) => {
                let rank = |it: &Document| ranks.get(least(it, field)?).copied();
                placed(rank(a), rank(b), order, |a, b| a.cmp(b))
            }
        }
    }
}

fn least<'a>(document: &'a Document, field: &str) -> Option<&'a String> {
    document.keywords.get(field)?.first()
}

fn placed<T>(
    a: Option<T>,
    b: Option<T>,
    order: Order,
    by: impl Fn(&T, &T) -> Ordering,
) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => match order {
            Order::Asc => by(&a, &b),
            Order::Desc => by(&b, &a),
        },
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// An order: by the first of its keys, then by the next; what is the same by all of them, by kind and id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sort(pub Vec<(Key, Order)>);

impl Sort {
    /// By one number.
    #[must_use]
    pub fn by_number(field: &str, order: Order) -> Self {
        Self(vec![(Key::Number(field.to_owned()), order)])
    }

    /// Which of two documents comes first: what every index has to agree with.
    #[must_use]
    pub fn compare(&self, a: &Document, b: &Document) -> Ordering {
        let keys = self.0.iter().map(|(key, order)| key.compare(a, b, *order));
        let same = || (a.kind, a.id).cmp(&(b.kind, b.id));
        keys.fold(Ordering::Equal, Ordering::then).then_with(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Kind;
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
    fn documents_have_an_order(#[case] sort: Sort, #[case] expected: &[u64]) {
        let mut all = [
            document(3, None, Some(8)),
            document(4, Some(1.0), None),
            document(2, Some(1.0), Some(7)),
            document(1, Some(2.0), Some(7)),
        ];
        all.sort_by(|a, b| sort.compare(a, b));
        assert_eq!(all.map(|it| it.id), expected);
    }
}
