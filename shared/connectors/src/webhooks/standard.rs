//! Standard Webhooks: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use super::{Request, Scheme, header, lately, mac, wrong};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_kernel::Fault;

/// `webhook-signature: v1,<base64> v1,<base64>` over `id.timestamp.body`, under the bytes of `whsec_<base64>`.
#[derive(Debug)]
pub struct StandardWebhooks;

impl Scheme for StandardWebhooks {
    fn name(&self) -> &'static str {
        "standard"
    }

    fn verify(&self, secrets: &[&str], request: &Request<'_>) -> Result<(), Fault> {
        let (id, at) = (header(request, "webhook-id")?, header(request, "webhook-timestamp")?);
        lately(at, request)?;
        let signatures = header(request, "webhook-signature")?;
        let tags = signatures.split(' ').filter_map(|it| it.strip_prefix("v1,"));
        let tags: Vec<Vec<u8>> = tags.filter_map(|it| STANDARD.decode(it).ok()).collect();
        let parts: [&[u8]; 5] = [id.as_bytes(), b".", at.as_bytes(), b".", request.body];
        let known = secrets.iter().filter_map(|secret| {
            STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok()
        });
        let mut known = known;
        let good = known.any(|key| tags.iter().any(|tag| mac::is(&key, &parts, tag)));
        if good { Ok(()) } else { Err(wrong()) }
    }

    fn id(&self, request: &Request<'_>) -> Option<String> {
        (request.header)("webhook-id").map(str::to_owned)
    }
}
