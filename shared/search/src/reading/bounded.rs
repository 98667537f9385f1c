//! What was used last, as much as there is room for.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

/// Values by key, up to a weight in all; those go first that were not used for longest.
pub struct Bounded<K, V> {
    most: u64,
    weight: u64,
    uses: u64,
    values: HashMap<K, (V, u64, u64)>,
    order: BTreeMap<u64, K>,
}

impl<K: Clone + Eq + Hash, V: Clone> Bounded<K, V> {
    /// Room for values of so much weight.
    pub fn new(most: u64) -> Self {
        Self { most, weight: 0, uses: 0, values: HashMap::new(), order: BTreeMap::new() }
    }

    /// The value at `key`, which counts as used.
    pub fn get(&mut self, key: &K) -> Option<V> {
        self.uses = self.uses.saturating_add(1);
        let (value, _, used) = self.values.get_mut(key)?;
        self.order.remove(used);
        *used = self.uses;
        self.order.insert(self.uses, key.clone());
        Some(value.clone())
    }

    /// Keeps a value, and tells what had to go for it: itself, if there is no room for it at all.
    pub fn put(&mut self, key: K, value: V, weight: u64) -> Vec<K> {
        if weight > self.most {
            return vec![key];
        }
        self.remove(&key);
        self.uses = self.uses.saturating_add(1);
        self.weight = self.weight.saturating_add(weight);
        self.order.insert(self.uses, key.clone());
        self.values.insert(key, (value, weight, self.uses));
        let mut gone = Vec::new();
        while self.weight > self.most {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.forget(&oldest);
            gone.push(oldest);
        }
        gone
    }

    /// Takes a value away.
    pub fn remove(&mut self, key: &K) {
        if let Some(used) = self.forget(key) {
            self.order.remove(&used);
        }
    }

    fn forget(&mut self, key: &K) -> Option<u64> {
        let (_, weight, used) = self.values.remove(key)?;
        self.weight = self.weight.saturating_sub(weight);
        Some(used)
    }

    /// The weight of all values.
    pub fn weight(&self) -> u64 {
        self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_goes_first() {
        let mut bounded = Bounded::new(10);
        assert!(bounded.put('a', 1, 4).is_empty());
        assert!(bounded.put('b', 2, 4).is_empty());
        assert_eq!(bounded.get(&'a'), Some(1));
        assert_eq!(bounded.put('c', 3, 4), ['b']);
        assert_eq!((bounded.get(&'b'), bounded.weight()), (None, 8));
        assert_eq!(bounded.put('d', 4, 11), ['d']);
        assert_eq!(bounded.put('a', 5, 6), [] as [char; 0]);
        assert_eq!((bounded.get(&'a'), bounded.weight()), (Some(5), 10));
    }
}
