//! The only caller of `now()`, so that a reader finds every place where time comes in.
//!
//! Owns: the machine's clocks as functions, for rooms that measure, and [`Clock`], for rooms that decide: tests hand those one
//! that they move by hand. Not here: waiting. Rooms wait on what they wait for, with a deadline that was worked out from these.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::domain::UnixTime;

/// What time it is, for everything that expires, counts or is written down. Clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System { begun: Instant },
    Manual { base: UnixTime, passed: Arc<AtomicU64> },
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System { begun: monotonic() })
    }

    /// A clock that stands at `base` until it is moved.
    pub fn manual(base: UnixTime) -> Self {
        Self(Source::Manual { base, passed: Arc::default() })
    }

    /// Moves a manual clock. The machine's moves by itself.
    pub fn advance(&self, time: Duration) {
        if let Source::Manual { passed, .. } = &self.0 {
            passed.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// The date.
    pub fn now(&self) -> UnixTime {
        match &self.0 {
            Source::System { .. } => UnixTime(since_1970().as_secs()),
            Source::Manual { base, .. } => base.plus(self.elapsed()),
        }
    }

    /// Time since this clock was made, which never goes backwards: for durations and rates.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::System { begun } => begun.elapsed(),
            Source::Manual { passed, .. } => Duration::from_nanos(passed.load(Ordering::Relaxed)),
        }
    }
}

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
