//! A live session: a script there, its standard streams here (wire contract, section 2).
//!
//! Owns: the WebSocket (RFC 6455) over a connection like every other call's, and what is believed of what comes through it.
//! Not here: HTTP/1.1 up to the switch (`exchange`), and where input comes from and output goes to.
//!
//! Both directions have back-pressure: nothing is read ahead of whoever takes the output, beyond one message, and input is sent no
//! faster than it is taken. They are two halves that do not wait for each other.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    AUTHORIZATION, CONNECTION, HOST, HeaderMap, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::{Method, Request};
use rustix::net::sockopt::set_socket_linger;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::calls::{bearer, bounded, execution, exit_code, nonsense, parse, returned, with_token};
use super::exchange::{Switched, switch};
use super::{Client, ClientError, Ended, terminal, wire};
use crate::clock::monotonic;
use crate::config::limits;
use crate::domain::{BearerToken, FilePath, JobSpec};

/// The subprotocol (RFC 6455, section 1.9).
const PROTOCOL: &str = "v1.session.cloud-python";
/// Channels: the first byte of a message.
const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const CONTROL: u8 = 3;

type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// The script's standard input.
#[derive(Debug)]
pub struct LiveInput(SplitSink<Socket, Message>);

/// What the script writes, and how it ends. Dropped before that, it ends the script.
#[derive(Debug)]
pub struct LiveOutput {
    socket: SplitStream<Socket>,
    line: Line,
    /// The files that were asked for, if any were.
    wanted: Option<Vec<FilePath>>,
    patience: Patience,
    ended: Option<Ended>,
}

/// What came from a script.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// Written to standard output.
    Stdout(Vec<u8>),
    /// Written to standard error.
    Stderr(Vec<u8>),
    /// It is over.
    Ended(Ended),
}

impl Client {
    /// `GET /session`: starts a script, or the interactive interpreter if the job has none. Arguments and files are those of the job;
    /// `timeout` is asked for, if given.
    pub async fn open(
        &self,
        token: &BearerToken,
        job: &JobSpec,
        timeout: Option<Duration>,
    ) -> Result<(LiveInput, LiveOutput), ClientError> {
        let first = serde_json::to_vec(&execution(job, timeout)?).map_err(|_| nonsense("a request that is no JSON"))?;
        if first.len() > limits::EXECUTE_BODY_BYTES {
            return Err(ClientError::TooMuchToSend(limits::EXECUTE_BODY_BYTES));
        }
        let wanted = job.wants_files().then(|| job.outputs().to_vec());
        let within = self.within(limits::CALL);
        let switched = async { self.switched(token, within).await };
        let (line, switched) = bounded(within, switched).await.ok_or(ClientError::TooSlow(within))??;
        let socket = WebSocketStream::from_partially_read(
            switched.stream,
            switched.ahead,
            Role::Client,
            Some(settings(1 + largest(wanted.is_some()))),
        );
        let (sink, stream) = socket.await.split();
        let patience = Patience::new(self.within(timeout.unwrap_or(limits::WALL_MAX) + limits::RUN_EXTRA));
        let mut output = LiveOutput { socket: stream, line, wanted, patience, ended: None };
        let mut input = LiveInput(sink);
        // As long as the server waits for it.
        let sending = limits::BODY_TIME + Duration::from_secs(first.len() as u64 / limits::BODY_RATE);
        tokio::select! {
            biased;
            // The script cannot have started: this is a refusal, or nonsense.
            heard = output.next() => return Err(heard.err().unwrap_or_else(|| nonsense("output before there was a script"))),
            sent = bounded(self.within(sending), input.begin(first.into())) => match sent {
                Some(true) => {}
                Some(false) => return Err(output.next().await.err().unwrap_or(ClientError::ScriptLost)),
                None => return Err(ClientError::TooSlow(self.within(sending))),
            },
        }
        output.patience.silence = self.within(limits::LIVE_SILENCE);
        Ok((input, output))
    }

