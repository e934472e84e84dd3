//! Taking in a body that a stranger sends, and opening what is in it, piece by piece.
//!
//! Owns: how long a body may take, how much of it is in memory, and that a body which is not made of this session's tokens is
//! refused at the first that is none. Not here: where one token ends (`tokens`), what is done with the content.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{HeaderValue, TRANSFER_ENCODING};

use super::answer::Refusal;
use super::sessions::{BadToken, Held, Session};
use super::tokens::{Framing, Tokens};
use crate::clock::monotonic;
use crate::config::limits;
use crate::domain::{Error, UnixTime};
use crate::door::Settings;
use crate::door::networks::Room;

/// A body that is being read.
pub(super) struct Intake {
    body: Incoming,
    framing: Framing,
    begun: Instant,
    taken: u64,
    time: Duration,
    room: Room,
}

/// A body whose tokens are opened as they come.
pub(super) struct Contents {
    intake: Intake,
    tokens: Tokens,
    session: Arc<Session>,
    /// If it is one token, which may be large and on its way for long: it is judged as of when it began.
    held: Option<Arc<Held>>,
    /// When the last one was made.
    last: UnixTime,
    /// Whether there was one.
    had_any: bool,
    ended: bool,
}

impl Intake {
    /// Of a request with these fields. Its framing must be one that cannot be read in two ways.
    pub(super) fn new(body: Incoming, fields: &HeaderMap, settings: &Settings, room: Room) -> Result<Self, Refusal> {
        let mut codings = fields.get_all(TRANSFER_ENCODING).iter();
        let chunked = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
        let framing = match (codings.next(), codings.next()) {
            (None, _) => Framing::Whole,
            (Some(coding), None) if chunked(coding) => Framing::Lines,
            _ => return Err(Refusal::malformed("Transfer-Encoding can be chunked and nothing else")),
        };
        Ok(Self { body, framing, begun: monotonic(), taken: 0, time: settings.body, room })
    }

    /// The whole body, of at most `limit` bytes.
    pub(super) async fn whole(mut self, limit: usize) -> Result<Vec<u8>, Refusal> {
        let too_large = || Refusal::Error(Error::TooLarge(format!("the body is larger than {limit} bytes")));
        if self.body.size_hint().lower() > limit as u64 {
            return Err(too_large());
        }
        let mut bytes = vec![];
        while let Some(piece) = self.next().await? {
            if bytes.len().saturating_add(piece.len()) > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(&piece);
            self.room.grow_to(bytes.capacity())?;
        }
        Ok(bytes)
    }

    /// Its tokens, opened with a session's key.
    pub(super) fn contents(self, session: &Arc<Session>) -> Contents {
        let tokens = Tokens::new(self.framing, limits::SEALED_TOKEN_BYTES);
        let (session, last) = (Arc::clone(session), UnixTime(0));
        Contents { intake: self, tokens, session, held: None, last, had_any: false, ended: false }
    }

    /// The same, for a request whose path has shown that it is asked by whoever has the key: its body may take its time.
    pub(super) fn contents_in_time(self, session: &Arc<Session>) -> Contents {
        let held = (self.framing == Framing::Whole).then(|| Arc::new(session.hold()));
        Contents { held, ..self.contents(session) }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        let worth = Duration::from_secs(self.taken / limits::BODY_RATE);
        let deadline = self.begun + self.time + worth;
        loop {
            let frame = tokio::time::timeout_at(deadline.into(), self.body.frame()).await;
            let Some(frame) = frame.map_err(|_| Refusal::Slow)? else { return Ok(None) };
            let Ok(data) = frame.map_err(|_| Refusal::malformed("the body cannot be read"))?.into_data() else {
                continue;
            };
            self.taken = self.taken.saturating_add(data.len() as u64);
            return Ok(Some(data));
        }
    }
}

impl Contents {
    /// The content of the next token. Nothing after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        loop {
            let token = if self.ended { self.tokens.last() } else { self.tokens.next() };
            match token {
                Some(token) => return self.open(token).await.map(Some),
                None if self.ended => return Ok(None),
                None => {}
            }
            match self.intake.next().await? {
                Some(piece) => {
                    let pushed = self.tokens.push(&piece);
                    pushed.map_err(|_| Refusal::Error(Error::TooLarge(too_long())))?;
                    // As it came, and opened.
                    self.intake.room.grow_to(self.tokens.held().saturating_mul(2))?;
                }
                None => self.ended = true,
            }
        }
    }

    /// Whether there was a token at all.
    pub(super) const fn had_any(&self) -> bool {
        self.had_any
    }

    /// All of it, at most `limit` bytes, and the memory that it is counted in.
    pub(super) async fn collect(mut self, limit: usize) -> Result<(Vec<u8>, Room), Refusal> {
        let mut all = vec![];
        while let Some(content) = self.next().await? {
            if all.len().saturating_add(content.len()) > limit {
                return Err(Refusal::Error(Error::TooLarge(format!("more than {limit} bytes are not taken"))));
            }
            all.extend(content);
            self.intake.room.grow_to(self.tokens.held().saturating_mul(2).saturating_add(all.capacity()))?;
        }
        Ok((all, self.intake.room))
    }

    async fn open(&mut self, token: Vec<u8>) -> Result<Vec<u8>, Refusal> {
        let since = UnixTime(self.last.0.saturating_sub(limits::SEALED_STEP_BACK.as_secs()));
        let (session, held) = (Arc::clone(&self.session), self.held.clone());
        let large = token.len() > limits::PARSE_ASIDE_BYTES;
        let take = move || match held {
            Some(held) => held.take(&token).map(|content| (since, content)),
            None => session.take(&token, since),
        };
        let opened = match large {
            false => take(),
            true => tokio::task::spawn_blocking(take).await.map_err(|error| Error::Ours(error.to_string()))?,
        };
        let (time, content) = opened.map_err(|why| match why {
            BadToken::Invalid => Refusal::malformed(
                "the body is not made of tokens of this session that are new, and of this minute by the server's clock",
            ),
            BadToken::TooMany => Refusal::Error(Error::SlowDown(limits::SEALED_SKEW)),
        })?;
        (self.last, self.had_any) = (self.last.max(time), true);
        Ok(content)
    }
}

fn too_long() -> String {
    format!("a token is longer than {} bytes", limits::SEALED_TOKEN_BYTES)
}
