//! The names of an index's objects.

use tantivy::index::SegmentId;

/// Where an index is: the prefix of all its objects' names, with the slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(String);

impl Place {
    /// All names begin with `prefix`, which must name one tenant.
    #[must_use]
    pub fn new(prefix: impl Into<String>) -> Self {
        Self(prefix.into())
    }

    /// What all names begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.0
    }

    /// The one object that changes.
    #[must_use]
    pub fn manifest(&self) -> String {
        format!("{}manifest.json", self.0)
    }

    /// What is to be collected, and since when.
    #[must_use]
    pub fn marks(&self) -> String {
        format!("{}marks.json", self.0)
    }

    /// What the names of segments and tombstones begin with.
    #[must_use]
    pub fn parts(&self) -> String {
        format!("{}parts/", self.0)
    }

    /// A segment.
    #[must_use]
    pub fn segment(&self, id: &str) -> String {
        format!("{}parts/{id}.seg", self.0)
    }

    /// A new name for tombstones.
    #[must_use]
    pub fn tombstones(&self) -> String {
        format!("{}parts/{}.del", self.0, token())
    }
}

/// What is never made twice.
pub fn token() -> String {
    SegmentId::generate_random().uuid_string()
}
