//! Jitsu's HTTP API: one call of Segment's shape at a time, or a batch.
//!
//! <https://docs.jitsu.com/sending-data/http>. Its SDKs send each call once, with `sentAt` of its own.

use crate::segment;
use crate::{Connector, Payload};
use ceap_engagement::pipeline::accept::Decoded;
use ceap_kernel::Fault;

/// Jitsu's calls.
#[derive(Debug)]
pub struct Jitsu;

impl Connector for Jitsu {
    fn name(&self) -> &'static str {
        "jitsu"
    }

    fn decode(&self, payload: &Payload<'_>) -> Result<Vec<Decoded>, Fault> {
        segment::decode(payload, None)
    }
}
