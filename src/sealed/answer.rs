//! What is answered, with which status.
//!
//! Owns: the table of statuses, the two kinds of body (in the open with a length; sealed, a token a line, without one), and that
//! whoever has no session is told nothing but the status. Not here: what is done.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::unfold;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::sessions::{Busy, Session};
use super::talk::Talk;
use crate::config::limits;
use crate::domain::Error;
use crate::door::networks::Room;
use crate::workspace::Download;

/// A whole answer.
pub(super) type Answer = Response<AnswerBody>;

/// Why a request is not answered with what it asks for.
#[derive(Debug)]
pub(super) enum Refusal {
    /// What the house says.
    Error(Error),
    /// There is such a path, but not with this method.
    Method,
    /// The body has not come in time.
    Slow,
}

impl Refusal {
    pub(super) fn malformed(sentence: &str) -> Self {
        Self::Error(Error::Malformed(sentence.to_owned()))
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What is answered inside a session.
pub(super) enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A file, as it is read.
    File(Download),
    /// What a command writes, until it is over; and the memory that its input is counted in.
    Command(Talk, Room),
}

/// The body of an answer.
pub(super) enum AnswerBody {
    /// In the open.
    Plain(Option<Bytes>),
    /// Sealed, as it comes.
    Sealed(Pin<Box<dyn Stream<Item = Result<Bytes, Broken>> + Send>>),
}

/// An answer that cannot be brought to its end: the connection breaks, so that nobody takes it for whole.
#[derive(Debug, thiserror::Error)]
#[error("the answer cannot be brought to its end")]
pub(super) struct Broken;

/// Answers in the open.
pub(super) fn plain(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    let text = text.into();
    dressed(status, AnswerBody::Plain(Some(text)))
}

/// Answers a session.
pub(super) fn sealed(status: StatusCode, session: &Arc<Session>, content: Content) -> Answer {
    let busy = session.busy(status.is_success());
    let lines = unfold((Some(content), Arc::clone(session), busy), next_lines);
    dressed(status, AnswerBody::Sealed(Box::pin(lines)))
}

/// Refuses what somebody without a session asks: they get the status.
pub(super) fn refused(refusal: &Refusal) -> Answer {
    hinted(plain(status(refusal), Bytes::new()), refusal)
}

/// Refuses what is asked in a session, in a sentence.
pub(super) fn refused_inside(session: &Arc<Session>, refusal: &Refusal) -> Answer {
    let sentence = match refusal {
        Refusal::Error(error) => error.to_string(),
        Refusal::Method => "wrong method: GET and POST are taken".to_owned(),
        Refusal::Slow => "the body did not come in time".to_owned(),
    };
    hinted(sealed(status(refusal), session, Content::Bytes(sentence.into_bytes())), refusal)
}

fn status(refusal: &Refusal) -> StatusCode {
    if let Refusal::Error(Error::Ours(why)) = refusal {
        crate::telemetry::warn_sparingly!("a request on the sealed channel could not be answered: {why}");
    }
    match refusal {
        Refusal::Error(error) => match error {
            Error::Malformed(_) => StatusCode::BAD_REQUEST,
            Error::Unauthorized => StatusCode::FORBIDDEN,
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::Conflict(_) => StatusCode::CONFLICT,
            Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Error::SlowDown(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::Overloaded(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Ours(_) => StatusCode::INTERNAL_SERVER_ERROR,
        },
        Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
        Refusal::Slow => StatusCode::REQUEST_TIMEOUT,
    }
}

fn hinted(mut answer: Answer, refusal: &Refusal) -> Answer {
    let hint: Option<(HeaderName, HeaderValue)> = match refusal {
        Refusal::Error(Error::SlowDown(time) | Error::Overloaded(time)) => {
            Some((header::RETRY_AFTER, whole_seconds(*time).into()))
        }
        Refusal::Method => Some((header::ALLOW, HeaderValue::from_static("GET, POST"))),
        Refusal::Slow => Some((header::CONNECTION, HeaderValue::from_static("close"))),
        Refusal::Error(_) => None,
    };
    answer.headers_mut().extend(hint);
    answer
}

fn whole_seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0)).max(1)
}

fn dressed(status: StatusCode, body: AnswerBody) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let fields = answer.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    fields.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

type Lines = (Option<Content>, Arc<Session>, Busy);

/// The next lines of a sealed answer, and what comes after them.
async fn next_lines((content, session, busy): Lines) -> Option<(Result<Bytes, Broken>, Lines)> {
    let (piece, content) = next_piece(content?).await?;
    let lines = piece.and_then(|piece| {
        let blocks = piece.chunks(limits::SEALED_BLOCK_BYTES).map(|block| session.seal(block));
        blocks.collect::<Result<String, Error>>()
    });
    let lines = lines.map(Bytes::from).map_err(|error| {
        crate::telemetry::warn_sparingly!("an answer on the sealed channel broke off: {error:?}");
        Broken
    });
    Some((lines, (content, session, busy)))
}

async fn next_piece(content: Content) -> Option<(Result<Vec<u8>, Error>, Option<Content>)> {
    match content {
        Content::Bytes(bytes) => (!bytes.is_empty()).then_some((Ok(bytes), None)),
        Content::File(mut file) => match file.next().await {
            Ok(piece) => piece.map(|piece| (Ok(piece), Some(Content::File(file)))),
            Err(error) => Some((Err(error.into()), None)),
        },
        Content::Command(mut talk, room) => talk.next().await.map(|piece| (piece, Some(Content::Command(talk, room)))),
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match &mut *self {
            Self::Plain(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Sealed(lines) => lines.as_mut().poll_next(cx).map(|lines| lines.map(|lines| lines.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Plain(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Plain(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Sealed(_) => SizeHint::default(),
        }
    }
}
