//! The only caller of `now()`, so that a reader finds every place where time comes in.
//!
//! Not here: waiting. Rooms wait on what they wait for, with a deadline that was worked out from these.

use std::time::{Duration, Instant, SystemTime};

/// The monotonic clock, for deadlines and durations.
#[expect(clippy::disallowed_methods, reason = "the one place")]
pub fn monotonic() -> Instant {
    Instant::now()
}

/// Time since 1970-01-01T00:00:00Z; zero on a machine whose clock stands before it.
#[expect(clippy::disallowed_methods, reason = "the one place")]
pub fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// CPU time of this process, user and system.
pub fn process_cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
