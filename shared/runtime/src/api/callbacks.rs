//! Providers that call back.

use super::{Access, Answer, Content, Group, Operation, Parameter};
use ceap_kernel::TenantId;
use serde_json::Value;

const TENANT: Parameter = Parameter::path::<TenantId>("tenant", "Whose provider.");

/// The operations.
pub const GROUP: Group = Group {
    tag: "Callbacks",
    about: "For providers, not for clients.",
    operations: &[
        Operation::new(
            "GET /v1/callbacks/whatsapp/{tenant}",
            "verifyWhatsAppCallback",
            "Answers Meta's question whether the address is meant",
            Access::Signature,
        )
        .parameters(&[
            TENANT,
            Parameter::query::<String>("hub.mode", "`subscribe`."),
            Parameter::query::<String>("hub.verify_token", "The tenant's secret for it."),
            Parameter::query::<String>("hub.challenge", "What is answered."),
        ])
        .answers(&[Answer::with(200, "The challenge.", Content::of::<String>("text/plain", ""))])
        .fails(&[401, 404]),
        Operation::new(
            "POST /v1/callbacks/whatsapp/{tenant}",
            "takeWhatsAppCallback",
            "Takes Meta's news of messages",
            Access::Signature,
        )
        .parameters(&[
            TENANT,
            Parameter::header::<String>("X-Hub-Signature-256", "HMAC of the body.").required(),
        ])
        .takes(&[Content::of::<Value>("*/*", "")])
        .answers(&[Answer::with(200, "Taken.", Content::of::<String>("text/plain", ""))])
        .fails(&[401, 404]),
    ],
};
