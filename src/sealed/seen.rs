//! Which tokens of a session have been taken, so that each is taken once.
//!
//! Owns: the window of time stamps that are near enough to ours, and the memory of what was in it, which ends with the window. Not
//! here: the tokens.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::config::limits;
use crate::domain::UnixTime;

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// It has been taken before, or may have been: it is too old, or too far ahead.
    Before,
    /// More tokens are in the window than are remembered.
    Full,
}

/// How much is remembered altogether.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// In the sessions of one user.
    pub(super) user: Arc<AtomicUsize>,
    /// In all sessions.
    pub(super) all: Arc<AtomicUsize>,
}

/// What a session has seen.
#[derive(Debug)]
pub(super) struct Seen {
    seconds: BTreeMap<u64, HashSet<u64>>,
    /// How many that is.
    count: usize,
    counts: Counts,
    /// Seconds whose window is kept open, beside that of the moment.
    held: Vec<u64>,
    /// Nothing from before this second is taken. It never goes back, even if the machine's clock does: what was forgotten would
    /// be taken again.
    from: u64,
}

impl Counts {
    fn is_full(&self) -> bool {
        self.user.load(Ordering::Relaxed) >= limits::SEALED_SEEN
            || self.all.load(Ordering::Relaxed) >= limits::SEALED_SEEN_ALL
    }

    fn add(&self, count: usize) {
        self.user.fetch_add(count, Ordering::Relaxed);
        self.all.fetch_add(count, Ordering::Relaxed);
    }

    fn sub(&self, count: usize) {
        self.user.fetch_sub(count, Ordering::Relaxed);
        self.all.fetch_sub(count, Ordering::Relaxed);
    }
}

impl Seen {
    /// Nothing yet.
    pub(super) const fn new(counts: Counts) -> Self {
        Self { seconds: BTreeMap::new(), count: 0, counts, held: vec![], from: 0 }
    }

    /// Takes a token, if it is the first of its kind. How old it may be is counted from `at`, which is now unless that second is held.
    pub(super) fn take(&mut self, now: UnixTime, at: UnixTime, time: UnixTime, id: u64) -> Result<(), NotTaken> {
        let skew = limits::SEALED_SKEW.as_secs();
        self.forget(now);
        let oldest = self.from.max(at.0.saturating_sub(skew));
        if time.0 < oldest || time.0 > now.0.saturating_add(skew) {
            return Err(NotTaken::Before);
        }
        if self.seconds.get(&time.0).is_some_and(|second| second.contains(&id)) {
            return Err(NotTaken::Before);
        }
        if self.counts.is_full() {
            return Err(NotTaken::Full);
        }
        self.seconds.entry(time.0).or_default().insert(id);
        self.count = self.count.saturating_add(1);
        self.counts.add(1);
        Ok(())
    }

    /// Forgets what is too old to be taken again.
    pub(super) fn forget(&mut self, now: UnixTime) {
        let first = self.held.iter().copied().fold(now.0, u64::min);
        self.from = self.from.max(first.saturating_sub(limits::SEALED_SKEW.as_secs()));
        let kept = self.seconds.split_off(&self.from);
        let gone: usize = std::mem::replace(&mut self.seconds, kept).values().map(HashSet::len).sum();
        self.count = self.count.saturating_sub(gone);
        self.counts.sub(gone);
    }

    /// Forgets nothing that was near enough to this second, until it is let go of.
    pub(super) fn hold(&mut self, second: UnixTime) {
        self.held.push(second.0);
    }

