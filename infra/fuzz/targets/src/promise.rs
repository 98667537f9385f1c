//! What several targets promise.

use ceap_engagement::event::{Event, MAX_DATA_BYTES};
use ceap_engagement::pipeline::accept::Decoded;
use ceap_kernel::{Fault, TenantId, Timestamp};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// When all bytes come.
pub fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// Whose they are.
pub fn acme() -> TenantId {
    TenantId::new("acme").unwrap()
}

/// The first byte, which chooses a way, and the rest.
pub fn chosen(data: &[u8]) -> (usize, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (usize::from(*first), rest))
}

/// What stands before and behind the first zero byte, which no text has.
pub fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    let at = data.iter().position(|byte| *byte == 0);
    at.map_or((data, &[]), |at| (&data[..at], &data[at + 1..]))
}

/// Bytes as text, with signs in place of what is none.
pub fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// Bytes are at fault themselves, never we: and whoever sent them is told where.
pub fn named(fault: &Fault) {
    match fault {
        Fault::Invalid { field, message, .. } => {
            assert!(!field.is_empty() && !message.is_empty(), "{fault:?}");
        }
        Fault::Unauthorized(why) | Fault::Forbidden(why) | Fault::NotFound(why) => {
            assert!(!why.is_empty(), "{fault:?}");
        }
        Fault::Conflict(_)
        | Fault::Throttled(_)
        | Fault::Limited(_)
        | Fault::Unavailable(_)
        | Fault::Internal(_) => {
            panic!("bytes from outside are {fault:?}")
        }
    }
}

/// An event is within its bounds, is the same when it was written and read, and is one when it is told again.
pub fn sound(event: &Event) {
    assert!(serde_json::to_vec(&event.data).unwrap().len() <= MAX_DATA_BYTES);
    assert!(event.time <= noon(), "{event:?}");
    let written = serde_json::to_string(event).unwrap();
    assert_eq!(serde_json::from_str::<Event>(&written).unwrap(), *event);
    let value = serde_json::from_str(&written).unwrap();
    assert_eq!(Event::from_json(&value, noon()).as_ref(), Ok(event));
}

/// Each item is a sound event, or says why it is none.
pub fn decoded(items: &[Decoded]) {
    for item in items {
        match item {
            Decoded::Event(event) => sound(event),
            Decoded::Bad { fault, .. } => named(fault),
        }
    }
}

/// What never waits for anything but its turn.
pub fn at_once<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    for _ in 0..1_000_000 {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
    panic!("it waits for ever")
}
