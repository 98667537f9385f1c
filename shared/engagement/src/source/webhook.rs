//! Webhooks as sources: who signs them, and how what they hold becomes events.

use super::mapping::{Mapping, MappingDocument, Row};
use crate::condition::{Bound, Expression, names};
use crate::pipeline::accept::Decoded;
use ceap_kernel::{Fault, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Items of one webhook: as of every payload over HTTP.
const MAX_ITEMS: usize = 500;

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

/// A sender of webhooks, ready to be read.
#[derive(Debug)]
pub struct Webhook {
    each: Option<Expression>,
    mapping: Mapping,
}

impl Webhook {
    /// Compiles `document`.
    ///
    /// # Errors
    /// `Invalid`, naming the field and the remedy.
    pub fn compile(document: &WebhookSource) -> Result<Self, Fault> {
        let shaped = document.secret.len() <= MAX_NAME
            && document.secret.strip_prefix(SECRET).is_some_and(|rest| !rest.is_empty())
            && document
                .secret
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !shaped {
            let message = format!("must be the name of a secret that begins with `{SECRET}`");
            return Err(Fault::invalid("secret", message));
        }
        let each = document.each.as_deref();
        let each =
            each.map(|each| Expression::compile_with("each", each, names::ROW)).transpose()?;
        Ok(Self { each, mapping: Mapping::compile(&document.mapping)? })
    }

    /// The events of one webhook; items that make none, each with its reason.
    ///
    /// # Errors
    /// `Invalid` when the body is no JSON, or holds no list where one is to be.
    pub fn events(&self, delivery: &Delivery<'_>) -> Result<Vec<Decoded>, Fault> {
        let body: Value = serde_json::from_slice(delivery.body)
            .map_err(|error| Fault::invalid("body", format!("must be JSON: {error}")))?;
        let items = match &self.each {
            None => vec![body],
            Some(each) => match each.value(&Whole { body: &body, headers: delivery.headers })? {
                Some(Value::Array(items)) if items.len() <= MAX_ITEMS => items,
                Some(Value::Array(items)) => {
                    let message =
                        format!("holds {} items; at most {MAX_ITEMS} are taken", items.len());
                    return Err(Fault::invalid("body", message));
                }
                _ => return Err(Fault::invalid("body", "holds no list where `each` says")),
            },
        };
        let alone = self.each.is_none();
        let mut decoded = Vec::with_capacity(items.len());
        for (nth, item) in items.into_iter().enumerate() {
            let id = if alone { delivery.id.to_owned() } else { format!("{}#{nth}", delivery.id) };
            let (headers, source, arrived) = (delivery.headers, delivery.source, delivery.arrived);
            match self.mapping.event(&Row { row: &item, headers, id: &id, source, arrived }) {
                Ok(event) => decoded.extend(event.map(Decoded::Event)),
                Err(fault) => decoded.push(Decoded::Bad { fault, payload: item }),
            }
        }
        Ok(decoded)
    }
}

/// A webhook as it came.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Its body.
    pub body: &'a [u8],
    /// Its headers, by their names in lower case.
    pub headers: &'a Value,
    /// What its sender calls it, the same when it sends it again.
    pub id: &'a str,
    /// The source that its events name.
    pub source: &'a str,
    /// When it came.
    pub arrived: Timestamp,
}

struct Whole<'a> {
    body: &'a Value,
    headers: &'a Value,
}

impl Bound for Whole<'_> {
    fn get(&self, name: &str) -> &Value {
        match name {
            "row" => self.body,
            _ => self.headers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn webhook(more: &Value) -> Result<Webhook, Fault> {
        let mut document = json!({"signature": "shopify", "secret": "source_shop", "mapping": {
            "type": "'order_placed'", "subject": "row.customer", "data": {"value": "double(row.total)"}}});
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Webhook::compile(&serde_json::from_value(document).unwrap())
    }

    fn events(webhook: &Webhook, body: &str) -> Result<Vec<Decoded>, Fault> {
        let headers = json!({"x-shopify-topic": "orders/create"});
        let arrived = "2026-11-21T12:00:00Z".parse().unwrap();
        let (body, headers) = (body.as_bytes(), &headers);
        webhook.events(&Delivery { body, headers, id: "d1", source: "shop", arrived })
    }

    fn id(decoded: &Decoded) -> &str {
        match decoded {
            Decoded::Event(event) => &event.id,
            Decoded::Bad { .. } => "bad",
        }
    }

    #[test]
    fn a_body_is_one_event_or_a_list_of_them() {
        let one =
            events(&webhook(&json!({})).unwrap(), r#"{"customer": 7, "total": "9.50"}"#).unwrap();
        assert_eq!(one.iter().map(id).collect::<Vec<_>>(), ["d1"]);
        let many = webhook(&json!({"each": "row.orders"})).unwrap();
        let body = r#"{"orders": [{"customer": "a", "total": 1}, {"total": 2}, {"customer": "c", "total": "x"}]}"#;
        let found = events(&many, body).unwrap();
        assert_eq!(found.iter().map(id).collect::<Vec<_>>(), ["d1#0", "bad", "bad"]);
        for body in ["<html>", "", "{\"orders\": 5}", "{}"] {
            assert!(events(&many, body).unwrap_err().to_string().starts_with("body: "), "{body}");
        }
    }

    #[rstest]
    #[case(json!({"secret": "whatsapp_app_secret"}), "secret: ")]
    #[case(json!({"secret": "source_"}), "secret: ")]
    #[case(json!({"each": "row.("}), "each: ")]
    #[case(json!({"mapping": {"type": "'a'", "subject": "profile.x"}}), "mapping.subject: ")]
    fn what_can_not_be_is_refused(#[case] more: Value, #[case] said: &str) {
        let refused = webhook(&more).unwrap_err().to_string();
        assert!(refused.starts_with(said), "{refused}");
    }
}
