//! The item catalogue: what can be recommended, with attributes and availability.

pub mod catalogue;

use ceap_kernel::{Fault, ItemId, TenantId};
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// Bytes of an item as JSON: several of them go through the workflow with each candidate.
pub const MAX_BYTES: usize = 2 * 1024;

/// Bytes of a name.
const MAX_NAME: usize = 200;

/// A product, a video, a place: whatever is recommended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// As events name it.
    pub id: ItemId,
    /// What people call it. Not personal data: reasons and messages to others show it.
    pub name: String,
    /// Where it is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether it can be had now; what cannot is recommended to nobody.
    #[serde(default = "yes")]
    pub available: bool,
    /// What else messages show: a price, a picture.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Value>,
}

const fn yes() -> bool {
    true
}

impl Item {
    /// Checks what the types alone do not; `field` is its place.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn check(&self, field: &str) -> Result<(), Fault> {
        let refuse = |part: &str, rule: String| Fault::invalid(format!("{field}{part}"), rule);
        if self.name.trim().is_empty() || self.name.len() > MAX_NAME {
            return Err(refuse(".name", format!("must be 1 to {MAX_NAME} bytes of text")));
        }
        let web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        if self.url.as_ref().is_some_and(|url| !web(url)) {
            return Err(refuse(".url", "must start with https:// or http://".to_owned()));
        }
        let bytes = serde_json::to_vec(self).map_or(usize::MAX, |json| json.len());
        if bytes > MAX_BYTES {
            let rule = format!("takes {bytes} bytes as JSON; it must be at most {MAX_BYTES}");
            return Err(refuse("", rule));
        }
        Ok(())
    }
}

/// Reads items for those who recommend them.
pub trait Items: fmt::Debug + Send + Sync {
    /// Those of these ids that there are, by id.
    ///
    /// Fails with `Unavailable` or `Throttled`.
    fn get_many<'a>(
        &'a self,
        tenant: &'a TenantId,
        ids: &'a [ItemId],
    ) -> BoxFuture<'a, Result<BTreeMap<ItemId, Item>, Fault>>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case(json!({"id": "a", "name": "Kettle"}), None)]
    #[case(json!({"id": "a", "name": "Kettle", "url": "https://x.example/a", "available": false,
                  "attributes": {"price": 9.5}}), None)]
    #[case(json!({"id": "a", "name": " "}), Some("items[0].name"))]
    #[case(json!({"id": "a", "name": "Kettle", "url": "javascript:alert(1)"}), Some("items[0].url"))]
    #[case(json!({"id": "a", "name": "Kettle", "attributes": {"x": "y".repeat(3000)}}),
           Some("items[0]"))]
    fn an_item_is_small_and_leads_to_the_web(#[case] item: Value, #[case] refused: Option<&str>) {
        let item: Item = serde_json::from_value(item).unwrap();
        match (item.check("items[0]"), refused) {
            (Ok(()), None) => {}
            (Err(Fault::Invalid { field, .. }), Some(at)) => assert_eq!(field, at),
            (other, _) => panic!("{other:?}"),
        }
    }
}
