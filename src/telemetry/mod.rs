//! What is logged and how.
//!
//! Owns: setting up `tracing`, and the limit on lines that a stranger can cause (`warn_sparingly!`).
//! Not here: what is worth a line; each room says that where it happens.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lines of one kind that a stranger may cause in each [`WINDOW`].
const LINES: u32 = 10;
const WINDOW: Duration = Duration::from_secs(10);

/// Sends warnings and errors to standard error. A second call changes nothing.
pub fn init() {
    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(std::io::stderr);
    let _ = lines.with_ansi(std::io::stderr().is_terminal()).try_init();
}

/// How often one kind of line has been written lately. One for each place in the code, as a `static`.
#[derive(Debug)]
pub struct Sparingly(Mutex<Option<Lately>>);

#[derive(Debug)]
struct Lately {
    since: Instant,
    lines: u32,
}

impl Sparingly {
    /// Nothing written yet.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Whether a line may be written now. Counts it.
    pub fn allows(&self, now: Instant) -> bool {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = lately.get_or_insert(Lately { since: now, lines: 0 });
        if now.saturating_duration_since(lately.since) >= WINDOW {
            *lately = Lately { since: now, lines: 0 };
        }
        lately.lines = lately.lines.saturating_add(1);
        lately.lines <= LINES
    }
}

impl Default for Sparingly {
    fn default() -> Self {
        Self::new()
    }
}

/// A warning that a stranger can cause: written at most ten times in ten seconds at each place, so that nobody can fill a
/// disk or hide in noise.
macro_rules! warn_sparingly {
    ($($line:tt)*) => {{
        static LATELY: crate::telemetry::Sparingly = crate::telemetry::Sparingly::new();
        if LATELY.allows(crate::clock::monotonic()) {
            tracing::warn!($($line)*);
        }
    }};
}
pub(crate) use warn_sparingly;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_ten_times_and_then_not_until_the_window_has_passed() {
        let sparingly = Sparingly::new();
        let begun = crate::clock::monotonic();
        assert_eq!((0..100).filter(|_| sparingly.allows(begun)).count(), 10);
        assert!(!sparingly.allows(begun + WINDOW - Duration::from_nanos(1)));
        assert!(sparingly.allows(begun + WINDOW));
    }
}
