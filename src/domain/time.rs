//! Points in time, as values.

use std::time::Duration;

/// Whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// This much later, or the last second that can be written.
    pub const fn plus(self, time: Duration) -> Self {
        Self(self.0.saturating_add(time.as_secs()))
    }

    /// How long until then; zero if it has passed.
    pub const fn until(self, then: Self) -> Duration {
        Duration::from_secs(then.0.saturating_sub(self.0))
    }
}
