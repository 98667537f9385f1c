//! Some time later.

use ceap_kernel::{Fault, Timestamp};

/// So many seconds after `at`.
///
/// # Errors
/// `Internal` when there is no such time.
pub fn later(at: Timestamp, seconds: i64) -> Result<Timestamp, Fault> {
    let then = at.as_millisecond().saturating_add(seconds.saturating_mul(1_000));
    Timestamp::from_millisecond(then).map_err(|error| Fault::Internal(error.to_string()))
}
