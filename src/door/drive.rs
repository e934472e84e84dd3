//! Driving a connection until it ends, or its time is over.
//!
//! Owns: obeying the deadlines of the pulse, and winding down when the server does. Not here: which deadlines there are (`pulse`).

use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::sync::watch;
use tokio::time::Sleep;

use super::pulse::Pulse;
use crate::clock::monotonic;
use crate::config::limits;

/// Polls a connection until it has ended by itself, or its time is over and it has had a moment to say so.
pub(crate) async fn drive<C: Future>(
    connection: C,
    wind_down: impl Fn(Pin<&mut C>),
    pulse: &Pulse,
    mut draining: watch::Receiver<bool>,
) {
    let mut connection = pin!(connection);
    let mut watch = Watch::new(pulse);
    if *draining.borrow_and_update() {
        wind_down(connection.as_mut());
    }
    loop {
        tokio::select! {
            biased;
            _ = connection.as_mut() => return,
            () = &mut watch => break,
            changed = draining.changed() => match changed {
                Ok(()) => wind_down(connection.as_mut()),
                // The listener is gone without a word.
                Err(_) => break,
            },
        }
    }
    // Whoever is in the middle of a head would not be told before its end.
    if !pulse.is_in_head() {
        wind_down(connection.as_mut());
        let _ = tokio::time::timeout(limits::LINGER, connection).await;
    }
}

/// Ready when a connection's deadline has passed. Whatever moves the deadline wakes the connection's task, which looks here again.
struct Watch<'a> {
    pulse: &'a Pulse,
    sleep: Pin<Box<Sleep>>,
}

impl<'a> Watch<'a> {
    fn new(pulse: &'a Pulse) -> Self {
        Self { pulse, sleep: Box::pin(tokio::time::sleep(limits::IDLE)) }
    }
}

impl Future for Watch<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let now = monotonic();
            // Without a deadline there is one to look again.
            let deadline = self.pulse.deadline().unwrap_or(now + limits::IDLE);
            if deadline <= now {
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(deadline.into());
            ready!(self.sleep.as_mut().poll(cx));
        }
    }
}
