//! GitHub: <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>.

use super::{Request, Scheme, header, mac, wrong};
use ceap_kernel::Fault;

/// `x-hub-signature-256: sha256=<hex>` over the body, under the webhook's secret.
#[derive(Debug)]
pub struct GitHub;

impl Scheme for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn verify(&self, secrets: &[&str], request: &Request<'_>) -> Result<(), Fault> {
        let tag = header(request, "x-hub-signature-256")?.strip_prefix("sha256=");
        let tag = tag.and_then(mac::unhex).ok_or_else(wrong)?;
        let good = secrets.iter().any(|key| mac::is(key.as_bytes(), &[request.body], &tag));
        if good { Ok(()) } else { Err(wrong()) }
    }

    /// `x-github-delivery` is not signed: whoever caught a delivery could send it again under another. What it says
    /// is, so a delivery is told by its signature, beside the name of its event, which the body does not say.
    fn id(&self, request: &Request<'_>) -> Option<String> {
        let tag = (request.header)("x-hub-signature-256")?.strip_prefix("sha256=")?;
        Some(mac::id(&mac::unhex(tag)?, (request.header)("x-github-event")))
    }
}
