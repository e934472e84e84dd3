//! How a live session ends, and what is said last.
//!
//! Owns: the closing codes (RFC 6455, section 7.4), the last control message, and that what it takes in memory until it is fetched
//! counts as an answer's does. Not here: what leads to an end (`live`).

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::body::SessionEnd;
use super::frames::{Fault, Heard, Inbound, Kind, Outbound, Wanted, Waste};
use super::reply::{cut_short, whole_seconds};
use crate::config::limits;
use crate::domain::{Error, JobFile, JobOutcome, JobResult, Spent};
use crate::door::networks::Room;

/// The channel of control messages.
const CONTROL: u8 = 3;

const ANYTHING: Wanted = Wanted { kind: None, limit: usize::MAX, otherwise: "" };

/// How a session ends.
#[derive(Debug)]
pub(super) enum End {
    /// By itself: the script is over.
    Ran(Box<JobResult>, bool),
    /// Nobody is there to be told.
    Gone,
    /// The client has closed it, with this code.
    Closed(Option<u16>),
    /// We do, with this code; the control message goes before.
    Close(u16, Option<Box<SessionEnd>>),
}

impl End {
    pub(super) fn said(code: u16, error: impl Into<String>) -> Self {
        Self::Close(code, Some(Box::new(SessionEnd::new(error))))
    }

    pub(super) fn away() -> Self {
        Self::said(1001, "the server is shutting down")
    }

    pub(super) fn timed_out() -> Self {
        Self::said(1000, cut_short(JobOutcome::TimedOut(Spent::Wall)))
    }

    /// Says the last words, as far as there is somebody to hear them, and closes the WebSocket.
    pub(super) async fn tell<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
        self,
        inbound: &mut Inbound<'_, R>,
        outbound: &mut Outbound<W>,
        room: Room,
    ) {
        if matches!(self, Self::Gone) {
            return;
        }
        let words = self.words(room).await;
        // Somebody with a slow line may take for it what a body may take to come.
        let left = outbound.waiting() + words.control.as_ref().map_or(0, Vec::len);
        let time = limits::SESSION_CLOSE + Duration::from_secs(left as u64 / limits::BODY_RATE);
        let _ = timeout(time, close(words, inbound, outbound)).await;
    }

    /// What is said last, as bytes, and the room that they take until they are fetched.
    async fn words(self, mut room: Room) -> LastWords {
        let (code, control) = match self {
            Self::Gone => return LastWords::none(None, room),
            Self::Closed(code) => return LastWords::none(code, room),
            Self::Ran(result, with_files) => match ran(*result, with_files, &mut room).await {
                Ok(control) => (1000, Some(control)),
                Err(error) => {
                    let (code, control) = refused(&error);
                    (code, Some(bytes(&control)))
                }
            },
            Self::Close(code, control) => (code, control.map(|control| bytes(&control))),
        };
        LastWords { code: Some(code), control, theirs: code == 1002, room }
    }
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        let (code, control) = refused(&error);
        Self::Close(code, Some(Box::new(control)))
    }
}

/// What is said of an error, and with which code.
fn refused(error: &Error) -> (u16, SessionEnd) {
    let (code, retry_after) = match error {
        Error::Malformed(_) | Error::Unauthorized | Error::NotFound | Error::Conflict(_) => (1008, None),
        Error::Forbidden(_) | Error::NotTheirs | Error::Gone => (1008, None),
        Error::TooLarge(_) => (1009, None),
        Error::SlowDown(time) | Error::Overloaded(time) => (1013, Some(whole_seconds(*time))),
        Error::Ours(why) => {
            crate::telemetry::warn_sparingly!("a session could not be held: {why}");
            (1011, None)
        }
    };
    let said = error.to_string();
    let said = said.strip_prefix("the body ").map_or_else(|| said.clone(), |rest| format!("the first message {rest}"));
    (code, SessionEnd { retry_after, ..SessionEnd::new(said) })
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Protocol(why) => {
                tracing::debug!(why, "a session was not spoken as it must be");
                Self::Close(1002, None)
            }
            Fault::NotUtf8 => Self::Close(1007, None),
            Fault::TooLarge(limit) => Self::said(1009, format!("the message is larger than {limit} bytes")),
            Fault::NoPlace(sentence) => Self::said(1003, sentence),
            Fault::Refused(error) => error.into(),
            Fault::Gone => Self::Gone,
        }
    }
}

/// What is said last.
struct LastWords {
    code: Option<u16>,
    control: Option<Vec<u8>>,
    /// Whether nothing more is understood of the client, or it has closed already.
    theirs: bool,
    /// Held until they are fetched.
    room: Room,
}

impl LastWords {
    const fn none(code: Option<u16>, room: Room) -> Self {
        Self { code, control: None, theirs: true, room }
    }
}

/// What is said of a run that is over. Many files are written where they keep nobody else waiting.
async fn ran(result: JobResult, with_files: bool, room: &mut Room) -> Result<Vec<u8>, Error> {
    let size: usize = result.files.iter().map(written).sum();
    room.grow_to(size)?;
    let write = move || {
        bytes(&match result.outcome.exit_code() {
            Some(code) => SessionEnd::ended(result, code, with_files),
            None => SessionEnd::new(cut_short(result.outcome)),
        })
    };
    if size <= limits::PARSE_ASIDE_BYTES {
        return Ok(write());
    }
    let written = tokio::task::spawn_blocking(write).await;
    written.map_err(|error| Error::Ours(format!("an end was not written: {error}")))
}

fn bytes(end: &SessionEnd) -> Vec<u8> {
    serde_json::to_vec(end).unwrap_or_default()
}

/// Bytes of a file in JSON, at most: its content in base64, and each byte of its name as an escape.
fn written(file: &JobFile) -> usize {
    file.content.len() / 3 * 4 + 4 + 6 * file.path.as_bytes().len() + 6
}

/// The closing handshake (RFC 6455, section 7.1).
async fn close<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    words: LastWords,
    inbound: &mut Inbound<'_, R>,
    outbound: &mut Outbound<W>,
) {
    let LastWords { code, control, theirs, room: _room } = words;
    if let Some(control) = control {
        outbound.put(Kind::Binary, &[&[CONTROL], &control]);
    }
    let code = code.map(u16::to_be_bytes);
    outbound.put(Kind::Close, &[code.as_ref().map_or(&[], |code| code.as_slice())]);
    if outbound.flush().await.is_err() {
        return;
    }
    while !theirs && !matches!(inbound.next(ANYTHING, &mut Waste).await, Ok(Heard::Close(_)) | Err(_)) {}
    outbound.end().await;
    // Closing it at once would take the last words from whoever is still sending.
    let _ = timeout(limits::LINGER, inbound.drain()).await;
}
