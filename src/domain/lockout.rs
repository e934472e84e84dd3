//! The lock-out ladder: how long somebody waits after wrong guesses at an account, and that a stranger's guesses do not lock
//! the owner out for good.
//!
//! Owns: the arithmetic, for one pair of address and network. Not here: who is counted where (`auth::throttle`).
//!
//! Failures are counted for each pair of e-mail address and network, whether the address has an account or not: a stranger
//! locks out their own network. Against guesses from many networks at once there is a second count, of an address's
//! failures from all networks where it has not logged in before.

use std::time::Duration;

use crate::config::limits;

/// Wrong guesses of late, and until when no other is looked at. Times are those of the monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ladder {
    failures: u32,
    locked_until: Duration,
}

impl Ladder {
    /// How much longer nothing is looked at; nothing if it is not locked.
    pub fn wait(&self, now: Duration) -> Option<Duration> {
        self.locked_until.checked_sub(now).filter(|left| !left.is_zero())
    }

    /// One more wrong guess. The first [`limits::FREE_FAILURES`] cost nothing; then 1 s, doubled each time, at most
    /// [`limits::LOCKOUT`].
    pub fn fail(&mut self, now: Duration) {
        self.failures = self.failures.saturating_add(1);
        let wait = match self.failures.checked_sub(limits::FREE_FAILURES + 1) {
            Some(beyond) => Duration::from_secs(1_u64.checked_shl(beyond).unwrap_or(u64::MAX)).min(limits::LOCKOUT),
            None => Duration::ZERO,
        };
        // Also where there is nothing to wait for: how old the last failure is tells when it may be forgotten.
        self.locked_until = now + wait;
    }

    /// Whether it says nothing any more: so long after the last lock that guessing may start afresh.
    pub fn is_over(&self, now: Duration) -> bool {
        now.saturating_sub(self.locked_until) >= limits::LOCKOUT_MEMORY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let (mut ladder, now) = (Ladder::default(), Duration::from_secs(5000));
        for _ in 0..limits::FREE_FAILURES {
            ladder.fail(now);
            assert_eq!(ladder.wait(now), None);
        }
        let waits: Vec<u64> = (0..12)
            .map(|_| {
                ladder.fail(now);
                ladder.wait(now).unwrap().as_secs()
            })
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
        for _ in 0..100 {
            ladder.fail(now);
        }
        assert_eq!(ladder.wait(now), Some(limits::LOCKOUT));
    }

    #[test]
    fn a_lock_ends_and_is_forgotten() {
        let (mut ladder, now) = (Ladder::default(), Duration::from_secs(5000));
        (0..4).for_each(|_| ladder.fail(now));
        assert!(ladder.wait(now + Duration::from_millis(999)).is_some());
        assert_eq!(ladder.wait(now + Duration::from_secs(1)), None);
        assert!(!ladder.is_over(now + Duration::from_secs(60)));
        assert!(ladder.is_over(now + Duration::from_secs(1) + limits::LOCKOUT_MEMORY));
    }
}
