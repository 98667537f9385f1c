//! For tests: a server to ask, a message to send, secrets to sign with.

use ceap_engagement::message::Dispatch;
use ceap_engagement::secret::{Secret, Secrets};
use ceap_kernel::{Fault, TenantId};
pub use ceap_testkit::server::{Asked, Reply, Server};
use serde_json::json;
use std::collections::BTreeMap;

/// A message to `to`.
pub fn dispatch(channel: &str, to: &str) -> Dispatch {
    serde_json::from_value(json!({
        "tenant": "acme",
        "id": "7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00",
        "use_case": "abandoned-cart",
        "subject": "customer-1",
        "purpose": "marketing",
        "channel": channel,
        "to": to,
        "content": {"text": "Tom & <b>Jerry</b>"},
        "at": "2026-11-21T10:00:00Z",
        "expires_at": "2026-11-22T10:00:00Z",
    }))
    .unwrap()
}

/// Secrets by name; with one called `down`, none can be read.
pub struct Known(BTreeMap<String, String>);

pub fn secrets(known: &[(&str, &str)]) -> Known {
    Known(known.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
}

impl Secrets for Known {
    async fn get(&self, tenant: &TenantId, name: &str) -> Result<Secret, Fault> {
        assert_eq!(tenant.as_str(), "acme");
        if self.0.contains_key("down") {
            return Err(Fault::Unavailable("Decrypt: no answer".to_owned()));
        }
        let missing = || Fault::NotFound(format!("there is no secret `{name}`"));
        self.0.get(name).map(Secret::new).ok_or_else(missing)
    }
}