    /// Lets go of a second that was held.
    pub(super) fn let_go(&mut self, second: UnixTime) {
        if let Some(at) = self.held.iter().position(|held| *held == second.0) {
            self.held.swap_remove(at);
        }
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        self.counts.sub(self.count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;

    fn take(seen: &mut Seen, now: u64, time: u64, id: u64) -> Result<(), NotTaken> {
        seen.take(UnixTime(now), UnixTime(now), UnixTime(time), id)
    }

    fn count(of: &AtomicUsize) -> usize {
        of.load(Ordering::Relaxed)
    }

    #[test]
    fn a_token_is_taken_once_in_any_order_and_only_near_its_time() {
        let mut seen = Seen::new(Counts::default());
        for (time, id) in [(NOW, 1), (NOW + 60, 2), (NOW - 60, 3), (NOW, 4)] {
            assert_eq!(take(&mut seen, NOW, time, id), Ok(()));
        }
        for (time, id) in [(NOW - 60, 3), (NOW, 4), (NOW + 60, 2), (NOW, 1), (NOW + 61, 5), (NOW - 61, 6), (0, 7)] {
            assert_eq!(take(&mut seen, NOW, time, id), Err(NotTaken::Before), "{time} {id}");
        }
        assert_eq!(take(&mut seen, NOW, u64::MAX, 8), Err(NotTaken::Before));
    }

    #[test]
    fn what_is_forgotten_is_not_taken_again_even_if_the_clock_goes_back() {
        let counts = Counts::default();
        let mut seen = Seen::new(counts.clone());
        take(&mut seen, NOW, NOW, 1).unwrap();
        assert_eq!((count(&counts.user), count(&counts.all)), (1, 1));
        take(&mut seen, NOW + 61, NOW + 61, 2).unwrap();
        assert_eq!((seen.count, count(&counts.all)), (1, 1), "the first is forgotten");
        assert_eq!(take(&mut seen, NOW, NOW, 1), Err(NotTaken::Before));
        drop(seen);
        assert_eq!((count(&counts.user), count(&counts.all)), (0, 0));
    }

    #[test]
    fn a_second_that_is_held_keeps_its_window_and_its_memory() {
        let mut seen = Seen::new(Counts::default());
        let (began, now) = (UnixTime(NOW), UnixTime(NOW + 150));
        seen.hold(began);
        take(&mut seen, NOW, NOW - 60, 1).unwrap();
        let mut at = |at, id| seen.take(now, at, UnixTime(NOW - 60), id);
        assert_eq!(at(began, 1), Err(NotTaken::Before), "it is remembered");
        assert_eq!(at(now, 2), Err(NotTaken::Before), "what does not hold it, has not its window");
        assert_eq!(at(began, 3), Ok(()));
        seen.let_go(began);
        seen.forget(now);
        assert_eq!((seen.count, seen.held.len()), (0, 0));
        assert_eq!(seen.take(now, began, UnixTime(NOW - 60), 3), Err(NotTaken::Before));
    }

    /// Four sessions of one user, each with as many tokens as it might have, were all that was remembered: everybody else was sent
    /// away, for as long as somebody showed the four cookies.
    #[test]
    fn one_user_does_not_take_the_memory_of_all() {
        let all = Arc::new(AtomicUsize::new(0));
        let user = || Counts { user: Arc::default(), all: Arc::clone(&all) };
        let (ada, bob) = (user(), user());
        let mut first = Seen::new(ada.clone());
        for id in 0..limits::SEALED_SEEN as u64 {
            take(&mut first, NOW, NOW, id).unwrap();
        }
        assert_eq!(take(&mut first, NOW, NOW, u64::MAX), Err(NotTaken::Full));
        assert_eq!(take(&mut Seen::new(ada), NOW, NOW, u64::MAX), Err(NotTaken::Full), "in no session of theirs");
        assert_eq!(take(&mut Seen::new(bob), NOW, NOW, u64::MAX), Ok(()));
        first.forget(UnixTime(NOW + 61));
        assert_eq!(count(&all), 0, "nobody has to say anything for it");
        all.store(limits::SEALED_SEEN_ALL, Ordering::Relaxed);
        assert_eq!(take(&mut Seen::new(user()), NOW, NOW, 1), Err(NotTaken::Full));
        all.store(0, Ordering::Relaxed);
    }
}
