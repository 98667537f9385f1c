//! Counting which items go together, part by part.

use super::Affinity;
use ceap_kernel::{Fault, ItemId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Items of one subject that count: the newest different ones. It bounds what a subject adds to
/// 1,225 pairs.
pub const MAX_OWN: usize = 50;

/// Neighbours that a model keeps of each item.
pub const MAX_NEIGHBOURS: usize = 50;

/// Items of one model; those of most subjects, when there are more.
pub const MAX_ITEMS: usize = 50_000;

/// Different pairs that one part counts.
const MAX_PAIRS: usize = 2_000_000;

/// What was counted over some subjects.
#[derive(Debug, Default)]
pub struct Counting {
    subjects: u64,
    places: HashMap<ItemId, u32>,
    /// Subjects of each item, by its place.
    items: Vec<(ItemId, u64)>,
    /// Subjects of two items, the smaller place first.
    pairs: HashMap<(u32, u32), u64>,
}

/// The same, to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    subjects: u64,
    items: Vec<(ItemId, u64)>,
    pairs: Vec<(u32, u32, u64)>,
}

impl Counting {
    /// Counts one subject, whose items come oldest first and as often as they came.
    ///
    /// # Errors
    /// `Invalid` when there are too many different pairs for one part.
    pub fn subject(&mut self, items: &[ItemId]) -> Result<(), Fault> {
        let mut own: BTreeSet<&ItemId> = BTreeSet::new();
        for item in items.iter().rev() {
            if own.len() < MAX_OWN {
                own.insert(item);
            }
        }
        if own.is_empty() {
            return Ok(());
        }
        self.subjects = self.subjects.saturating_add(1);
        let mut places =
            own.into_iter().map(|it| self.add(it, 1)).collect::<Result<Vec<_>, _>>()?;
        places.sort_unstable();
        for (nth, one) in places.iter().enumerate() {
            for other in places.iter().skip(nth.saturating_add(1)) {
                self.pair(*one, *other, 1)?;
            }
        }
        Ok(())
    }

    /// Adds what was counted over other subjects.
    ///
    /// # Errors
    /// `Invalid` when there are too many different pairs.
    pub fn merge(&mut self, other: Counted) -> Result<(), Fault> {
        self.subjects = self.subjects.saturating_add(other.subjects);
        let places = other.items.iter().map(|(id, count)| self.add(id, *count));
        let places = places.collect::<Result<Vec<u32>, Fault>>()?;
        let place = |place: u32| {
            let known = places.get(usize::try_from(place).unwrap_or(usize::MAX)).copied();
            known.ok_or_else(|| Fault::Internal("a pair of no item".to_owned()))
        };
        for (one, other, count) in other.pairs {
            let (one, other) = (place(one)?, place(other)?);
            self.pair(one.min(other), one.max(other), count)?;
        }
        Ok(())
    }

    fn add(&mut self, item: &ItemId, count: u64) -> Result<u32, Fault> {
        let next = u32::try_from(self.items.len()).map_err(|_| too_many())?;
        let place = *self.places.entry(item.clone()).or_insert(next);
        if place == next {
            self.items.push((item.clone(), 0));
        }
        if let Some((_, sum)) = self.items.get_mut(usize::try_from(place).unwrap_or(usize::MAX)) {
            *sum = sum.saturating_add(count);
        }
        Ok(place)
    }

    fn pair(&mut self, one: u32, other: u32, count: u64) -> Result<(), Fault> {
        let sum = self.pairs.entry((one, other)).or_default();
        *sum = sum.saturating_add(count);
        if self.pairs.len() > MAX_PAIRS { Err(too_many()) } else { Ok(()) }
    }

    /// How many subjects, items and pairs there are.
    #[must_use]
    pub fn sizes(&self) -> (u64, usize, usize) {
        (self.subjects, self.items.len(), self.pairs.len())
    }

    /// To be written: the same for the same subjects, in whatever order they came.
    #[must_use]
    pub fn counted(self) -> Counted {
        let (order, items) = sorted(self.items);
        let place = |place: u32| order.get(&place).copied().unwrap_or_default();
        let mut pairs: Vec<(u32, u32, u64)> = self
            .pairs
            .into_iter()
            .map(|((one, other), count)| {
                let (one, other) = (place(one), place(other));
                (one.min(other), one.max(other), count)
            })
            .collect();
        pairs.sort_unstable();
        Counted { subjects: self.subjects, items, pairs }
    }

    /// The model: of pairs that at least `least` subjects had to do with, the nearest of each item.
    #[must_use]
    pub fn model(self, least: u64) -> Affinity {
        let Counted { subjects, items, mut pairs } = self.counted();
        pairs.retain(|(_, _, both)| *both >= least.max(1));
        let kept = places(&items, &pairs);
        let count = |place: u32| {
            let item = items.get(usize::try_from(place).unwrap_or(usize::MAX));
            item.map_or(0, |(_, count)| *count)
        };
        let mut near: BTreeMap<u32, Vec<(u32, u64)>> =
            kept.keys().map(|place| (*place, Vec::new())).collect();
        for (one, other, both) in pairs {
            if kept.contains_key(&one) && kept.contains_key(&other) {
                near.entry(one).or_default().push((other, both));
                near.entry(other).or_default().push((one, both));
            }
        }
        let new = |place: u32| kept.get(&place).copied().unwrap_or_default();
        let neighbours = near.values_mut().map(|near| {
            // both² / |B|: for the neighbours of one item, as ordered as their cosines, and exact.
            near.sort_by(|a, b| {
                let square = |both: u64| u128::from(both).saturating_mul(both.into());
                let one = square(a.1).saturating_mul(count(b.0).into());
                let other = square(b.1).saturating_mul(count(a.0).into());
                other.cmp(&one).then(a.0.cmp(&b.0))
            });
            near.iter().take(MAX_NEIGHBOURS).map(|(place, both)| (new(*place), *both)).collect()
        });
        let neighbours = neighbours.collect();
        let items =
            kept.keys().filter_map(|place| items.get(usize::try_from(*place).ok()?).cloned());
        Affinity::new(subjects, items.collect(), neighbours)
    }
}

/// Those of some pair, and their new places; the items of most subjects, when they are too many.
fn places(items: &[(ItemId, u64)], pairs: &[(u32, u32, u64)]) -> BTreeMap<u32, u32> {
    let paired: BTreeSet<u32> = pairs.iter().flat_map(|(one, other, _)| [*one, *other]).collect();
    let mut kept: Vec<u32> = paired.into_iter().collect();
    if kept.len() > MAX_ITEMS {
        let count = |place: &u32| items.get(usize::try_from(*place).ok()?).map(|(_, count)| *count);
        kept.sort_by(|a, b| count(b).cmp(&count(a)).then(a.cmp(b)));
        kept.truncate(MAX_ITEMS);
        kept.sort_unstable();
    }
    kept.into_iter().zip(0..).collect()
}

/// Items by id, and the new place of each old one.
fn sorted(items: Vec<(ItemId, u64)>) -> (HashMap<u32, u32>, Vec<(ItemId, u64)>) {
    let mut items: Vec<(u32, (ItemId, u64))> = (0..).zip(items).collect();
    items.sort_by(|(_, a), (_, b)| a.0.cmp(&b.0));
    let order = items.iter().zip(0..).map(|((old, _), new)| (*old, new)).collect();
    (order, items.into_iter().map(|(_, item)| item).collect())
}

fn too_many() -> Fault {
    let rule = format!("bring more than {MAX_PAIRS} different pairs of items; shorten `within`");
    Fault::invalid("score.events", rule)
}
