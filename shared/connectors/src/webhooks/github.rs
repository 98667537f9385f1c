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

    fn id(&self, request: &Request<'_>) -> Option<String> {
        (request.header)("x-github-delivery").map(str::to_owned)
    }
}
