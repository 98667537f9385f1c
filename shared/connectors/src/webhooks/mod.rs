//! Webhooks that come in: who sent them, by the signature that each sender makes in its own way.
//!
//! One file for each scheme, one line each in [`SCHEMES`].

mod github;
mod mac;
mod shopify;
mod standard;
mod stripe;
#[cfg(test)]
mod tests;

use ceap_kernel::{Fault, SignedDuration, Timestamp};

/// How old a signed instant may be, and how far ahead: what it protects from is a request that is sent again
/// by somebody else.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// A request as it came.
pub struct Request<'a> {
    /// A header, by its name in lower case.
    pub header: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The body as it was signed: not decoded, not parsed.
    pub body: &'a [u8],
    /// When it came.
    pub at: Timestamp,
}

/// A way of signing requests.
pub trait Scheme: Sync {
    /// Its name in documents.
    fn name(&self) -> &'static str;

    /// Whether a holder of one of `secrets` signed the request, lately where it says when.
    ///
    /// # Errors
    /// `Unauthorized`, saying which header is missing, too old or wrong.
    fn verify(&self, secrets: &[&str], request: &Request<'_>) -> Result<(), Fault>;

    /// What the sender calls this delivery: the same when it sends it again.
    fn id(&self, request: &Request<'_>) -> Option<String>;
}

/// Every scheme.
pub const SCHEMES: &[&dyn Scheme] =
    &[&standard::StandardWebhooks, &shopify::Shopify, &stripe::Stripe, &github::GitHub];

/// The scheme `name`.
#[must_use]
pub fn scheme(name: &str) -> Option<&'static dyn Scheme> {
    SCHEMES.iter().copied().find(|scheme| scheme.name() == name)
}

fn refused(message: impl Into<String>) -> Fault {
    Fault::Unauthorized(message.into())
}

fn header<'a>(request: &Request<'a>, name: &str) -> Result<&'a str, Fault> {
    (request.header)(name).ok_or_else(|| refused(format!("the header `{name}` is missing")))
}

/// An instant in seconds since 1970 that is about now.
fn lately(text: &str, request: &Request<'_>) -> Result<(), Fault> {
    let signed = text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let signed = signed.ok_or_else(|| refused("the signed time is no number of seconds"))?;
    if request.at.duration_since(signed).abs() > TOLERANCE {
        return Err(refused("the signed time is more than 5 minutes from now"));
    }
    Ok(())
}

fn wrong() -> Fault {
    refused("the signature is not one of this source's secret")
}
