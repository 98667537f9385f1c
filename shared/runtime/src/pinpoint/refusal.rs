//! Errors as Pinpoint shows them.

use crate::bootstrap::log;
use crate::http::Reply;
use ceap_aws::sigv4;
use ceap_kernel::Fault;
use lambda_http::http::header::{CONTENT_LENGTH, RETRY_AFTER};
use schemars::JsonSchema;
use serde::Serialize;

/// The header that SDKs read an error's name from.
const TYPE: &str = "x-amzn-ErrorType";

/// Why a request is not answered as it wishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    status: u16,
    name: &'static str,
    message: String,
    wait_s: Option<u32>,
}

/// An error, as SDKs read it; and what a change that needs no other answer is answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[schemars(rename = "PinpointMessageBody")]
pub struct MessageBody {
    /// What is wrong, and the remedy.
    pub message: String,
    /// What the access log knows the request by.
    #[serde(rename = "RequestID")]
    pub request_id: String,
}

impl Refusal {
    fn new(status: u16, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, message: message.into(), wait_s: None }
    }

    /// For an operation that is not done here.
    pub fn not_done(name: &str, instead: &str) -> Self {
        let message = format!("{name} is not done here. Instead: {instead}");
        Self::new(405, "MethodNotAllowedException", message)
    }

    /// For what is no operation of Pinpoint's.
    pub fn no_operation() -> Self {
        let message = "this is no operation of Amazon Pinpoint's; send a credential of the platform's as \
                       `Authorization: Bearer …` to its own API (GET /v1/openapi.json)";
        Self::new(404, "NotFoundException", message)
    }

    /// For a signature that proves nothing (IAM user guide, Common errors).
    pub fn unsigned(why: sigv4::Refused) -> Self {
        match why {
            sigv4::Refused::Missing => {
                let message = "Missing Authentication Token: sign with Signature Version 4";
                Self::new(403, "MissingAuthenticationTokenException", message)
            }
            sigv4::Refused::Incomplete(why) => Self::new(400, "IncompleteSignatureException", why),
            sigv4::Refused::Wrong(why) => Self::new(403, "InvalidSignatureException", why),
        }
    }

    /// For an access key that nobody has.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::new(403, "UnrecognizedClientException", why)
    }

    /// The answer to the request `id`.
    ///
    /// # Errors
    /// `Internal` when it cannot be written.
    pub fn reply(&self, id: &str) -> Result<Reply, Fault> {
        let (message, request_id) = (self.message.clone(), id.to_owned());
        let reply = Reply::json(self.status, &MessageBody { message, request_id })?;
        let reply = reply.header(TYPE, self.name).header("x-amzn-RequestId", id);
        Ok(match self.wait_s {
            Some(seconds) => reply.header(RETRY_AFTER.as_str(), seconds.to_string()),
            None => reply,
        })
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        if fault.status() >= 500 {
            log("pinpoint", &fault);
        }
        let (message, wait_s) = (fault.public(), fault.wait_s());
        let refusal = match fault {
            Fault::Invalid { field, .. } if field == CONTENT_LENGTH.as_str() => {
                Self::new(413, "PayloadTooLargeException", message)
            }
            Fault::Invalid { .. } => Self::new(400, "BadRequestException", message),
            Fault::Unauthorized(_) => Self::unknown(message),
            Fault::Forbidden(_) => Self::new(403, "ForbiddenException", message),
            Fault::NotFound(_) => Self::new(404, "NotFoundException", message),
            Fault::Throttled(_) | Fault::Limited(_) => {
                Self::new(429, "TooManyRequestsException", message)
            }
            // SDKs send again what is answered so.
            Fault::Conflict(_) | Fault::Unavailable(_) => {
                Self::new(503, "ServiceUnavailableException", message)
            }
            Fault::Internal(_) => Self::new(500, "InternalServerErrorException", message),
        };
        // A conflict is answered as if something did not answer.
        Self { wait_s: wait_s.or_else(|| (refusal.status == 503).then_some(1)), ..refusal }
    }
}
