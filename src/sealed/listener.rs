//! The listener of the sealed channel: HTTP/1.1 without TLS, and nothing else.
//!
//! Owns: opening the door, speaking HTTP on each connection within the deadlines that the HTTPS listener has, too, and ending in
//! good order. Not here: the accept loop and the deadlines (`door`), what is asked (`request`).

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::Response;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::answer::{AnswerBody, Broken};
use super::request::House;
use super::sessions::Sessions;
use crate::app::App;
use crate::clock::{Clock, monotonic};
use crate::config::limits;
use crate::domain::Network;
use crate::door::drive::drive;
use crate::door::networks::Networks;
use crate::door::pulse::{Answering, Asking, Pulse};
use crate::door::wire::Wire;
use crate::door::{Settings, accept};
use crate::keys::PrivateKey;

/// The door of the sealed channel. Dropped, it ends with everything that is done for its connections.
#[derive(Debug)]
pub struct SealedListener {
    draining: watch::Sender<bool>,
    task: JoinHandle<()>,
    chore: JoinHandle<()>,
}

impl SealedListener {
    /// Opens the door on a socket that listens already. The server signs with `key`; a session in which nothing is said for as long
    /// as `idle` ends. When this returns, connections are accepted.
    pub fn start(
        socket: TcpListener,
        settings: Settings,
        app: App,
        key: PrivateKey,
        clock: Clock,
        idle: Duration,
    ) -> Self {
        let (sender, draining) = watch::channel(false);
        let (networks, sessions) = (Networks::new(&settings), Sessions::new(clock, idle));
        let settings = Arc::new(settings);
        let chore = tokio::spawn(sweep(sessions.clone(), app.clone()));
        let house = Arc::new(House { app, key, sessions, settings: Arc::clone(&settings), networks: networks.clone() });
        let ending = draining.clone();
        let begin = move |stream, network| serve(stream, network, Arc::clone(&house), ending.clone());
        let task = tokio::spawn(accept::keep(socket, settings, networks, draining, begin));
        Self { draining: sender, task, chore }
    }

    /// Accepts nothing more, lets what is being answered be answered for as long as `grace`, then ends everything.
    pub async fn shutdown(mut self, grace: Duration) {
        self.draining.send_replace(true);
        if tokio::time::timeout(grace, &mut self.task).await.is_err() {
            self.task.abort();
            let _ = (&mut self.task).await;
        }
    }
}

impl Drop for SealedListener {
    fn drop(&mut self) {
        self.task.abort();
        self.chore.abort();
    }
}

/// Ends sessions, and what is done in them, also while nobody asks for anything: those that are idle, and those of a removed user.
async fn sweep(sessions: Sessions, app: App) {
    let (mut ticks, mut removals) = (tokio::time::interval(limits::SEALED_SWEEP), app.removals());
    loop {
        tokio::select! {
            _ = ticks.tick() => sessions.sweep(),
            // It cannot fail: the corridor is here.
            _ = removals.changed() => {
                for session in sessions.everyone() {
                    // Also if it cannot be known: whoever is still registered can begin another.
                    if app.sealed_user(Network::Here, &session.stands).await.is_err() {
                        sessions.end(&session);
                    }
                }
            }
        }
    }
}

/// Speaks HTTP/1.1 until the connection ends.
async fn serve(stream: TcpStream, network: Network, house: Arc<House>, draining: watch::Receiver<bool>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let settings = Arc::clone(&house.settings);
    let pulse = Pulse::new(monotonic(), Arc::clone(&settings));
    let (beat, left) = (pulse.clone(), settings.idle);
    let service = service_fn(move |request| {
        let (house, pulse, asking) = (Arc::clone(&house), beat.clone(), beat.ask());
        async move {
            let answer = house.answer(network, request).await;
            let phase = Phase::Answering(asking.answer(), monotonic());
            let outgoing = |body| Outgoing { body, pulse, phase, left };
            Ok::<Response<Outgoing>, Infallible>(answer.map(outgoing))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        // It runs while a connection is idle, too. The head's own time-out is the pulse's.
        .header_read_timeout(settings.idle + limits::LINGER)
        .max_header_size(limits::HEAD_BYTES)
        .max_headers(limits::HEAD_FIELDS)
        .max_buf_size(limits::READ_AHEAD_BYTES);
    // hyper's own answer to a head that cannot be read is a status and nothing else, as it should be here.
    let wire = Wire::new(stream, pulse.clone(), <[u8]>::to_vec);
    let connection = http.serve_connection(TokioIo::new(wire), service);
    drive(connection, http1::Connection::graceful_shutdown, &pulse, draining).await;
}

/// An answer's body on its way out. While its next piece is being found the time is ours; while it is being fetched, the client's.
struct Outgoing {
    body: AnswerBody,
    pulse: Pulse,
    phase: Phase,
    /// What the client may still take for all of it: as for a body that comes, beside the time to begin with, a second for each
    /// [`limits::BODY_RATE`] bytes. A deadline for each piece alone would let it hold a file open for days.
    left: Duration,
}

enum Phase {
    Finding(Asking),
    Answering(Answering, Instant),
    Between,
}

impl Outgoing {
    /// Begins to look for the next piece, unless the client has taken too long for those before.
    fn seek(&mut self) -> Result<(), Broken> {
        self.phase = match std::mem::replace(&mut self.phase, Phase::Between) {
            Phase::Answering(_answering, since) => {
                let asking = self.pulse.ask();
                self.left = self.left.checked_sub(since.elapsed()).ok_or(Broken)?;
                Phase::Finding(asking)
            }
            Phase::Finding(asking) => Phase::Finding(asking),
            Phase::Between => Phase::Finding(self.pulse.ask()),
        };
        Ok(())
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if let Err(broken) = self.seek() {
            return Poll::Ready(Some(Err(broken)));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            let worth = Duration::from_millis(data.len() as u64 * 1000 / limits::BODY_RATE);
            self.left = self.left.saturating_add(worth);
        }
        if let Phase::Finding(asking) = std::mem::replace(&mut self.phase, Phase::Between) {
            self.phase = Phase::Answering(asking.answer(), monotonic());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each piece had a minute of its own, so a client that took one a minute held a file open for days.
    #[test]
    fn an_answer_must_be_fetched_as_fast_as_a_body_must_be_sent() {
        let pulse = Pulse::new(monotonic(), Arc::default());
        let fetched_for = |seconds| {
            let since = monotonic().checked_sub(Duration::from_secs(seconds)).unwrap();
            Phase::Answering(pulse.ask().answer(), since)
        };
        let body = AnswerBody::Plain(Some(vec![0; 10 * usize::try_from(limits::BODY_RATE).unwrap()].into()));
        let left = Duration::from_secs(60);
        let mut outgoing = Outgoing { body, pulse: pulse.clone(), phase: fetched_for(50), left };
        let mut poll = |phase| {
            outgoing.phase = phase;
            Pin::new(&mut outgoing).poll_frame(&mut Context::from_waker(std::task::Waker::noop()))
        };
        assert!(matches!(poll(fetched_for(50)), Poll::Ready(Some(Ok(_)))));
        assert!(matches!(poll(fetched_for(15)), Poll::Ready(None)), "ten seconds are left, and ten are earned");
        assert!(matches!(poll(fetched_for(15)), Poll::Ready(Some(Err(Broken)))));
    }
}
