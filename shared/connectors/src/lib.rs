//! Connectors bring data in. One file each, one line each in [`CONNECTORS`]; `cargo xtask new
//! connector NAME` writes both.

pub mod cloudevents;
pub mod receipts;
pub mod webhooks;

use ceap_engagement::pipeline::accept::Decoded;
use ceap_kernel::{Fault, Timestamp};

/// Items of one payload.
pub const MAX_ITEMS: usize = 500;

/// Turns a payload into events.
pub trait Connector: Sync {
    /// Its name in paths (`/v1/connectors/{name}`) and metrics.
    fn name(&self) -> &'static str;

    /// Decodes a payload that arrived at `arrived`. An item that is no event is returned as such,
    /// with its reason, beside the good ones.
    ///
    /// # Errors
    /// `Invalid` when the payload as a whole can't be read.
    fn decode(
        &self,
        content_type: &str,
        body: &[u8],
        arrived: Timestamp,
    ) -> Result<Vec<Decoded>, Fault>;
}

/// Every connector.
pub const CONNECTORS: &[&dyn Connector] = &[&cloudevents::CloudEvents];

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
