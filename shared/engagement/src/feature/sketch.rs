//! How many different values there were, beyond those that are kept one by one.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The different values of a window's older events, each by a hash with the newest bucket it was seen
/// in. Beyond a limit the smallest hashes stay, and how many there are below the largest tells how
/// many there were: "k minimum values", K. Beyer et al., "On Synopses for Distinct-Value Estimation
/// Under Multiset Operations" (SIGMOD 2007); its relative standard error is 1/√(k − 2).
///
/// What it holds does not depend on the order in which it was filled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sketch {
    /// The newest bucket of each hash.
    newest: BTreeMap<u64, i64>,
    /// The smallest hash that was left out, by its newest bucket.
    left_out: BTreeMap<i64, u64>,
}

impl Sketch {
    /// Adds a value that was seen in `bucket`.
    pub fn add(&mut self, bucket: i64, hash: u64) {
        let newest = self.newest.entry(hash).or_insert(bucket);
        *newest = bucket.max(*newest);
    }

    /// Adds all that another holds.
    pub fn merge(&mut self, other: &Self) {
        other.newest.iter().for_each(|(hash, bucket)| self.add(*bucket, *hash));
        for (bucket, hash) in &other.left_out {
            let least = self.left_out.entry(*bucket).or_insert(*hash);
            *least = (*hash).min(*least);
        }
    }

    /// Forgets the buckets before `first`.
    pub fn forget(&mut self, first: i64) {
        self.newest.retain(|_, bucket| *bucket >= first);
        self.left_out.retain(|bucket, _| *bucket >= first);
    }

    /// Leaves out the largest hashes beyond `limit`.
    pub fn limit(&mut self, limit: usize) {
        while self.newest.len() > limit
            && let Some((hash, bucket)) = self.newest.pop_last()
        {
            let least = self.left_out.entry(bucket).or_insert(hash);
            *least = hash.min(*least);
        }
    }

    /// How many values are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.newest.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.newest.is_empty() && self.left_out.is_empty()
    }

    /// How many different values there are among `others` and its buckets from `first` to `last`:
    /// exact as long as none of these was left out.
    #[must_use]
    pub fn distinct(&self, mut others: BTreeSet<u64>, first: i64, last: i64) -> u64 {
        let inside = |bucket: i64| (first..=last).contains(&bucket);
        let known = self.newest.iter().filter(|(_, bucket)| inside(**bucket));
        others.extend(known.map(|(hash, _)| *hash));
        let left_out = self.left_out.iter().filter(|(bucket, _)| inside(**bucket));
        match left_out.map(|(_, hash)| *hash).min() {
            None => count(others.len()),
            Some(least) => estimate(others.range(..least).count(), least),
        }
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Hashes are spread evenly: `below` of them lie under `least`, so over all there are so many.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn estimate(below: usize, least: u64) -> u64 {
    let share = least.max(1) as f64 / u64::MAX as f64;
    (below as f64 / share).round() as u64
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use ceap_kernel::hash64;

    fn hash(n: i64) -> u64 {
        hash64(&[&n.to_string()])
    }

    #[test]
    fn is_exact_until_something_is_left_out() {
        let mut sketch = Sketch::default();
        (0..900).for_each(|n| sketch.add(n % 7, hash(n % 300)));
        sketch.limit(300);
        assert_eq!(sketch.distinct(BTreeSet::new(), 0, 6), 300);
        assert_eq!(sketch.distinct([hash(0), hash(1_000)].into(), 0, 6), 301);
    }

    #[test]
    fn is_close_beyond() {
        let mut sketch = Sketch::default();
        for n in 0..50_000 {
            sketch.add(n / 1_000, hash(n));
            sketch.limit(1_024);
        }
        let all = sketch.distinct(BTreeSet::new(), 0, 49);
        assert!((45_000..55_000).contains(&all), "{all}");
        let part = sketch.distinct(BTreeSet::new(), 25, 49);
        assert!((21_000..29_000).contains(&part), "{part}");
    }

    #[test]
    fn no_order_matters() {
        let mut there = Sketch::default();
        let mut back = Sketch::default();
        for n in 0..500 {
            there.add(n % 11, hash(n % 200));
            there.limit(64);
            back.add((499 - n) % 11, hash((499 - n) % 200));
            back.limit(64);
        }
        for first in 0..11 {
            let count = |sketch: &Sketch| sketch.distinct(BTreeSet::new(), first, 10);
            assert_eq!(count(&there), count(&back), "{first}");
        }
    }
}
