//! A live session over a WebSocket: the first message says what to run, then input and output pass until the end.
//!
//! Owns: what the messages mean. Nothing is kept for a client that does not read, and nothing is read for a script that does not: both
//! directions slow down whoever is too fast, and neither waits for the other. Not here: the frames (`frames`), with which code a session
//! is closed (`ending`), and who may (`app`).

use std::sync::Mutex;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout_at};

use super::asked::{Asked, Bearer};
use super::beat::{Beat, Owed};
use super::ending::End;
use super::frames::{Fault, Heard, Inbound, Kind, Outbound, Payload, Wanted};
use super::intake::Taken;
use super::line::{Half, Line};
use super::reply::Refusal;
use super::route::{House, Means, Takes};
use crate::app::{Conversation, Said, Stdin, Stream};
use crate::clock::monotonic;
use crate::config::limits;
use crate::domain::{Credential, Error, JobSpec, Network};

/// The first byte of a message.
const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;

const FIRST: Wanted = Wanted {
    kind: Some(Kind::Text),
    limit: limits::EXECUTE_BODY_BYTES,
    otherwise: "the first message is a text: a JSON object that says what to run",
};
const INPUT: Wanted = Wanted {
    kind: Some(Kind::Binary),
    limit: 1 + limits::SESSION_INPUT_BYTES,
    otherwise: "after the first message only binary messages have a place",
};

/// A session that has been said yes to, by whoever has asked for it.
#[derive(Clone)]
pub(super) struct Opening {
    pub(super) house: House,
    pub(super) network: Network,
    pub(super) bearer: Bearer,
    pub(super) means: Means<(Credential, JobSpec)>,
}

/// The first message, which is bounded and wiped like a body.
impl Payload for Taken {
    fn take(&mut self, part: &[u8]) -> Result<(), Fault> {
        self.push(part, FIRST.limit).map_err(|refused| match refused {
            Refusal::Error(error) => Fault::Refused(error),
            _ => Fault::TooLarge(FIRST.limit),
        })
    }
}

impl Opening {
    /// Holds the session, to its very end. `ahead` is what hyper has read beyond the handshake.
    pub(super) async fn hold<I: Line>(self, line: I, ahead: Vec<u8>) {
        let (line, beat) = (Mutex::new(line), Beat::new());
        let mut inbound = Inbound::new(ahead, Half::of(&line), &beat);
        let mut outbound = Outbound::new(Half::of(&line));
        let mut draining = self.house.draining.clone();
        let talk = async {
            let job = self.begin(&mut inbound, &mut outbound).await?;
            Talk { line: Half::of(&line), beat: &beat, ping: self.house.settings.ping }
                .hold(&mut inbound, &mut outbound, job)
                .await
        };
        let end = tokio::select! {
            biased;
            // It fails if the listener is gone without a word.
            _ = draining.wait_for(|draining| *draining) => End::away(),
            Err(end) = talk => end,
        };
        end.tell(&mut inbound, &mut outbound, self.house.answers.room(self.network)).await;
    }

    /// From the first message to the script that runs.
    async fn begin<I: Line>(
        &self,
        inbound: &mut Inbound<'_, Half<'_, I>>,
        outbound: &mut Outbound<Half<'_, I>>,
    ) -> Result<Begun, End> {
        let settings = &self.house.settings;
        let body = self.first(inbound, outbound).await?;
        let asked = Asked {
            parameter: String::new(),
            query: String::new(),
            bearer: self.bearer.clone(),
            is_form: false,
            budget: settings.session_budget,
            wall: settings.session_budget.wall(),
            body,
        };
        let (credential, job) = asked.understood(Takes::Json(FIRST.limit), self.means).await?;
        let (wall, with_files) = (job.budget().wall(), job.wants_files());
        let conversation = self.house.app.open(self.network, &credential, job).await?;
        let last = wall + limits::KILL_GRACE + limits::SESSION_CLOSE;
        Ok(Begun { conversation, with_files, until: Instant::from_std(monotonic() + last) })
    }

    /// The first message, which must come as a body must: not too late, and not when there is no memory.
    async fn first<I: Line>(
        &self,
        inbound: &mut Inbound<'_, Half<'_, I>>,
        outbound: &mut Outbound<Half<'_, I>>,
    ) -> Result<Taken, End> {
        let mut taken = Taken::nothing(self.house.networks.room(self.network));
        let begun = monotonic();
        loop {
            let worth = Duration::from_secs(taken.bytes().len() as u64 / limits::BODY_RATE);
            let deadline = begun + self.house.settings.body + worth;
            if deadline <= monotonic() {
                return Err(End::said(1008, "the first message did not come in time"));
            }
            match timeout_at(deadline.into(), inbound.next(FIRST, &mut taken)).await {
                // What has come meanwhile may be worth more time.
                Err(_) => {}
                Ok(heard) => match heard? {
                    Heard::Message if std::str::from_utf8(taken.bytes()).is_err() => return Err(Fault::NotUtf8.into()),
                    Heard::Message => return Ok(taken),
                    Heard::Ping(pong) => {
                        outbound.put(Kind::Pong, &[&pong]);
                        timeout_at(deadline.into(), outbound.flush()).await.map_err(|_| End::Gone)??;
                    }
                    Heard::Pong => {}
                    Heard::Close(code) => return Err(End::Closed(code)),
                },
            }
        }
    }
}