    /// Makes a connection of ours a WebSocket (RFC 6455, section 4.1).
    async fn switched(
        &self,
        token: &BearerToken,
        within: Duration,
    ) -> Result<(Line, Switched<TlsStream<TcpStream>>), ClientError> {
        let key = generate_key();
        let request = Request::builder().method(Method::GET).uri("/session").header(HOST, self.authority());
        let request = request.header(CONNECTION, "Upgrade").header(UPGRADE, "websocket");
        let request = request.header(SEC_WEBSOCKET_VERSION, "13").header(SEC_WEBSOCKET_KEY, &key);
        let request = request.header(SEC_WEBSOCKET_PROTOCOL, PROTOCOL).header(AUTHORIZATION, bearer(token)?);
        let request = request.body(Full::default()).map_err(|_| nonsense("a request that is no HTTP"))?;
        let stream = self.connected(within).await?;
        let line = Line::of(stream.get_ref().0)?;
        let switched = switch(stream, request).await.map_err(with_token)?;
        agreed(&switched.headers, &derive_accept_key(key.as_bytes()))?;
        Ok((line, switched))
    }
}

/// Bytes of a message beside its channel, at most.
fn largest(with_files: bool) -> usize {
    if with_files { limits::RUN_ANSWER_BYTES } else { limits::LIVE_MESSAGE_BYTES }
}

fn settings(largest: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(limits::FRAME_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(limits::LIVE_AHEAD_BYTES)
        .max_message_size(Some(largest))
        .max_frame_size(Some(largest))
}

/// Checks that the server has understood what it said yes to (RFC 6455, section 4.1, the server's handshake).
fn agreed(headers: &HeaderMap, accept: &str) -> Result<(), ClientError> {
    let only = |name: HeaderName| {
        let mut values = headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok()).unwrap_or_default()
    };
    let upgrades = only(CONNECTION).split(',').any(|option| option.trim().eq_ignore_ascii_case("upgrade"));
    if !upgrades || !only(UPGRADE).eq_ignore_ascii_case("websocket") {
        return Err(nonsense("a switch to another protocol than WebSocket"));
    }
    if only(SEC_WEBSOCKET_ACCEPT) != accept {
        return Err(nonsense("a WebSocket with the wrong key"));
    }
    if only(SEC_WEBSOCKET_PROTOCOL) != PROTOCOL {
        return Err(nonsense("a WebSocket for something else than live sessions"));
    }
    match headers.contains_key(SEC_WEBSOCKET_EXTENSIONS) {
        true => Err(nonsense("a WebSocket with an extension that was not asked for")),
        false => Ok(()),
    }
}

impl LiveInput {
    /// Passes input on, and waits until there is room for more. False when nobody takes it any more: [`LiveOutput::next`] says why.
    pub async fn send(&mut self, input: &[u8]) -> bool {
        for chunk in input.chunks(limits::FRAME_BYTES) {
            if !self.message([&[STDIN], chunk].concat()).await {
                return false;
            }
        }
        true
    }

    /// Says that there will be no more input.
    pub async fn end(&mut self) -> bool {
        self.message(vec![STDIN]).await
    }

    async fn message(&mut self, bytes: Vec<u8>) -> bool {
        self.0.send(Message::Binary(bytes.into())).await.is_ok()
    }

    /// Sends the first message, in pieces (RFC 6455, section 5.4): what is waiting to be written is copied along while it gets shorter.
    async fn begin(&mut self, mut text: Bytes) -> bool {
        let mut code = OpCode::Data(Data::Text);
        while !text.is_empty() {
            let piece = text.split_to(text.len().min(limits::FRAME_BYTES));
            let frame = Frame::message(piece, code, text.is_empty());
            if self.0.send(Message::Frame(frame)).await.is_err() {
                return false;
            }
            code = OpCode::Data(Data::Continue);
        }
        true
    }
}

