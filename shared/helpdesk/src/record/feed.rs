//! A record's place among all that changed, which search is fed by.

use super::Link;
use crate::store::Key;
use serde::{Deserialize, Serialize};

/// A place on a list of what changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Where: by the time at which the record was written.
    pub link: Link,
    /// What else is known by it than the record alone, and is read together with it.
    pub beside: Vec<Key>,
}

/// What is kept there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fed {
    /// How often the record had been written then.
    #[serde(default)]
    pub revision: u64,
    /// What else is known by it, as partitions and sort keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<(String, String)>,
}

impl Feed {
    /// What is kept there of a record that has been written so often.
    pub(super) fn fed(&self, revision: u64) -> Fed {
        let beside = self.beside.iter().map(|key| (key.partition.clone(), key.sort.clone()));
        Fed { revision, beside: beside.collect() }
    }
}

impl Fed {
    /// What else is known by it.
    pub fn beside(&self) -> impl Iterator<Item = Key> + '_ {
        self.beside.iter().map(|(partition, sort)| Key::new(partition, sort))
    }
}