/// A script that runs for a session.
struct Begun {
    conversation: Conversation,
    with_files: bool,
    /// When it ends, whatever has not been said by then.
    until: Instant,
}

/// What both directions need.
struct Talk<'a, I> {
    line: Half<'a, I>,
    beat: &'a Beat,
    ping: Duration,
}

impl<I: Line> Talk<'_, I> {
    /// Passes input and output until the end. The script does not outlive this.
    async fn hold(
        &self,
        inbound: &mut Inbound<'_, Half<'_, I>>,
        outbound: &mut Outbound<Half<'_, I>>,
        begun: Begun,
    ) -> Result<std::convert::Infallible, End> {
        let Begun { mut conversation, with_files, until } = begun;
        let stdin = conversation.stdin();
        let mut account_end = conversation.account_end();
        tokio::select! {
            biased;
            // First, because a client that keeps the others busy uses up what this task may do at once, timers included.
            () = sleep_until(until) => Err(End::timed_out()),
            // A client that does not read keeps us from asking the conversation.
            () = account_end.come() => Err(Error::Unauthorized.into()),
            end = self.speak(outbound, &mut conversation, with_files) => Err(end),
            end = self.listen(inbound, stdin) => Err(end),
        }
    }

    /// Passes output on as soon as it is there.
    async fn speak(
        &self,
        outbound: &mut Outbound<Half<'_, I>>,
        conversation: &mut Conversation,
        with_files: bool,
    ) -> End {
        let mut pings = interval_at((monotonic() + self.ping).into(), self.ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                owed = self.beat.owed() => match owed {
                    Owed::Pong(bytes) => outbound.put(Kind::Pong, &[&bytes]),
                    Owed::Ping => outbound.put(Kind::Ping, &[]),
                },
                _ = pings.tick() => match self.beat.silence() >= 2 * self.ping {
                    true => return End::Gone,
                    false => outbound.put(Kind::Ping, &[]),
                },
                said = conversation.next() => {
                    let mut said = Some(said);
                    while let Some(event) = said {
                        match event {
                            Ok(Said::Output(stream, bytes)) => outbound.put(Kind::Binary, &[&[channel(stream)], &bytes]),
                            Ok(Said::Ended(result)) => return End::Ran(result, with_files),
                            Err(error) => return error.into(),
                        }
                        // What is there already goes along.
                        let more = outbound.waiting() < limits::SESSION_FEED_BYTES;
                        said = if more { conversation.next().now_or_never() } else { None };
                    }
                }
            }
            if let Err(fault) = outbound.flush().await {
                return fault.into();
            }
        }
    }

    /// Passes input on as soon as the script reads it.
    async fn listen(&self, inbound: &mut Inbound<'_, Half<'_, I>>, mut stdin: Option<Stdin>) -> End {
        let mut message = vec![];
        loop {
            match inbound.next(INPUT, &mut message).await {
                Ok(Heard::Message) => {
                    let input = match without_channel(std::mem::take(&mut message)) {
                        Ok(input) => input,
                        Err(fault) => return fault.into(),
                    };
                    match &stdin {
                        _ if input.is_empty() => stdin = None,
                        Some(stdin) if self.pass(stdin, input).await => {}
                        Some(_) => return End::Gone,
                        None => return End::said(1003, "input after the end of input"),
                    }
                }
                Ok(Heard::Ping(pong)) => self.beat.pong(pong),
                Ok(Heard::Pong) => {}
                Ok(Heard::Close(code)) => return End::Closed(code),
                Err(fault) => return fault.into(),
            }
        }
    }

    /// Hands input over. Returns false if the client goes away before the script takes it.
    ///
    /// Nothing is read meanwhile that would say so, and the kernel does not say it either while what was sent before waits to be read.
    /// But a system that gets something for a connection that was closed there answers with a reset (RFC 9293, section 3.10.7).
    async fn pass(&self, stdin: &Stdin, input: Vec<u8>) -> bool {
        let mut sending = std::pin::pin!(stdin.send(input));
        let mut looks = interval_at((monotonic() + limits::SESSION_LOOK).into(), limits::SESSION_LOOK);
        let mut pinged = monotonic();
        self.beat.deaf(true);
        loop {
            tokio::select! {
                biased;
                // If the run is over, that is told by its last event.
                _ = &mut sending => break,
                _ = looks.tick() => {
                    if self.line.is_hung_up() {
                        return false;
                    }
                    if pinged.elapsed() >= limits::SESSION_NUDGE {
                        pinged = monotonic();
                        self.beat.ping();
                    }
                }
            }
        }
        self.beat.deaf(false);
        true
    }
}

const fn channel(stream: Stream) -> u8 {
    match stream {
        Stream::Out => STDOUT,
        Stream::Err => STDERR,
    }
}

fn without_channel(mut message: Vec<u8>) -> Result<Vec<u8>, Fault> {
    match message.first() {
        Some(&STDIN) => {
            message.remove(0);
            Ok(message)
        }
        Some(_) => {
            Err(Fault::NoPlace("the first byte of a message is its channel, and a client has 0 alone, for input"))
        }
        None => Err(Fault::NoPlace("a message has at least one byte: its channel")),
    }
}
