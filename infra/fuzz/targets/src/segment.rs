//! Segment's and Jitsu's calls, alone and in batches.

use crate::promise::{chosen, decoded, named, noon};
use ceap_connectors::{Connector, Payload, jitsu, segment};
use ceap_engagement::pipeline::accept::Decoded;

/// Events are sound; a call that is none is none either when quarantine gives it back as it came.
pub fn run(data: &[u8]) {
    let (choice, body) = chosen(data);
    let (content_type, headers, arrived) = ("application/json", &[][..], noon());
    let payload = Payload { content_type, headers, body, source: "web", arrived };
    let found = match choice % 8 {
        0 => jitsu::Jitsu.decode(&payload),
        1 => segment::decode(&payload, None),
        n => segment::decode(&payload, Some(segment::CALLS[n - 2])),
    };
    assert!(segment::write_key(body).is_none_or(|key| !key.is_empty()));
    match found {
        Err(fault) => named(&fault),
        Ok(items) => {
            decoded(&items);
            for item in &items {
                let Decoded::Bad { payload, .. } = item else { continue };
                for again in segment::again(payload, arrived).into_iter().flatten() {
                    assert!(matches!(again, Decoded::Bad { .. }), "{item:?} became {again:?}");
                }
            }
        }
    }
}
