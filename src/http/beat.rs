//! What the two directions of a live session must know of each other.
//!
//! Owns: when the client was last heard, and what is owed to it out of turn. Not here: sending it (`live`).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::clock::monotonic;

/// One session's.
#[derive(Debug)]
pub(super) struct Beat {
    state: Mutex<State>,
    owing: Notify,
}

#[derive(Debug)]
struct State {
    heard: Instant,
    /// Whether nobody listens, because the script does not read its input.
    deaf: bool,
    pong: Option<Vec<u8>>,
    ping: bool,
}

/// What is owed to the client.
#[derive(Debug)]
pub(super) enum Owed {
    /// The answer to a ping, which has the same bytes.
    Pong(Vec<u8>),
    /// A ping out of turn.
    Ping,
}

impl Beat {
    pub(super) fn new() -> Self {
        let state = State { heard: monotonic(), deaf: false, pong: None, ping: false };
        Self { state: Mutex::new(state), owing: Notify::new() }
    }

    /// Bytes have come.
    pub(super) fn heard(&self) {
        self.state().heard = monotonic();
    }

    /// From now on nobody listens, or again.
    pub(super) fn deaf(&self, deaf: bool) {
        let mut state = self.state();
        state.deaf = deaf;
        state.heard = monotonic();
    }

    /// How long nothing has come although somebody listened.
    pub(super) fn silence(&self) -> Duration {
        let state = self.state();
        if state.deaf { Duration::ZERO } else { monotonic().saturating_duration_since(state.heard) }
    }

    /// A pong is owed. Of several the last counts (RFC 6455, section 5.5.3).
    pub(super) fn pong(&self, bytes: Vec<u8>) {
        self.state().pong = Some(bytes);
        self.owing.notify_one();
    }

    /// A ping is wanted, although nobody listens for the answer: the system at the other end of a connection that was closed
    /// answers, too.
    pub(super) fn ping(&self) {
        self.state().ping = true;
        self.owing.notify_one();
    }

    /// What is owed, once something is.
    pub(super) async fn owed(&self) -> Owed {
        loop {
            if let Some(owed) = self.take() {
                return owed;
            }
            self.owing.notified().await;
        }
    }

    fn take(&self) -> Option<Owed> {
        let mut state = self.state();
        if std::mem::take(&mut state.ping) {
            return Some(Owed::Ping);
        }
        state.pong.take().map(Owed::Pong)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
