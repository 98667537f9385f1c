//! Records of Kinesis, SQS and others that a feed brings: packed together, compressed, one after the other.

use crate::promise::{decoded, named, noon};
use ceap_connectors::cloudevents;
use ceap_connectors::feeds::pieces;
use std::collections::BTreeSet;

/// Each piece has an id of its own and holds a value or says why not; never nothing at all.
pub fn run(data: &[u8]) {
    let pieces = pieces("shard:7", data);
    let ids: BTreeSet<&str> = pieces.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids.len(), pieces.len());
    assert!(ids.iter().all(|id| id.starts_with("shard:7")));
    for (_, piece) in pieces {
        match piece {
            Ok(value) => decoded(&cloudevents::events(value, noon())),
            Err((fault, kept)) => {
                named(&fault);
                assert!(kept.as_str().is_none_or(|kept| kept.chars().count() <= 2_000));
            }
        }
    }
}
