//! One request and its answer over a connection that is there: the only file that knows HTTP/1.1.
//!
//! Owns: the bounds on what a server may send, and the meaning of status codes. Not here: what the bodies say (`wire`), what is
//! spoken after a switch to another protocol (`live`), and time-outs: whoever awaits an exchange gives it its time.

use std::error::Error;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{ClientError, terminal, wire};
use crate::config::limits;

/// An answer within its bounds. Nothing in it has been believed yet.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Sends a request and takes an answer whose body is at most `most` bytes long.
pub(super) async fn exchange<S, B>(stream: S, request: Request<B>, most: usize) -> Result<Answer, ClientError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    talk(stream, request, async |response| receive(response, most).await).await
}

/// What takes bytes as they come, and is told how many there are in all.
type Take<'a> = dyn FnMut(&[u8], u64) -> Result<(), ClientError> + Send + 'a;

/// Bytes on their way in.
pub(super) struct Incoming<'a> {
    /// How long nothing may come.
    pub(super) idle: Duration,
    /// How long so many bytes may take.
    pub(super) within: fn(u64) -> Duration,
    pub(super) take: &'a mut Take<'a>,
}

/// Sends a request and hands on the bytes of its answer as they come. An answer says how long it is (RFC 9110, section 8.6): one
/// without an end would fill a disk.
pub(super) async fn receive_bytes<S, B>(stream: S, request: Request<B>, to: Incoming<'_>) -> Result<(), ClientError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    talk(stream, request, async |response| {
        if response.status() != StatusCode::OK {
            return Err(receive(response, limits::SMALL_ANSWER_BYTES).await?.refusal());
        }
        let mut body = response.into_body();
        let length = body.size_hint().exact().ok_or_else(|| unexpected("an answer that does not say its length"))?;
        let within = (to.within)(length);
        let pieces = async {
            loop {
                let frame = tokio::time::timeout(to.idle, body.frame()).await;
                let Some(frame) = frame.map_err(|_| ClientError::TooSlow(to.idle))? else { return Ok(()) };
                if let Ok(data) = frame.map_err(broken)?.into_data() {
                    (to.take)(&data, length)?;
                }
            }
        };
        tokio::time::timeout(within, pieces).await.map_err(|_| ClientError::TooSlow(within))?
    })
    .await
}

/// One request, and what is made of its answer.
async fn talk<S, B, T>(
    stream: S,
    request: Request<B>,
    take: impl AsyncFnOnce(Response<hyper::body::Incoming>) -> Result<T, ClientError>,
) -> Result<T, ClientError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    let (mut sender, connection) = bounds().handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let answer = async { take(sender.send_request(request).await.map_err(broken)?).await };
    tokio::pin!(answer, connection);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        // Whatever was wrong with it, the answer's own future says so.
        _ = &mut connection => answer.await,
    }
}

/// A connection that has left HTTP, and what was said when it did. Nothing in it has been believed yet.
#[derive(Debug)]
pub(super) struct Switched<S> {
    pub(super) headers: HeaderMap,
    pub(super) stream: S,
    /// What came behind the head.
    pub(super) ahead: Vec<u8>,
}

/// Sends a request to speak another protocol from here on (RFC 9110, section 7.8). Any answer but 101 is an error.
pub(super) async fn switch<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Switched<S>, ClientError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sender, connection) = bounds().handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(broken)?;
        match response.status() {
            StatusCode::SWITCHING_PROTOCOLS => Ok(response.into_parts().0.headers),
            _ => Err(receive(response, limits::SMALL_ANSWER_BYTES).await?.refusal()),
        }
    };
    let connection = connection.without_shutdown();
    tokio::pin!(answer, connection);
    let (headers, parts) = tokio::select! {
        biased;
        headers = &mut answer => (headers?, connection.await),
        parts = &mut connection => (answer.await?, parts),
    };
    let parts = parts.map_err(broken)?;
    Ok(Switched { headers, stream: parts.io.into_inner(), ahead: parts.read_buf.to_vec() })
}

