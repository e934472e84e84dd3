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

use super::sessions::{BadToken, Busy, Session};
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
    /// The token in the path is not taken. Whoever sends it may be anybody, and is told the status alone.
    Token(BadToken),
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
    Bytes(Bytes),
    /// A file, as it is read.
    File(Download),
    /// What a command writes, until it is over; and the memory that its input is counted in.
    Command { talk: Talk, _room: Room },
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

/// Answers a session. If the request `counts` it is not idle until the answer has been fetched, and has been used then.
pub(super) fn sealed(status: StatusCode, session: &Arc<Session>, content: Content, counts: bool) -> Answer {
    let lines = Lines {
        content: Some(content),
        piece: Bytes::new(),
        session: Arc::clone(session),
        _busy: counts.then(|| session.busy()),
    };
    dressed(status, AnswerBody::Sealed(Box::pin(unfold(lines, Lines::next))))
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
        Refusal::Token(_) => return refused(refusal),
    };
    hinted(sealed(status(refusal), session, Content::Bytes(sentence.into()), false), refusal)
}

fn status(refusal: &Refusal) -> StatusCode {
    if let Refusal::Error(Error::Ours(why)) = refusal {
        crate::telemetry::warn_sparingly!("a request on the sealed channel could not be answered: {why}");
    }
    match refusal {
        Refusal::Error(error) => match error {
            Error::Malformed(_) => StatusCode::BAD_REQUEST,
            Error::Unauthorized | Error::Forbidden(_) | Error::NotTheirs => StatusCode::FORBIDDEN,
            Error::NotFound | Error::Gone => StatusCode::NOT_FOUND,
            Error::Conflict(_) => StatusCode::CONFLICT,
            Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Error::SlowDown(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::Overloaded(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Ours(_) => StatusCode::INTERNAL_SERVER_ERROR,
        },
        Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
        Refusal::Slow => StatusCode::REQUEST_TIMEOUT,
        Refusal::Token(BadToken::Invalid) => StatusCode::FORBIDDEN,
        Refusal::Token(BadToken::TooMany) => StatusCode::TOO_MANY_REQUESTS,
    }
}

fn hinted(mut answer: Answer, refusal: &Refusal) -> Answer {
    let hint: Option<(HeaderName, HeaderValue)> = match refusal {
        Refusal::Error(Error::SlowDown(time) | Error::Overloaded(time)) => {
            Some((header::RETRY_AFTER, whole_seconds(*time).into()))
        }
        Refusal::Method => Some((header::ALLOW, HeaderValue::from_static("GET, POST"))),
        Refusal::Slow => Some((header::CONNECTION, HeaderValue::from_static("close"))),
        Refusal::Token(BadToken::TooMany) => Some((header::RETRY_AFTER, whole_seconds(limits::SEALED_SKEW).into())),
        Refusal::Error(_) | Refusal::Token(BadToken::Invalid) => None,
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

/// A sealed answer on its way out.
struct Lines {
    content: Option<Content>,
    /// What has been read of it and not been sealed.
    piece: Bytes,
    session: Arc<Session>,
    _busy: Option<Busy>,
}

impl Lines {
    /// The next lines, and what comes after them. Nothing more once the session has ended.
    async fn next(mut self) -> Option<(Result<Bytes, Broken>, Self)> {
        let session = Arc::clone(&self.session);
        let lines = tokio::select! {
            biased;
            () = session.ended() => Some(Err(Broken)),
            lines = self.read_and_seal() => lines,
        }?;
        if lines.is_err() {
            (self.content, self.piece) = (None, Bytes::new());
        }
        Some((lines, self))
    }

    async fn read_and_seal(&mut self) -> Option<Result<Bytes, Broken>> {
        let sealed = match self.read().await? {
            // Not more at once than another request can wait for.
            Ok(()) => self.seal(limits::SEALED_PIECE_BYTES),
            Err(error) => Err(error),
        };
        Some(sealed.map_err(|error| {
            crate::telemetry::warn_sparingly!("an answer on the sealed channel broke off: {error:?}");
            Broken
        }))
    }

    /// Sees to it that there is a piece, unless there is nothing more.
    async fn read(&mut self) -> Option<Result<(), Error>> {
        if self.piece.is_empty() {
            let piece = match self.content.as_mut()? {
                Content::Bytes(bytes) => (!bytes.is_empty()).then(|| Ok(std::mem::take(bytes))),
                Content::File(file) => {
                    let piece = file.next().await.map(|piece| piece.map(Bytes::from));
                    piece.map_err(Error::from).transpose()
                }
                Content::Command { talk, .. } => talk.next().await.map(|piece| piece.map(Bytes::from)),
            };
            match piece? {
                Ok(piece) => self.piece = piece,
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(()))
    }

    fn seal(&mut self, most: usize) -> Result<Bytes, Error> {
        let now = self.piece.split_to(self.piece.len().min(most));
        let blocks = now.chunks(limits::SEALED_BLOCK_BYTES).map(|block| self.session.seal(block));
        Ok(blocks.collect::<Result<String, Error>>()?.into())
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
