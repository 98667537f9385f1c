//! Secrets of a tenant: what its channels sign with and log in with.

use ceap_kernel::{Fault, TenantId};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::fmt;

/// Bytes of one secret: what KMS encrypts in one call (KMS API reference, `Encrypt`).
const MAX_BYTES: usize = 4096;

/// Bytes of a secret's name.
const NAME_BYTES: usize = 64;

/// A secret's text. It is not printed, and not serialized.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, to use and not to keep.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Of anything but text, the error says nothing about the value, which serde's own would quote.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            _ => Err(D::Error::custom("must be text")),
        }
    }
}

/// Reads secrets.
#[allow(async_fn_in_trait)]
pub trait Secrets {
    /// The tenant's secret `name`; it may be a minute old.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no such secret, which asking again will not change;
    /// `Unavailable`, `Throttled` or `Internal` when it could not be read.
    async fn get(&self, tenant: &TenantId, name: &str) -> Result<Secret, Fault>;
}

/// Keeps secrets.
#[allow(async_fn_in_trait)]
pub trait SecretKeeper {
    /// Keeps the tenant's secret `name`, in place of the one before.
    ///
    /// # Errors
    /// `Unavailable`, `Throttled` or `Internal`.
    async fn keep(&self, tenant: &TenantId, name: &str, secret: &Secret) -> Result<(), Fault>;

    /// Forgets the tenant's secret `name`; there need not be one.
    ///
    /// # Errors
    /// `Unavailable`, `Throttled` or `Internal`.
    async fn forget(&self, tenant: &TenantId, name: &str) -> Result<(), Fault>;
}

/// Checks a secret's name: it is part of a key, and of what is encrypted.
///
/// # Errors
/// `Invalid`, naming the rule.
pub fn check_name(name: &str) -> Result<(), Fault> {
    let shaped = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= NAME_BYTES
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if shaped {
        Ok(())
    } else {
        Err(Fault::invalid(
            "name",
            "must be 1 to 64 lowercase letters, digits and underscores, as slack_bot_token",
        ))
    }
}

/// Checks a secret's text.
///
/// # Errors
/// `Invalid`, naming the rule and not the text.
pub fn check(secret: &Secret) -> Result<(), Fault> {
    let text = secret.reveal();
    if text.is_empty() || text.len() > MAX_BYTES || text.chars().any(char::is_control) {
        return Err(Fault::invalid(
            "value",
            "must be 1 to 4096 bytes of text without control characters, or null to forget it",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[test]
    fn is_not_printed() {
        assert_eq!(format!("{:?}", Some(Secret::new("xoxb-1"))), "Some(Secret(…))");
    }

    #[rstest]
    #[case(json!(81_234))]
    #[case(json!(-81_234))]
    #[case(json!(81_234.5))]
    #[case(json!(["81234"]))]
    #[case(json!({"81234": "81234"}))]
    fn errors_do_not_quote_it(#[case] value: Value) {
        let error = serde_json::from_value::<Secret>(value).unwrap_err().to_string();
        assert!(!error.contains("81"), "{error}");
    }

    #[rstest]
    #[case("slack_bot_token", true)]
    #[case("", false)]
    #[case("Slack", false)]
    #[case("a#b", false)]
    fn names(#[case] name: &str, #[case] good: bool) {
        assert_eq!(check_name(name).is_ok(), good);
    }

    #[test]
    fn texts() {
        assert!(check(&Secret::new("whsec_a whsec_b")).is_ok());
        for bad in ["", "a\nb", &"x".repeat(4097)] {
            let fault = check(&Secret::new(bad)).unwrap_err();
            assert!(fault.to_string().starts_with("value: must be 1 to 4096"), "{fault}");
        }
    }
}
