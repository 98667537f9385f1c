//! Deterministic names: the same facts always make the same id, on every retry and every machine.

use sha2::{Digest, Sha256};

fn sha256(parts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        // The length keeps ("ab", "c") apart from ("a", "bc").
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}

/// 32 lowercase hexadecimal digits (128 bits of SHA-256) over the parts in their order.
#[must_use]
pub fn digest(parts: &[&str]) -> String {
    use std::fmt::Write;
    sha256(parts).iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// 64 bits of SHA-256 over the parts in their order. Among the 1,000 keys that one subject
/// remembers, the chance that a new key meets another by accident is 1,000 / 2^64.
#[must_use]
pub fn hash64(parts: &[&str]) -> u64 {
    sha256(parts).iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_between_parts_counts() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_ne!(hash64(&["ab", "c"]), hash64(&["a", "bc"]));
        assert_eq!(digest(&["a"]).len(), 32);
    }
}
