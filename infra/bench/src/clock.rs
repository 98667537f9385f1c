//! The time that this thread has had a processor.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// CPU time of this thread since it began: unlike the clock on the wall, it does not run while others do.
#[must_use]
pub fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
}
