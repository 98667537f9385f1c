//! What a row is known by.

use crate::canonical::canonical;
use ceap_kernel::{digest, hash64};
use serde_json::Value;

/// What tells a row from others of its source, if its mapping does not say: a digest of what it holds. So rows that
/// come again, from windows that overlap and from pages that are read again, are the same event; rows that hold the
/// same, each column, are one.
#[must_use]
pub fn known_by(row: &Value) -> String {
    digest(&["row", &canonical(row)])
}

/// The same in 16 digits, to remember many.
#[must_use]
pub fn key(row: &Value) -> String {
    format!("{:016x}", hash64(&["row", &canonical(row)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_holds_the_same_is_the_same() {
        let one: Value =
            serde_json::from_str(r#"{"a": 1, "b": {"c": [1, "x"], "d": null}}"#).unwrap();
        let two: Value =
            serde_json::from_str(r#"{"b": {"d": null, "c": [1, "x"]}, "a": 1}"#).unwrap();
        assert_eq!((known_by(&one), key(&one)), (known_by(&two), key(&two)));
        for other in
            [json!({"a": "1"}), json!({"a": 1, "b": {"c": [1, "x,"], "d": null}}), json!(1)]
        {
            assert_ne!(known_by(&one), known_by(&other));
        }
    }
}
