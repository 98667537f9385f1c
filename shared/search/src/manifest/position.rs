//! Where in a source a change stands.

use std::{cmp::Ordering, fmt};

use serde::{Deserialize, Serialize};

/// Where in a source a change stands: a decimal number of any length, as streams count their records (a sequence number
/// of Kinesis has 56 digits).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(String);

impl Position {
    /// The position with these digits; `None` if there are others than digits, or none.
    #[must_use]
    pub fn new(digits: &str) -> Option<Self> {
        let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        number.then(|| Self(digits.trim_start_matches('0').to_owned()))
    }

    /// The number, if it is no larger than one of 64 bits.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        if self.0.is_empty() { Some(0) } else { self.0.parse().ok() }
    }
}

impl From<u64> for Position {
    fn from(number: u64) -> Self {
        Self(number.to_string().trim_start_matches('0').to_owned())
    }
}

impl Ord for Position {
    fn cmp(&self, other: &Self) -> Ordering {
        // Without leading zeros, the longer number is the larger.
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Position {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "0" } else { &self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_numbers() {
        let at = |digits: &str| Position::new(digits).unwrap();
        assert!(at("9") < at("10"));
        assert!(at("49590338271490256608559692538361571095921575989136588898") > at("5"));
        assert_eq!(at("007"), Position::from(7));
        assert_eq!((Position::new(""), Position::new("1a")), (None, None));
        assert_eq!(Position::from(0).to_string(), "0");
        assert_eq!((at("0").number(), at("7").number()), (Some(0), Some(7)));
        assert_eq!(at("18446744073709551616").number(), None);
    }
}
