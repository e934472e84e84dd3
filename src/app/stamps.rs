//! The seconds that messages are stamped with, and the seconds up to which they may be deleted.
//!
//! A client reads what waits, is told a second (`query_time`), and deletes everything older. A message that was stamped before that
//! second but not yet committed when the client read would be deleted unread. So whoever reads is told no second later than the stamp
//! of any message on its way, and whoever stamps gives none earlier than what readers have been told.
//!
//! Owns: this promise, within one process. The clock may be set back by [`limits::CLOCK_BACK`] meanwhile; beyond that it is believed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::limits;
use crate::domain::UnixTime;

/// All stamps on their way. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Stamps(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The latest second that was stamped or told.
    latest: UnixTime,
    /// Seconds of messages that may not be readable yet, and of how many.
    under_way: BTreeMap<UnixTime, usize>,
}

/// A message's second. To be dropped when the message can be read, or will never be there.
#[derive(Debug)]
pub(super) struct Stamp {
    pub(super) time: UnixTime,
    stamps: Stamps,
}

impl Stamps {
    /// Stamps a message that is about to be committed.
    pub(super) fn stamp(&self, now: UnixTime) -> Stamp {
        let mut state = self.state();
        let time = state.no_earlier(now);
        *state.under_way.entry(time).or_default() += 1;
        Stamp { time, stamps: self.clone() }
    }

    /// What a reader is told. To be asked before they read.
    pub(super) fn query_time(&self, now: UnixTime) -> UnixTime {
        let mut state = self.state();
        let time = state.no_earlier(now);
        state.under_way.keys().next().map_or(time, |first| time.min(*first))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn no_earlier(&mut self, now: UnixTime) -> UnixTime {
        if now > self.latest || self.latest.0 - now.0 > limits::CLOCK_BACK {
            self.latest = now;
        }
        self.latest
    }
}

impl Drop for Stamp {
    fn drop(&mut self) {
        let mut state = self.stamps.state();
        if let Some(count) = state.under_way.get_mut(&self.time) {
            *count -= 1;
            if *count == 0 {
                state.under_way.remove(&self.time);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_a_second_that_would_delete_what_they_could_not_read() {
        let stamps = Stamps::default();
        let [early, same] = [100, 100].map(|now| stamps.stamp(UnixTime(now)));
        let late = stamps.stamp(UnixTime(101));
        assert_eq!(stamps.query_time(UnixTime(105)), UnixTime(100));
        drop(early);
        assert_eq!(stamps.query_time(UnixTime(105)), UnixTime(100));
        drop(same);
        assert_eq!(stamps.query_time(UnixTime(105)), UnixTime(101));
        // Stamped later than the first reader was told.
        let after = stamps.stamp(UnixTime(103));
        assert_eq!(after.time, UnixTime(105));
        drop(late);
        assert_eq!(stamps.query_time(UnixTime(106)), UnixTime(105));
        drop(after);
        assert_eq!(stamps.query_time(UnixTime(106)), UnixTime(106));
    }

    #[test]
    fn a_clock_that_is_mended_is_believed_and_one_that_is_corrected_goes_on() {
        let stamps = Stamps::default();
        assert_eq!(stamps.query_time(UnixTime(1000)), UnixTime(1000));
        assert_eq!(stamps.stamp(UnixTime(1000 - limits::CLOCK_BACK)).time, UnixTime(1000));
        assert_eq!(stamps.stamp(UnixTime(999 - limits::CLOCK_BACK)).time, UnixTime(999 - limits::CLOCK_BACK));
    }
}
