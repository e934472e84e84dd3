//! Which tokens of the server's have been taken, so that each answers one request.
//!
//! Owns: the bounds on a token's time stamp, and the memory of what was within them. Not here: the tokens.

use std::collections::{BTreeMap, HashSet};

use super::SealedError;
use crate::config::limits;
use crate::domain::UnixTime;

/// What has been taken in a session.
#[derive(Debug, Default)]
pub(super) struct Taken {
    seconds: BTreeMap<u64, HashSet<u64>>,
    count: usize,
    /// When the latest request was sent. It never goes back, even if the clock does: what was forgotten would be taken again.
    asked: u64,
    /// When the latest token of its answer was made.
    last: u64,
}

impl Taken {
    /// A request is sent now. What was made long before it is no answer to it, and need not be remembered.
    pub(super) fn ask(&mut self, now: UnixTime) {
        self.asked = self.asked.max(now.0);
        self.last = 0;
        self.forget_before(self.from());
    }

    /// Takes a token of the answer to the latest request, if it can be one and was not there before. Nothing in an answer is older
    /// than what stands before it, but for the little by which clocks are put right.
    pub(super) fn take(&mut self, now: UnixTime, time: UnixTime, id: u64) -> Result<(), SealedError> {
        let latest = now.0.max(self.asked).saturating_add(limits::SEALED_SKEW.as_secs());
        if time.0 < self.from() {
            return Err(SealedError::Clocks(self.asked.saturating_sub(time.0), "before it was asked for"));
        }
        if time.0 > latest {
            return Err(SealedError::Clocks(time.0.saturating_sub(now.0), "after it came"));
        }
        let back = self.last.saturating_sub(limits::SEALED_STEP_BACK.as_secs());
        if time.0 < back || self.seconds.get(&time.0).is_some_and(|second| second.contains(&id)) {
            return Err(SealedError::Repeated);
        }
        if self.count >= limits::SEALED_SEEN {
            return Err(SealedError::TooManyTokens);
        }
        self.seconds.entry(time.0).or_default().insert(id);
        self.count = self.count.saturating_add(1);
        self.last = self.last.max(time.0);
        // Neither this answer nor the next can have it: the next request is not sent before now.
        self.forget_before(self.last.min(now.0).saturating_sub(limits::SEALED_SKEW.as_secs()));
        Ok(())
    }

    fn from(&self) -> u64 {
        self.asked.saturating_sub(limits::SEALED_SKEW.as_secs())
    }

    fn forget_before(&mut self, second: u64) {
        let kept = self.seconds.split_off(&second);
        let gone: usize = std::mem::replace(&mut self.seconds, kept).values().map(HashSet::len).sum();
        self.count = self.count.saturating_sub(gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(taken: &mut Taken, now: u64, time: u64, id: u64) -> bool {
        taken.take(UnixTime(now), UnixTime(time), id).is_ok()
    }

    #[test]
    fn a_token_is_taken_once_and_within_a_minute_of_its_request() {
        let mut taken = Taken::default();
        taken.ask(UnixTime(1000));
        assert!(!take(&mut taken, 1000, 939, 1) && take(&mut taken, 1000, 940, 1));
        assert!(!take(&mut taken, 1000, 940, 1) && take(&mut taken, 1000, 940, 2));
        assert!(!take(&mut taken, 1000, 1061, 3) && take(&mut taken, 1000, 1060, 3));
        // Not in the next answer either, whatever the clock says meanwhile.
        for now in [1000, 900] {
            taken.ask(UnixTime(now));
            assert!(
                !take(&mut taken, now, 940, 1) && !take(&mut taken, now, 940, 2) && !take(&mut taken, now, 1060, 3)
            );
        }
    }

    #[test]
    fn an_answer_may_take_long_but_does_not_go_back_in_time() {
        let mut taken = Taken::default();
        taken.ask(UnixTime(1000));
        for second in 1000..2000 {
            assert!(take(&mut taken, second + 30, second, 1), "late by half a minute, and long after the request");
            assert!(!take(&mut taken, second + 30, second, 1) && !take(&mut taken, second + 30, second - 3, 2));
        }
        assert!(taken.count < 200, "{}", taken.count);
        // The next request is sent at once, and what may be an answer to it is still remembered.
        taken.ask(UnixTime(2029));
        assert!((1970..2000).all(|second| !take(&mut taken, 2029, second, 1)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut taken = Taken::default();
        taken.ask(UnixTime(1000));
        let many = u64::try_from(limits::SEALED_SEEN).unwrap();
        assert!((0..many).all(|id| take(&mut taken, 1000, 1000, id)));
        assert!(matches!(taken.take(UnixTime(1000), UnixTime(1000), many), Err(SealedError::TooManyTokens)));
    }
}