impl LiveOutput {
    /// Waits for what comes next. Nothing is lost if it is not waited for to the end. After [`Heard::Ended`] and after an error there
    /// is nothing more to wait for.
    pub async fn next(&mut self) -> Result<Heard, ClientError> {
        while self.ended.is_none() {
            let message = self.patience.for_one(self.socket.next()).await?;
            let message = match message {
                Some(Ok(Message::Binary(message))) => message,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Err(error)) => return Err(self.broken(&error)),
                Some(Ok(_)) | None => return Err(ClientError::ScriptLost),
            };
            match message.split_first() {
                Some((&CONTROL, control)) => self.ended = Some(self.end(control)?),
                // Longer ones may come only where files are asked for, and those are in the end.
                Some((_, output)) if output.len() > limits::LIVE_MESSAGE_BYTES => {
                    return Err(ClientError::TooLarge(limits::LIVE_MESSAGE_BYTES));
                }
                Some((&STDOUT, output)) => return Ok(Heard::Stdout(output.to_vec())),
                Some((&STDERR, output)) => return Ok(Heard::Stderr(output.to_vec())),
                _ => return Err(ClientError::ScriptLost),
            }
        }
        // The server closes, and is told that it was heard. Whoever takes long over it is not waited for.
        let closing = async { while let Some(Ok(_)) = self.socket.next().await {} };
        let _ = bounded(limits::LINGER, closing).await;
        self.line.hang_up_gently();
        self.ended.take().map(Heard::Ended).ok_or(ClientError::ScriptLost)
    }

    fn end(&self, control: &[u8]) -> Result<Ended, ClientError> {
        let control: wire::Control<'_> = parse(control)?;
        match (control.error.as_ref(), &control.exit_code) {
            ("ok", Some(code)) => {
                let (code, files) = (exit_code(code)?, returned(control.files, self.wanted.as_deref())?);
                Ok(Ended::Exited { stdout: vec![], stderr: vec![], code, files })
            }
            ("ok", None) => Err(nonsense("an end without an exit code")),
            ("request timed out", _) => Ok(Ended::TimedOut),
            ("output too large", _) => Ok(Ended::OutputTooLarge),
            _ => Err(refusal(&control)),
        }
    }

    fn broken(&self, error: &Error) -> ClientError {
        match error {
            Error::Capacity(_) => ClientError::TooLarge(largest(self.wanted.is_some())),
            Error::Io(_) | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => ClientError::ScriptLost,
            other => ClientError::Unexpected(format!("no WebSocket ({})", terminal::sentence(&other.to_string()))),
        }
    }
}

/// What any other end means. The sentences are the same as those of answers to other calls.
fn refusal(control: &wire::Control<'_>) -> ClientError {
    let wait = control.retry_after.map(Duration::from_secs).filter(|wait| *wait <= limits::BELIEVED_WAIT);
    match control.error.as_ref() {
        "slow down" => ClientError::SlowDown(wait),
        "overloaded" => ClientError::Overloaded(wait),
        "not registered, not approved, or wrong credentials" => ClientError::SessionEnded,
        // The close code that goes with it (RFC 6455, section 7.4.1).
        "internal error" => ClientError::ServerFault(1011),
        "the server is shutting down" => ClientError::ShuttingDown,
        other => ClientError::Refused(terminal::sentence(other)),
    }
}

/// How long a server is waited for, all its silences together: the time that output takes to be written here is not its fault.
#[derive(Debug)]
struct Patience {
    /// How long one silence may be: a server that holds a session asks now and then whether we are there.
    silence: Duration,
    left: Duration,
    since: Option<Instant>,
}

impl Patience {
    fn new(whole: Duration) -> Self {
        Self { silence: whole, left: whole, since: None }
    }

    /// Waits for one message. A wait that was broken off goes on with the next one.
    async fn for_one<T>(&mut self, message: impl Future<Output = T>) -> Result<T, ClientError> {
        let since = *self.since.get_or_insert_with(monotonic);
        let most = self.left.min(self.silence);
        let left = most.saturating_sub(since.elapsed());
        let message = bounded(left, message).await.ok_or(ClientError::TooSlow(most))?;
        self.left = self.left.saturating_sub(since.elapsed());
        self.since = None;
        Ok(message)
    }
}

/// The TCP connection, whatever is spoken on it.
#[derive(Debug)]
struct Line(OwnedFd);

impl Line {
    /// Whoever goes before the end is gone at once: by default what the server has not taken yet would be delivered first, and until
    /// then it would not know. What is typed is sent at once too.
    fn of(stream: &TcpStream) -> Result<Self, ClientError> {
        let line = || {
            stream.set_nodelay(true)?;
            let line = Self(stream.as_fd().try_clone_to_owned()?);
            set_socket_linger(&line.0, Some(Duration::ZERO))?;
            std::io::Result::Ok(line)
        };
        line().map_err(|_| ClientError::Lost)
    }

    /// There is nothing left to be said.
    fn hang_up_gently(&self) {
        let _ = set_socket_linger(&self.0, None);
    }
}
