//! What is kept of one field of one event.

use crate::canonical::canonical;
use ceap_kernel::hash64;
use serde_json::Value;

/// Numbers that features compute with lie between this and its negative: their squares can be added
/// up without end and stay finite.
pub const MAX_NUMBER: f64 = 1e100;

/// Bytes of a value, as JSON, that a feature can keep as it is.
pub const MAX_VALUE_BYTES: usize = 256;

/// In which form a field is kept: the smallest that answers what its features ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// As a number.
    Number,
    /// As a hash: only whether it is the same matters.
    Hash,
    /// As it is.
    Value,
}

impl Keep {
    /// The form that answers both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::Value }
    }
}

/// What is kept of one field of one event.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Its number.
    Number(f64),
    /// The hash of its JSON.
    Hash(u64),
    /// It, as it is.
    Value(Value),
}

impl Cell {
    /// What is kept of `value`; none when it is absent, null, or no number where one is kept.
    #[must_use]
    pub fn of(value: Option<&Value>, keep: Keep) -> Option<Self> {
        let value = value.filter(|value| !value.is_null())?;
        match keep {
            Keep::Number => computable(value).map(Self::Number),
            Keep::Hash => Some(Self::Hash(hash(value))),
            Keep::Value => Some(Self::Value(value.clone())),
        }
    }

    /// As a number.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Value(value) => computable(value),
            Self::Hash(_) => None,
        }
    }

    /// What tells it apart from others.
    #[must_use]
    pub fn hash(&self) -> u64 {
        match self {
            Self::Number(number) => hash(&Value::from(*number)),
            Self::Hash(hash) => *hash,
            Self::Value(value) => hash(value),
        }
    }

    /// As it was, where it is kept so.
    #[must_use]
    pub fn value(&self) -> Option<Value> {
        match self {
            Self::Number(number) => Some(Value::from(*number)),
            Self::Value(value) => Some(value.clone()),
            Self::Hash(_) => None,
        }
    }
}

/// The number that features compute with, if `value` is one. There is one zero.
#[must_use]
pub fn computable(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.abs() <= MAX_NUMBER).map(|number| number + 0.0)
}

fn hash(value: &Value) -> u64 {
    hash64(&[&canonical(value)])
}
