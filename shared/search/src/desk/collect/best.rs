//! The first of many documents.

use std::cmp::Ordering;

use tantivy::DocId;

/// What documents are compared by: the least comes first.
pub trait Codes {
    /// How many keys there are.
    fn keys(&self) -> usize;
    /// What a document has of a key. Of one key, documents are asked for in ascending order.
    fn code(&mut self, key: usize, document: DocId) -> u64;
    /// Which document it is, which is what decides last.
    fn of(&self, document: DocId) -> u64;
}

/// A document, by its codes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// What it has of each key.
    pub codes: Vec<u64>,
    /// Which document it is.
    pub of: u64,
}

/// The place behind which to begin. It may say nothing of the last keys.
#[derive(Debug)]
pub struct Cut {
    /// What it has of each key.
    pub codes: Vec<u64>,
    /// Which document it is.
    pub of: u64,
}

/// The first documents behind a place.
#[derive(Debug)]
pub struct Best {
    most: usize,
    after: Option<Cut>,
    rows: Vec<Row>,
    /// The last of those that are wanted, once there are enough: what comes after it is not.
    last: Option<Row>,
    /// The codes of the document that is looked at.
    codes: Vec<u64>,
}

impl Best {
    /// At most so many, behind that place.
    pub fn new(most: usize, after: Option<Cut>) -> Self {
        Self { most, after, rows: Vec::new(), last: None, codes: Vec::new() }
    }

    /// Takes a document if it is one of the first so far.
    pub fn offer(&mut self, by: &mut impl Codes, document: DocId) {
        if self.most == 0 {
            return;
        }
        let mut behind = Ordering::Equal;
        let mut before = if self.last.is_some() { Ordering::Equal } else { Ordering::Less };
        self.codes.clear();
        for key in 0..by.keys() {
            let code = by.code(key, document);
            if let Some(cut) = self.after.as_ref().filter(|_| behind == Ordering::Equal) {
                behind = cut.codes.get(key).map_or(Ordering::Equal, |cut| code.cmp(cut));
            }
            if let Some(last) = self.last.as_ref().filter(|_| before == Ordering::Equal) {
                before = last.codes.get(key).map_or(Ordering::Equal, |last| code.cmp(last));
            }
            // What is not wanted need not be looked at further.
            if before == Ordering::Greater || behind == Ordering::Less {
                return;
            }
            self.codes.push(code);
        }
        let of = by.of(document);
        let is_behind = self.after.as_ref().is_none_or(|cut| behind.then(of.cmp(&cut.of)).is_gt());
        let is_before = self.last.as_ref().is_none_or(|last| before.then(of.cmp(&last.of)).is_lt());
        if is_behind && is_before {
            self.rows.push(Row { codes: self.codes.clone(), of });
            if self.rows.len() >= self.most.saturating_mul(2) {
                self.prune();
            }
        }
    }

    fn prune(&mut self) {
        let last = self.most.saturating_sub(1);
        if last < self.rows.len() {
            self.rows.select_nth_unstable(last);
            self.rows.truncate(self.most);
            self.last = self.rows.last().cloned();
        }
    }

    /// The first of all, in no order.
    pub fn rows(mut self) -> Vec<Row> {
        self.prune();
        self.rows
    }
}
