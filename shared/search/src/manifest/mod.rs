//! What an index is made of.

mod position;

pub use position::Position;

use std::collections::{BTreeMap, BTreeSet};

use ceap_kernel::Fault;
use serde::{Deserialize, Serialize};

use crate::Place;

/// The layout of manifests and segments. Another takes another index, built anew.
const FORMAT: u32 = 1;

/// How many of the last commits are remembered: whoever lost the answer to its own looks for it here.
const RECENT: usize = 64;

/// What an index is made of. It is one small object: about 200 bytes for each segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The layout of it all.
    pub format: u32,
    /// The shape of the documents.
    pub shape: String,
    /// How often it was changed.
    pub generation: u64,
    /// Its segments, in no particular order.
    pub segments: Vec<Piece>,
    /// Up to where the changes of each source are in it.
    pub watermark: BTreeMap<String, Position>,
    /// The last commits, the newest at the end.
    pub recent: Vec<String>,
}

/// A segment: one object, which is never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Its id, which is also Tantivy's.
    pub id: String,
    /// Its size, in bytes.
    pub bytes: u64,
    /// Where the tail begins, which is what a searcher reads first.
    pub tail: u64,
    /// Its documents, deleted ones too.
    pub documents: u32,
    /// Which of them are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tombstones: Option<Tombstones>,
}

/// The deleted documents of a segment: a part of an object, which is never changed, but replaced by another. One object
/// has those of all segments that one commit changes, because writing an object is what costs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tombstones {
    /// The name of the object.
    pub name: String,
    /// Where in it they begin.
    pub start: u64,
    /// Where in it they end.
    pub end: u64,
    /// How many documents.
    pub documents: u32,
}

impl Piece {
    /// Its documents that are not deleted.
    #[must_use]
    pub fn living(&self) -> u32 {
        self.documents.saturating_sub(self.dead())
    }

    /// Its deleted documents.
    #[must_use]
    pub fn dead(&self) -> u32 {
        self.tombstones.as_ref().map_or(0, |tombstones| tombstones.documents)
    }
}

impl Manifest {
    /// An index without documents.
    #[must_use]
    pub fn empty(shape: &str) -> Self {
        Self {
            format: FORMAT,
            shape: shape.to_owned(),
            generation: 0,
            segments: Vec::new(),
            watermark: BTreeMap::new(),
            recent: Vec::new(),
        }
    }

    /// Reads a manifest of an index of this shape.
    ///
    /// # Errors
    /// `Internal` if it is no manifest, or one of another shape or layout.
    pub fn parse(bytes: &[u8], shape: &str) -> Result<Self, Fault> {
        let manifest: Self = serde_json::from_slice(bytes)
            .map_err(|e| Fault::Internal(format!("a manifest that is none: {e}")))?;
        if manifest.format != FORMAT || manifest.shape != shape {
            let text = "a search index of another shape: it must be built anew";
            return Err(Fault::Internal(text.to_owned()));
        }
        Ok(manifest)
    }

    /// As it is kept.
    ///
    /// # Errors
    /// `Internal`, which does not happen.
    pub fn bytes(&self) -> Result<Vec<u8>, Fault> {
        serde_json::to_vec(self).map_err(|e| Fault::Internal(e.to_string()))
    }

    /// Documents that are not deleted.
    #[must_use]
    pub fn living(&self) -> u64 {
        self.segments.iter().map(|piece| u64::from(piece.living())).sum()
    }

    /// The segment with this id.
    #[must_use]
    pub fn piece(&self, id: &str) -> Option<&Piece> {
        self.segments.iter().find(|piece| piece.id == id)
    }

    /// Whether this commit is in it.
    #[must_use]
    pub fn has(&self, commit: &str) -> bool {
        self.recent.iter().any(|recent| recent == commit)
    }

    /// The next one, to which this commit leads; what else it changes is up to the caller.
    #[must_use]
    pub fn next(&self, commit: &str) -> Self {
        let mut next = self.clone();
        next.generation = next.generation.saturating_add(1);
        next.recent.push(commit.to_owned());
        let old = next.recent.len().saturating_sub(RECENT);
        next.recent.drain(..old);
        next
    }

    /// The names of all its objects.
    #[must_use]
    pub fn names(&self, place: &Place) -> BTreeSet<String> {
        let segments = self.segments.iter().map(|piece| place.segment(&piece.id));
        let tombstones = self.segments.iter().filter_map(|piece| piece.tombstones.as_ref());
        segments.chain(tombstones.map(|tombstones| tombstones.name.clone())).collect()
    }
}
