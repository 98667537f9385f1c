//! Webhooks as sources: who signs them, and how what they hold becomes events.

use super::mapping::MappingDocument;
use super::unpack::Unpack;
use ceap_kernel::Fault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the name of a source's secret begins with: only such names are read to verify webhooks.
pub const SECRET: &str = "source_";

/// Bytes of that name.
const MAX_NAME: usize = 64;

/// How a sender signs its webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// [Standard Webhooks](https://www.standardwebhooks.com/).
    Standard,
    /// Shopify.
    Shopify,
    /// Stripe.
    Stripe,
    /// GitHub, and those who sign as it does.
    Github,
}

impl Signature {
    /// As documents write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Shopify => "shopify",
            Self::Stripe => "stripe",
            Self::Github => "github",
        }
    }
}

/// A sender of webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSource {
    /// How it signs them.
    pub signature: Signature,
    /// The name of the tenant's secret that it signs with: `source_shop`. While it is changed, the secret
    /// holds both, with a space between.
    pub secret: String,
    /// A CEL expression over `row`, the body: the list of items that each become an event. Without it, the
    /// body is the one item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
    /// How an item becomes an event.
    pub mapping: MappingDocument,
}

impl WebhookSource {
    /// Compiles how its webhooks become events.
    ///
    /// # Errors
    /// `Invalid`, naming the field and the remedy.
    pub fn compile(&self) -> Result<Unpack, Fault> {
        let shaped = self.secret.len() <= MAX_NAME
            && self.secret.strip_prefix(SECRET).is_some_and(|rest| !rest.is_empty())
            && self
                .secret
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !shaped {
            let message = format!("must be the name of a secret that begins with `{SECRET}`");
            return Err(Fault::invalid("secret", message));
        }
        Unpack::compile(self.each.as_deref(), &self.mapping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case(json!({"secret": "whatsapp_app_secret"}), "secret: ")]
    #[case(json!({"secret": "source_"}), "secret: ")]
    #[case(json!({"each": "row.("}), "each: ")]
    #[case(json!({"mapping": {"type": "'a'", "subject": "profile.x"}}), "mapping.subject: ")]
    fn what_can_not_be_is_refused(#[case] more: Value, #[case] said: &str) {
        let mut document = json!({"signature": "shopify", "secret": "source_shop", "mapping": {
            "type": "'order_placed'", "subject": "row.customer"}});
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let source: WebhookSource = serde_json::from_value(document).unwrap();
        let refused = source.compile().unwrap_err().to_string();
        assert!(refused.starts_with(said), "{refused}");
    }
}
