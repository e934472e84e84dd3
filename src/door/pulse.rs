//! How long a connection may still live as it is.
//!
//! Owns: what a connection is busy with, and the deadlines that follow. hyper has a time-out for the head of a request, but not for
//! one in HTTP/2, not from the moment a connection was accepted, and none for a connection that does nothing or never fetches its
//! answer. Not here: how long a body may take (`request`) and how long an answer may take to be found (whoever finds it).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Settings;
use crate::clock::monotonic;
use crate::config::limits;

/// What one connection is busy with. Clones are about the same connection.
#[derive(Clone, Debug)]
pub(crate) struct Pulse(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Arc<Settings>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When the first head must have come. Nothing once it has.
    first: Option<Instant>,
    /// When the head that is being received began.
    head: Option<Instant>,
    /// Requests whose answers are being found.
    asking: usize,
    /// Answers that are being fetched, since when, the oldest first.
    answering: BTreeMap<u64, Instant>,
    number: u64,
    /// Since when there is nothing to do.
    idle: Instant,
    /// Whether something of an answer of ours may not have been written yet.
    owing: bool,
}

/// A request whose answer is being found.
#[derive(Debug)]
pub(crate) struct Asking(Pulse);

/// An answer that is being fetched.
#[derive(Debug)]
pub(crate) struct Answering {
    pulse: Pulse,
    number: u64,
}

impl Pulse {
    /// Of a connection that was accepted then.
    pub(crate) fn new(accepted: Instant, settings: Arc<Settings>) -> Self {
        let state = State {
            first: Some(accepted + settings.head),
            head: None,
            asking: 0,
            answering: BTreeMap::new(),
            number: 0,
            idle: accepted,
            owing: false,
        };
        Self(Arc::new(Inner { settings, state: Mutex::new(state) }))
    }

    /// A request's head is complete.
    pub(crate) fn ask(&self) -> Asking {
        let mut state = self.state();
        state.first = None;
        state.head = None;
        state.asking += 1;
        state.owing = true;
        Asking(self.clone())
    }

    /// Bytes have come (HTTP/1.1). If nothing is being done, they begin a head.
    pub(crate) fn received(&self) {
        let mut state = self.state();
        if !state.is_busy() && state.head.is_none() {
            state.head = Some(monotonic());
        }
    }

    /// All that was handed over has been written (HTTP/1.1).
    pub(crate) fn written(&self) {
        let mut state = self.state();
        if !state.is_busy() {
            state.owing = false;
        }
    }

    /// Whether what is written may be an answer of ours. If not, hyper answers by itself.
    pub(crate) fn is_owing(&self) -> bool {
        self.state().owing
    }

    /// Whether a head has begun and is not whole (HTTP/1.1).
    pub(crate) fn is_in_head(&self) -> bool {
        self.state().head.is_some()
    }

    /// When the connection is to be ended if nothing happens until then. Nothing while an answer is being found.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let settings = &self.0.settings;
        let state = self.state();
        let fetched = state.answering.values().next().map(|since| *since + settings.idle);
        let idle = (!state.is_busy()).then(|| state.first.unwrap_or(state.idle + settings.idle));
        let head = state.head.map(|since| since + settings.head);
        [fetched, idle, head].into_iter().flatten().min()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_busy(&self) -> bool {
        self.asking > 0 || !self.answering.is_empty()
    }

    fn rest(&mut self) {
        if !self.is_busy() {
            self.idle = monotonic();
        }
    }
}

impl Asking {
    /// The answer has been found.
    pub(crate) fn answer(self) -> Answering {
        let mut state = self.0.state();
        let number = state.number;
        state.number += 1;
        state.answering.insert(number, monotonic());
        drop(state);
        Answering { pulse: self.0.clone(), number }
    }
}

impl Answering {
    /// So much of it has been fetched. Whoever fetches as fast as a body must come keeps their time.
    pub(crate) fn fetched(&self, bytes: u64) {
        let mut state = self.pulse.state();
        if let Some(since) = state.answering.get_mut(&self.number) {
            let worth = Duration::from_micros(bytes.saturating_mul(1_000_000) / limits::BODY_RATE);
            *since = (*since + worth).min(monotonic());
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.asking = state.asking.saturating_sub(1);
        state.rest();
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut state = self.pulse.state();
        state.answering.remove(&self.number);
        state.rest();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pulse() -> (Pulse, Instant, Arc<Settings>) {
        let settings = Arc::new(Settings::default());
        let accepted = monotonic();
        (Pulse::new(accepted, Arc::clone(&settings)), accepted, settings)
    }

    #[test]
    fn the_first_head_must_come_in_time_counted_from_the_acceptance() {
        let (pulse, accepted, settings) = pulse();
        assert_eq!(pulse.deadline(), Some(accepted + settings.head));
        pulse.received();
        assert_eq!(pulse.deadline(), Some(accepted + settings.head), "bytes do not move it");
    }

    #[test]
    fn while_an_answer_is_being_found_there_is_no_hurry() {
        let (pulse, ..) = pulse();
        let asking = pulse.ask();
        pulse.received();
        assert_eq!(pulse.deadline(), None);
        assert!(pulse.is_owing());
        pulse.written();
        assert!(pulse.is_owing(), "100 Continue is not the answer");
        drop(asking);
        assert!(pulse.deadline().is_some_and(|deadline| deadline > monotonic() + Duration::from_secs(50)));
        pulse.written();
        assert!(!pulse.is_owing());
    }

    #[test]
    fn whoever_goes_on_fetching_has_time_for_it() {
        let (pulse, ..) = pulse();
        let answer = pulse.ask().answer();
        let before = pulse.deadline().unwrap();
        answer.fetched(limits::BODY_RATE / 1_000_000_000);
        assert_eq!(pulse.deadline(), Some(before), "a byte now and then is not fetching");
        answer.fetched(1 << 40);
        let after = pulse.deadline().unwrap();
        assert!(after >= before && after <= monotonic() + Settings::default().idle, "nothing is saved up");
    }

    #[test]
    fn an_answer_must_be_fetched_and_the_next_head_be_whole_in_time() {
        let (pulse, _, settings) = pulse();
        let first = pulse.ask().answer();
        let fetched = pulse.deadline().unwrap();
        let _second = pulse.ask().answer();
        assert_eq!(pulse.deadline(), Some(fetched), "the oldest one counts");
        let asking = pulse.ask();
        drop(first);
        assert!(pulse.deadline().unwrap() >= fetched);
        drop(asking);
        drop(_second);
        pulse.received();
        assert!(pulse.deadline().unwrap() <= monotonic() + settings.head);
    }
}
