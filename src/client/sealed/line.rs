//! One request and its answer over a connection of its own, in the open: whoever sits on the line reads all of this.
//!
//! Owns: HTTP/1.1, and that nothing is ever sent a second time. Not here: what is sealed, and what an answer means.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustix::net::sockopt::set_socket_send_buffer_size;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{SealedError, SealedUrl};
use crate::client::calls::bounded;
use crate::client::exchange::bounds;
use crate::config::limits;

/// The way to the server.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) url: SealedUrl,
    /// How long every answer is waited for, instead of the times in [`limits`].
    pub(super) patience: Option<Duration>,
}

/// What is sent with a request.
pub(super) enum Sending {
    /// These bytes, with their length.
    Whole(Option<Bytes>),
    /// Lines as they come, in chunks. `None` is the end: without it nobody takes what was sent for whole.
    Lines(mpsc::Receiver<Option<Bytes>>),
}

impl Sending {
    pub(super) fn nothing() -> Self {
        Self::Whole(None)
    }

    pub(super) fn whole(token: String) -> Self {
        Self::Whole(Some(token.into()))
    }
}

/// What was to be sent has broken off.
#[derive(Debug, thiserror::Error)]
#[error("what was to be sent has broken off")]
pub(super) struct BrokenOff;

impl Body for Sending {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Lines(lines) => lines.poll_recv(cx).map(|line| match line {
                Some(Some(line)) => Some(Ok(Frame::data(line))),
                Some(None) => None,
                None => Some(Err(BrokenOff)),
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Lines(_) => SizeHint::default(),
        }
    }
}

/// An answer that has begun. Nothing in it has been believed yet. Dropped, its connection ends.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    body: Incoming,
    _connection: Connection,
}

/// Moves the bytes of a connection until this is dropped.
#[derive(Debug)]
struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Line {
    /// How long to wait for what is usually there within this time.
    pub(super) fn within(&self, usually: Duration) -> Duration {
        self.patience.unwrap_or(usually)
    }

    /// Sends a request and takes the head of its answer. Whoever awaits this gives it its time.
    pub(super) async fn exchange(
        &self,
        method: Method,
        path: &str,
        cookie: Option<&str>,
        sending: Sending,
    ) -> Result<Reply, SealedError> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, self.url.authority());
        request = request.header(header::CONNECTION, "close");
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(sending).map_err(|error| SealedError::Unexpected(error.to_string()))?;
        let connecting = self.within(limits::CONNECT).min(limits::CONNECT);
        let stream = bounded(connecting, self.connect()).await.ok_or(SealedError::NoConnection(connecting))??;
        let (mut sender, connection) = bounds().handshake(TokioIo::new(stream)).await.map_err(broken)?;
        // Whatever is wrong with it, the answer's own future says so.
        let connection = Connection(tokio::spawn(async { drop(connection.await) }));
        let (head, body) = sender.send_request(request).await.map_err(broken)?.into_parts();
        Ok(Reply { status: head.status, headers: head.headers, body, _connection: connection })
    }

    async fn connect(&self) -> Result<TcpStream, SealedError> {
        let stream = TcpStream::connect(self.url.place()).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::ConnectionRefused => SealedError::NothingListens(self.url.clone()),
            _ => SealedError::Unreachable(self.url.clone(), error),
        })?;
        let set = stream.set_nodelay(true);
        let set = set.and_then(|()| Ok(set_socket_send_buffer_size(&stream, limits::SEALED_AHEAD_BYTES)?));
        set.map(|()| stream).map_err(|_| SealedError::Lost)
    }
}

impl Reply {
    /// The next bytes of the body. Nothing at its end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, SealedError> {
        while let Some(frame) = self.body.frame().await {
            if let Ok(data) = frame.map_err(broken)?.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// The whole body, of at most `most` bytes.
    pub(super) async fn whole(&mut self, most: usize) -> Result<Vec<u8>, SealedError> {
        let mut bytes = vec![];
        while let Some(piece) = self.next().await? {
            if piece.len() > most.saturating_sub(bytes.len()) {
                return Err(SealedError::TooLarge(most));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    /// Whether the body is a sealed one, by its framing: no length, and an end of its own, so that it is not whole because the
    /// connection has ended.
    pub(super) fn is_sealed(&self) -> bool {
        let chunked = |coding: &str| coding.eq_ignore_ascii_case("chunked");
        !self.headers.contains_key(header::CONTENT_LENGTH) && self.says(&header::TRANSFER_ENCODING).is_some_and(chunked)
    }

    /// In seconds (RFC 9110, section 10.2.3), and no longer than anybody would believe.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let seconds: u64 = self.says(&header::RETRY_AFTER)?.parse().ok()?;
        Some(Duration::from_secs(seconds)).filter(|wait| *wait <= limits::BELIEVED_WAIT)
    }

    /// A field of the head, as text.
    pub(super) fn says(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What a broken exchange means. hyper's own texts quote nothing of what the server sent.
fn broken(error: hyper::Error) -> SealedError {
    match error.is_parse() {
        true if error.is_parse_too_large() => SealedError::Unexpected("a head without end".to_owned()),
        true => SealedError::Unexpected(format!("not HTTP/1.1: {error}")),
        false => SealedError::Lost,
    }
}
