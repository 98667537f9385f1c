//! A model: for each item its nearest neighbours, and what that says to one subject.

use ceap_kernel::{Fault, ItemId, ModelId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What the file says it is.
const FORMAT: &str = "ceap-affinity-1";

/// How much less each of a subject's items weighs than the one after it.
const FADE: f64 = 0.9;

/// Which items go together. Counts, not quotients: so the same history gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affinity {
    format: String,
    /// Subjects that were counted.
    pub subjects: u64,
    /// Each item, by id, and how many subjects had to do with it.
    pub items: Vec<(ItemId, u64)>,
    /// For each item, in the same order: a neighbour's place among the items, and how many subjects
    /// had to do with both. The nearest first.
    pub neighbours: Vec<Vec<(u32, u64)>>,
}

/// An item that a subject had to do with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// Which.
    pub item: ItemId,
    /// How many different ones came after it: 0 for the newest.
    pub rank: u32,
    /// The type of the event that says so.
    pub event: String,
}

/// What is recommended to a subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Which.
    pub item: ItemId,
    /// In [0, 1].
    pub score: f64,
    /// The places among the subject's own of those that speak for it, the weightiest first.
    pub because: Vec<usize>,
}

impl Affinity {
    /// Of what was counted.
    #[must_use]
    pub fn new(subjects: u64, items: Vec<(ItemId, u64)>, neighbours: Vec<Vec<(u32, u64)>>) -> Self {
        Self { format: FORMAT.to_owned(), subjects, items, neighbours }
    }

    /// Its file, and that file's hash.
    ///
    /// # Errors
    /// `Internal` when it cannot be written.
    pub fn write(&self) -> Result<(ModelId, Vec<u8>), Fault> {
        let file = serde_json::to_vec(self).map_err(|error| Fault::Internal(error.to_string()))?;
        Ok((ModelId::of(&file), file))
    }

    /// The model of a file.
    ///
    /// # Errors
    /// `Invalid` when it is none.
    pub fn read(file: &[u8]) -> Result<Self, Fault> {
        let bad =
            |what: &str| Fault::invalid("score.model", format!("is no affinity model: {what}"));
        let model: Self = serde_json::from_slice(file).map_err(|error| bad(&error.to_string()))?;
        if model.format != FORMAT {
            return Err(bad(&format!("its format is not {FORMAT}")));
        }
        let sorted = model.items.iter().zip(model.items.iter().skip(1)).all(|(a, b)| a.0 < b.0);
        if !sorted || model.items.len() != model.neighbours.len() {
            return Err(bad("its items are out of order"));
        }
        Ok(model)
    }

    fn place(&self, item: &ItemId) -> Option<usize> {
        self.items.binary_search_by(|(id, _)| id.cmp(item)).ok()
    }

    /// The items next to those of a subject, the best first, without its own and those `not` meant.
    ///
    /// An item's score is the mean of its cosines to the subject's own, the newest weighing most:
    /// Σ wᵢ cos(i, j) / Σ wᵢ over those of its own that the model knows, where wᵢ = 0.9^rank and
    /// cos(i, j) = |A∩B| / √(|A| |B|) over the subjects of either. B. Sarwar et al., "Item-based
    /// collaborative filtering recommendation algorithms" (WWW 2001), §3.1.1 and §3.2.1; over sets, as
    /// M. Deshpande and G. Karypis, "Item-based top-N recommendation algorithms" (2004), §4.1.
    #[must_use]
    pub fn recommend(&self, own: &[Own], not: &BTreeSet<ItemId>, limit: usize) -> Vec<Ranked> {
        let mut found: BTreeMap<u32, Vec<(f64, usize)>> = BTreeMap::new();
        let mut whole = 0.0;
        for (nth, mine) in own.iter().enumerate() {
            let Some(place) = self.place(&mine.item) else { continue };
            let weight = FADE.powf(f64::from(mine.rank));
            whole += weight;
            let subjects = self.items.get(place).map_or(0, |(_, subjects)| *subjects);
            for (next, both) in self.neighbours.get(place).into_iter().flatten() {
                if let Some((_, others)) =
                    self.items.get(usize::try_from(*next).unwrap_or(usize::MAX))
                {
                    let part = weight * cosine(*both, subjects, *others);
                    found.entry(*next).or_default().push((part, nth));
                }
            }
        }
        let mut ranked: Vec<Ranked> = found
            .into_iter()
            .filter_map(|(place, mut parts)| {
                let (item, _) = self.items.get(usize::try_from(place).ok()?)?;
                if not.contains(item) || own.iter().any(|mine| mine.item == *item) {
                    return None;
                }
                let sum: f64 = parts.iter().map(|(part, _)| part).sum();
                parts.sort_by(|a, b| b.0.total_cmp(&a.0));
                let because = parts.into_iter().map(|(_, nth)| nth).collect();
                Some(Ranked { item: item.clone(), score: (sum / whole).clamp(0.0, 1.0), because })
            })
            .collect();
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.item.cmp(&b.item)));
        ranked.truncate(limit);
        ranked
    }
}

/// |A∩B| / √(|A| |B|).
fn cosine(both: u64, one: u64, other: u64) -> f64 {
    float(both) / (float(one) * float(other)).sqrt()
}

/// Exact up to 2^53, which no tenant's subjects reach.
#[allow(clippy::cast_precision_loss)]
fn float(count: u64) -> f64 {
    count as f64
}
