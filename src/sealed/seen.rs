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

/// What a session has seen. The count is that of all sessions.
#[derive(Debug)]
pub(super) struct Seen {
    seconds: BTreeMap<u64, HashSet<u64>>,
    count: usize,
    all: Arc<AtomicUsize>,
    /// Nothing from before this second is taken. It never goes back, even if the machine's clock does: what was forgotten would
    /// be taken again.
    from: u64,
}

impl Seen {
    /// Nothing yet.
    pub(super) const fn new(all: Arc<AtomicUsize>) -> Self {
        Self { seconds: BTreeMap::new(), count: 0, all, from: 0 }
    }

    /// Takes a token, if it is the first of its kind.
    pub(super) fn take(&mut self, now: UnixTime, time: UnixTime, id: u64) -> Result<(), NotTaken> {
        let skew = limits::SEALED_SKEW.as_secs();
        self.forget_before(now.0.saturating_sub(skew));
        if time.0 < self.from || time.0 > now.0.saturating_add(skew) {
            return Err(NotTaken::Before);
        }
        if self.seconds.get(&time.0).is_some_and(|second| second.contains(&id)) {
            return Err(NotTaken::Before);
        }
        if self.count >= limits::SEALED_SEEN || self.all.load(Ordering::Relaxed) >= limits::SEALED_SEEN_ALL {
            return Err(NotTaken::Full);
        }
        self.seconds.entry(time.0).or_default().insert(id);
        self.count = self.count.saturating_add(1);
        self.all.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn forget_before(&mut self, second: u64) {
        self.from = self.from.max(second);
        let kept = self.seconds.split_off(&self.from);
        let gone: usize = std::mem::replace(&mut self.seconds, kept).values().map(HashSet::len).sum();
        self.count = self.count.saturating_sub(gone);
        self.all.fetch_sub(gone, Ordering::Relaxed);
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        self.all.fetch_sub(self.count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;

    fn take(seen: &mut Seen, now: u64, time: u64, id: u64) -> Result<(), NotTaken> {
        seen.take(UnixTime(now), UnixTime(time), id)
    }

    #[test]
    fn a_token_is_taken_once_in_any_order_and_only_near_its_time() {
        let mut seen = Seen::new(Arc::default());
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
        let all = Arc::new(AtomicUsize::new(0));
        let mut seen = Seen::new(Arc::clone(&all));
        take(&mut seen, NOW, NOW, 1).unwrap();
        assert_eq!(all.load(Ordering::Relaxed), 1);
        take(&mut seen, NOW + 61, NOW + 61, 2).unwrap();
        assert_eq!((seen.count, all.load(Ordering::Relaxed)), (1, 1), "the first is forgotten");
        assert_eq!(take(&mut seen, NOW, NOW, 1), Err(NotTaken::Before));
        drop(seen);
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_memory_has_an_end() {
        let mut seen = Seen::new(Arc::default());
        for id in 0..limits::SEALED_SEEN as u64 {
            take(&mut seen, NOW, NOW, id).unwrap();
        }
        assert_eq!(take(&mut seen, NOW, NOW, u64::MAX), Err(NotTaken::Full));
        assert_eq!(take(&mut seen, NOW + 61, NOW + 61, u64::MAX), Ok(()));
        let mut other = Seen::new(Arc::new(AtomicUsize::new(limits::SEALED_SEEN_ALL)));
        assert_eq!(take(&mut other, NOW, NOW, 1), Err(NotTaken::Full));
    }
}
