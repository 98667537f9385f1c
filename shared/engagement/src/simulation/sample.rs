//! A sample of decisions that is the same however the whole was divided.

use super::trace::Decided;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Decisions of one sample.
pub const MAX_SAMPLE: usize = 1_000;

/// Decisions drawn uniformly: those with the smallest ids, which are digests of what matched. Hence
/// the same history gives the same sample, and samples of parts merge into that of the whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(rename = "ReplaySample")]
pub struct Sample(Vec<Decided>);

impl Sample {
    /// Adds a decision, and keeps `size` of all.
    pub fn add(&mut self, decided: Decided, size: usize) {
        let place = self.0.partition_point(|known| known.signal < decided.signal);
        if place < size {
            self.0.insert(place, decided);
            self.0.truncate(size);
        }
    }

    /// Adds another part's, and keeps `size` of all.
    pub fn merge(&mut self, other: Self, size: usize) {
        for decided in other.0 {
            self.add(decided, size);
        }
    }

    /// The decisions, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Decided> {
        self.0.iter()
    }
}
