//! Shopify: <https://shopify.dev/docs/apps/build/webhooks/subscribe/https#step-2-validate-the-origin-of-your-webhook-to-ensure-its-coming-from-shopify>.

use super::{Request, Scheme, header, mac, wrong};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_kernel::Fault;

/// `x-shopify-hmac-sha256: <base64>` over the body, under the app's client secret.
#[derive(Debug)]
pub struct Shopify;

impl Scheme for Shopify {
    fn name(&self) -> &'static str {
        "shopify"
    }

    fn verify(&self, secrets: &[&str], request: &Request<'_>) -> Result<(), Fault> {
        let tag =
            STANDARD.decode(header(request, "x-shopify-hmac-sha256")?).map_err(|_| wrong())?;
        let good = secrets.iter().any(|key| mac::is(key.as_bytes(), &[request.body], &tag));
        if good { Ok(()) } else { Err(wrong()) }
    }

    /// `x-shopify-webhook-id` is not signed: whoever caught a delivery could send it again under another. What it says
    /// is, so a delivery is told by its signature, beside its topic: of one order several tell the same.
    fn id(&self, request: &Request<'_>) -> Option<String> {
        let tag = STANDARD.decode((request.header)("x-shopify-hmac-sha256")?).ok()?;
        Some(mac::id(&tag, (request.header)("x-shopify-topic")))
    }
}