/// A connection, and what of an answer it holds at most.
pub(super) fn bounds() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.max_headers(limits::ANSWER_HEADERS).max_header_size(limits::ANSWER_HEAD_BYTES);
    // The head and the trailers are gathered in this buffer, and the body passes through it.
    builder.max_buf_size(limits::ANSWER_HEAD_BYTES);
    builder
}

async fn receive(response: Response<hyper::body::Incoming>, most: usize) -> Result<Answer, ClientError> {
    let (head, body) = response.into_parts();
    // Errors are short, whatever was asked.
    let most = if head.status.is_success() { most } else { most.min(limits::SMALL_ANSWER_BYTES) };
    Ok(Answer { status: head.status, headers: head.headers, body: collect(body, most).await? })
}

async fn collect(mut body: hyper::body::Incoming, most: usize) -> Result<Vec<u8>, ClientError> {
    // A length is a claim: what is too much by it is refused at once, and nothing is set aside for it.
    if body.size_hint().lower() > most as u64 {
        return Err(ClientError::TooLarge(most));
    }
    let mut bytes = vec![];
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if data.len() > most.saturating_sub(bytes.len()) {
            return Err(ClientError::TooLarge(most));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// What a broken exchange means. hyper's own texts quote nothing of what the server sent.
fn broken(error: hyper::Error) -> ClientError {
    match error.is_parse() {
        true if error.is_parse_too_large() => ClientError::Unexpected("a head without end".to_owned()),
        true => ClientError::Unexpected(format!("not HTTP/1.1 ({error})")),
        false => ClientError::Lost,
    }
}

impl Answer {
    /// The body, if the status is the one of success and the body JSON.
    pub(super) fn json(self, expected: StatusCode) -> Result<Vec<u8>, ClientError> {
        let plain = self.says(&CONTENT_ENCODING).is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
        match self.status == expected {
            true if !plain => Err(unexpected("compressed, which was not asked for")),
            true if !self.is_json() => Err(unexpected("not JSON (is this a Cloud Python server?)")),
            true => Ok(self.body),
            false => Err(self.refusal()),
        }
    }

    /// The body, whatever it is, if the status is that of success.
    pub(super) fn text(self) -> Result<Vec<u8>, ClientError> {
        if self.status == StatusCode::OK { Ok(self.body) } else { Err(self.refusal()) }
    }

    /// Nothing more than that it was done.
    pub(super) fn done(self, expected: StatusCode) -> Result<(), ClientError> {
        if self.status == expected { Ok(()) } else { Err(self.refusal()) }
    }

    /// What any other status means.
    fn refusal(self) -> ClientError {
        match self.status {
            StatusCode::UNAUTHORIZED => ClientError::WrongCredentials,
            StatusCode::TOO_MANY_REQUESTS => ClientError::SlowDown(self.retry_after()),
            StatusCode::SERVICE_UNAVAILABLE => ClientError::Overloaded(self.retry_after()),
            StatusCode::NOT_FOUND => ClientError::NotFound(self.sentence()),
            status if status.is_redirection() => ClientError::Redirect,
            status if status.is_client_error() => ClientError::Refused(self.sentence()),
            status if status.is_server_error() => ClientError::ServerFault(status.as_u16()),
            status => unexpected(&format!("status {}", status.as_u16())),
        }
    }

    /// What the server says was wrong, for people.
    fn sentence(&self) -> String {
        match wire::error(&self.body).filter(|_| self.is_json()) {
            Some(text) => terminal::sentence(&text),
            None => format!("status {}", self.status.as_u16()),
        }
    }

    fn is_json(&self) -> bool {
        let kind = self.says(&CONTENT_TYPE).and_then(|kind| kind.split(';').next()).unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("application/json")
    }

    /// In seconds (RFC 9110, section 10.2.3), and no longer than anybody would believe.
    fn retry_after(&self) -> Option<Duration> {
        let seconds: u64 = self.says(&RETRY_AFTER)?.parse().ok()?;
        Some(Duration::from_secs(seconds)).filter(|wait| *wait <= limits::BELIEVED_WAIT)
    }

    fn says(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

fn unexpected(what: &str) -> ClientError {
    ClientError::Unexpected(what.to_owned())
}
