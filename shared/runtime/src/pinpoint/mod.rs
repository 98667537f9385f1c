//! Amazon Pinpoint's API, for AWS SDKs as they are: only their endpoint and their credentials change.
//!
//! Every request is signed (Signature Version 4) with the secret of one source's access key; the source is the
//! application that paths name. Errors are Pinpoint's: a status, `x-amzn-ErrorType`, and
//! `{"Message": …, "RequestID": …}`, of which SDKs make exceptions.

mod access;
mod endpoints;
mod messages;
mod refusal;

pub use access::{Caller, Gate};
pub use endpoints::Facade;
pub use messages::{Asks, Senders};
pub use refusal::MessageBody;

use crate::api::{self, Access};
use crate::http::{Asked, Reply};
use ceap_aws::sigv4;
use ceap_connectors::pinpoint::operations;
use ceap_kernel::{Fault, digest};
use refusal::Refusal;

/// The header under which an SDK sends one call again (AWS SDKs and Tools reference guide, Retry behavior).
const INVOCATION: &str = "amz-sdk-invocation-id";

/// What a request that an AWS SDK signed is answered at routes that are none of Pinpoint's: what its caller is to
/// use instead. None for all other requests.
pub(crate) fn elsewhere(asked: &Asked) -> Option<Result<Reply, Fault>> {
    let signed = asked.header("authorization")?.starts_with(sigv4::ALGORITHM);
    let ours = || api::find(&asked.route()).is_some_and(|it| matches!(it.access, Access::SigV4));
    if !signed || ours() {
        return None;
    }
    let refusal = match operations::find(asked.method(), asked.raw_path()) {
        Some(operations::Operation { name, instead: Some(instead), .. }) => {
            Refusal::not_done(name, instead)
        }
        _ => Refusal::no_operation(),
    };
    Some(refusal.reply(&request_id(asked)))
}

/// What the access log knows the request by.
fn request_id(asked: &Asked) -> String {
    asked.request_id().unwrap_or_default().to_owned()
}

/// What tells one call from the next, however often its SDK makes it; without its header, what arrived at one
/// instant.
fn invocation(asked: &Asked, at: ceap_kernel::Timestamp) -> String {
    let given = asked.header(INVOCATION).filter(|id| !id.is_empty() && id.len() <= 128);
    given.map_or_else(|| digest(&["at", &at.as_nanosecond().to_string()]), str::to_owned)
}

#[cfg(test)]
mod tests;
