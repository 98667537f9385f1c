//! Stripe: <https://docs.stripe.com/webhooks/signature#verify-manually>.

use super::{Request, Scheme, header, lately, mac, refused, wrong};
use ceap_kernel::Fault;
use serde_json::Value;

/// `stripe-signature: t=<seconds>,v1=<hex>,v1=<hex>` over `t.body`, under the endpoint's secret as it is written.
#[derive(Debug)]
pub struct Stripe;

impl Scheme for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn verify(&self, secrets: &[&str], request: &Request<'_>) -> Result<(), Fault> {
        let parts = header(request, "stripe-signature")?.split(',');
        let fields: Vec<(&str, &str)> =
            parts.filter_map(|part| part.trim().split_once('=')).collect();
        let at = fields.iter().find(|(name, _)| *name == "t").map(|(_, at)| *at);
        let at = at.ok_or_else(|| refused("`stripe-signature` names no time"))?;
        lately(at, request)?;
        let signed: [&[u8]; 3] = [at.as_bytes(), b".", request.body];
        let tags = fields.iter().filter(|(name, _)| *name == "v1");
        let tags: Vec<Vec<u8>> = tags.filter_map(|(_, tag)| mac::unhex(tag)).collect();
        let is = |key: &&str| tags.iter().any(|tag| mac::is(key.as_bytes(), &signed, tag));
        if secrets.iter().any(is) { Ok(()) } else { Err(wrong()) }
    }

    /// The event's own id: Stripe sends the same event again under it.
    fn id(&self, request: &Request<'_>) -> Option<String> {
        let body: Value = serde_json::from_slice(request.body).ok()?;
        body.get("id")?.as_str().map(str::to_owned)
    }
}
