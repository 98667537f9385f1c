//! Connectors bring data in. One file each, one line each in [`CONNECTORS`]; `cargo xtask new
//! connector NAME` writes both. Those that ask, in place of being sent to, are [`http_poll`] and [`snowflake`].

pub mod cloudevents;
pub mod feeds;
pub mod http_poll;
pub mod jitsu;
mod name;
mod outcome;
pub mod pinpoint;
pub mod receipts;
pub mod segment;
pub mod snowflake;
pub mod webhooks;

use ceap_engagement::pipeline::accept::Decoded;
use ceap_kernel::{Fault, Timestamp};

/// Items of one payload.
pub const MAX_ITEMS: usize = 500;

/// What came in, and how.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// Its content type, as it was sent.
    pub content_type: &'a str,
    /// What it came with: headers by their names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
    /// What it is.
    pub body: &'a [u8],
    /// The source of events that name none of their own.
    pub source: &'a str,
    /// When it arrived.
    pub arrived: Timestamp,
}

impl<'a> Payload<'a> {
    /// The media type, in lower case and without parameters (RFC 9110 §8.3.1).
    #[must_use]
    pub fn media_type(&self) -> String {
        let media = self.content_type.split(';').next().unwrap_or_default();
        media.trim().to_ascii_lowercase()
    }

    /// A header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// Turns a payload into events.
pub trait Connector: Sync {
    /// Its name in paths (`/v1/connectors/{name}`) and metrics.
    fn name(&self) -> &'static str;

    /// Decodes a payload. An item that is no event is returned as such, with its reason, beside the
    /// good ones.
    ///
    /// # Errors
    /// `Invalid` when the payload as a whole can't be read.
    fn decode(&self, payload: &Payload<'_>) -> Result<Vec<Decoded>, Fault>;
}

/// Every connector.
pub const CONNECTORS: &[&dyn Connector] =
    &[&cloudevents::CloudEvents, &jitsu::Jitsu, &segment::Segment];

/// The connector `name`.
///
/// # Errors
/// `NotFound`, naming those there are.
pub fn find(name: &str) -> Result<&'static dyn Connector, Fault> {
    CONNECTORS.iter().copied().find(|connector| connector.name() == name).ok_or_else(|| {
        let names: Vec<&str> = CONNECTORS.iter().map(|connector| connector.name()).collect();
        Fault::NotFound(format!("there is no connector `{name}`; there are {}", names.join(", ")))
    })
}
