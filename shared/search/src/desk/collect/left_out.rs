//! Documents that are left out.

/// Words of 64 bits of a mask, at least; otherwise one for each number.
const LEAST: usize = 64;

/// Numbers of documents, such that most others are told from them by one look at a mask.
#[derive(Debug)]
pub struct LeftOut {
    sorted: Vec<u64>,
    mask: Vec<u64>,
}

impl LeftOut {
    /// These.
    pub fn new(numbers: impl Iterator<Item = u64>) -> Self {
        let mut sorted: Vec<u64> = numbers.collect();
        sorted.sort_unstable();
        let words = sorted.len().max(LEAST).next_power_of_two();
        let mut mask = vec![0_u64; words];
        for number in &sorted {
            let (word, bit) = spot(*number, words);
            if let Some(word) = mask.get_mut(word) {
                *word |= bit;
            }
        }
        Self { sorted, mask }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// Whether it is one of them; it is only asked for its number if there are any.
    pub fn has(&self, number: impl FnOnce() -> u64) -> bool {
        if self.sorted.is_empty() {
            return false;
        }
        let number = number();
        let (word, bit) = spot(number, self.mask.len());
        let may = self.mask.get(word).is_some_and(|word| word & bit != 0);
        may && self.sorted.binary_search(&number).is_ok()
    }
}

/// Fibonacci hashing: neighbours are far from each other.
const fn spot(number: u64, words: usize) -> (usize, u64) {
    let hash = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    // The highest bits are the best; there are a power of two words.
    let word = (hash >> 32) as usize & words.saturating_sub(1);
    (word, 1 << (hash >> 58))
}
