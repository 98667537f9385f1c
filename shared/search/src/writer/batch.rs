//! Changes, as a source tells them.

use std::collections::BTreeMap;

use tantivy::TantivyDocument;

use crate::Position;

/// What becomes of a document.
#[derive(Debug, Clone)]
pub enum What {
    /// It is this, whether or not it was there. The key's field is the writer's to fill.
    Is(TantivyDocument),
    /// It is no more.
    IsGone,
}

/// A change of one document.
#[derive(Debug, Clone)]
pub struct Change {
    /// Where in its source it stands.
    pub position: Position,
    /// Which document.
    pub key: String,
    /// What becomes of it.
    pub what: What,
}

/// Changes of one source, in its order.
///
/// All changes of a key must come from one source (the shard of a stream): then a batch that is told again, or by two
/// writers, changes nothing the second time, for the manifest says up to where each source is in it.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Whose positions they are.
    pub source: String,
    /// By ascending positions.
    pub changes: Vec<Change>,
    /// Up to where it goes, if that is further than its last change.
    pub upto: Option<Position>,
}

/// What of a batch is to be done.
#[derive(Debug)]
pub struct Net<'a> {
    /// The last change of each key.
    pub changes: BTreeMap<&'a str, &'a What>,
    /// Up to where the source is done then.
    pub end: &'a Position,
}

impl Batch {
    /// What of it stands after a position; `None` if nothing does.
    pub fn after(&self, position: Option<&Position>) -> Option<Net<'_>> {
        let new = self.changes.iter().filter(|change| Some(&change.position) > position);
        let upto = self.upto.as_ref().filter(|upto| Some(*upto) > position);
        let end = new.clone().map(|change| &change.position).chain(upto).max()?;
        let changes = new.map(|change| (change.key.as_str(), &change.what)).collect();
        Some(Net { changes, end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_done_and_the_last_of_each_key() {
        let change = |position: u64, key: &str, what| Change {
            position: position.into(),
            key: key.to_owned(),
            what,
        };
        let changes = vec![
            change(1, "a", What::IsGone),
            change(2, "b", What::IsGone),
            change(3, "a", What::Is(TantivyDocument::new())),
        ];
        let mut batch = Batch { source: "s".to_owned(), changes, upto: None };
        let net = batch.after(Some(&1.into())).unwrap();
        assert_eq!(net.changes.keys().collect::<Vec<_>>(), [&"a", &"b"]);
        assert!(matches!(net.changes["a"], What::Is(_)));
        assert_eq!(net.end, &Position::from(3));
        assert!(batch.after(Some(&3.into())).is_none());
        assert_eq!(batch.after(None).unwrap().changes.len(), 2);
        batch.upto = Some(5.into());
        let net = batch.after(Some(&3.into())).unwrap();
        assert_eq!((net.changes.len(), net.end), (0, &Position::from(5)));
        assert!(batch.after(Some(&5.into())).is_none());
    }
}
