//! Webhooks that come in.

use super::{Access, Answer, Content, Group, Operation, Parameter};
use ceap_engagement::pipeline::accept::Accepted;
use ceap_kernel::{SourceId, TenantId};
use serde_json::Value;

/// The operations.
pub const GROUP: Group = Group {
    tag: "Webhooks",
    about: "For services that tell what happens there: at an address of each source's own.",
    operations: &[Operation::new(
        "POST /v1/webhooks/{tenant}/{source}",
        "takeWebhook",
        "Takes a webhook that its source signed",
        Access::Signature,
    )
    .about("Signed as the source says: Standard Webhooks, Shopify, Stripe or GitHub.")
    .parameters(&[
        Parameter::path::<TenantId>("tenant", "Whose source."),
        Parameter::path::<SourceId>("source", "The source."),
    ])
    .takes(&[Content::of::<Value>("*/*", "")])
    .answers(&[Answer::json::<Accepted>(200, "What was taken, and what is kept in quarantine.")])
    .fails(&[401, 404])],
};
