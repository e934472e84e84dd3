//! What the server says in a session, token by token.
//!
//! Owns: that nothing of an answer is believed which is not sealed, was said before, or comes after something that was neither; and what
//! a refusal means. Not here: bytes and heads (`line`).

use std::time::Duration;

use super::SealedError;
use super::line::Reply;
use super::taken::Taken;
use crate::client::calls::bounded;
use crate::client::terminal;
use crate::clock::Clock;
use crate::config::limits;
use crate::domain::UnixTime;
use crate::sealed::{Fernet, Framing, Tokens};

/// A session's key, and what has been said under it.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) clock: Clock,
    fernet: Fernet,
    taken: Taken,
    /// When our latest token was made.
    sealed: UnixTime,
}

impl Keeper {
    pub(super) fn new(clock: Clock, fernet: Fernet) -> Self {
        Self { clock, fernet, taken: Taken::default(), sealed: UnixTime(0) }
    }

    /// A token of ours. The server takes none that is older than the one before it in a body.
    pub(super) fn seal(&mut self, content: &[u8]) -> Result<String, SealedError> {
        self.sealed = UnixTime(self.clock.now().0.max(self.sealed.0));
        Ok(self.fernet.seal(self.sealed, content)?)
    }

    /// A request is sent now.
    pub(super) fn ask(&mut self) {
        self.taken.ask(self.clock.now());
    }

    fn open(&mut self, token: &[u8]) -> Result<Vec<u8>, SealedError> {
        let opened = self.fernet.open(token).map_err(|_| SealedError::BadToken)?;
        self.taken.take(self.clock.now(), opened.time, opened.id)?;
        Ok(opened.content)
    }
}

/// An answer as it comes. Dropped before its end, the command that writes it is ended.
#[derive(Debug)]
pub struct SealedOutput<'a> {
    reply: Reply,
    tokens: Tokens,
    keeper: &'a mut Keeper,
    silence: Duration,
    /// Bytes that have come, and how many there must be if that is known.
    count: u64,
    whole: Option<u64>,
    over: bool,
}

impl<'a> SealedOutput<'a> {
    /// Takes an answer for what was asked, or for the refusal that it is.
    pub(super) async fn of(reply: Reply, keeper: &'a mut Keeper, silence: Duration) -> Result<Self, SealedError> {
        let (status, wait) = (reply.status.as_u16(), reply.retry_after());
        match (reply.is_sealed(), status) {
            (true, _) => {}
            (false, 403) => return Err(SealedError::Ended),
            (false, 429) => return Err(SealedError::SlowDown(wait)),
            (false, 503) => return Err(SealedError::Overloaded(wait)),
            (false, _) => return Err(SealedError::NotSealed(format!("status {status}"))),
        }
        let tokens = Tokens::new(Framing::Lines, limits::SEALED_ANSWER_TOKEN_BYTES);
        let output = Self { reply, tokens, keeper, silence, count: 0, whole: None, over: false };
        match status {
            200 => Ok(output),
            429 => Err(SealedError::SlowDown(wait)),
            503 => Err(SealedError::Overloaded(wait)),
            500.. => Err(SealedError::ServerFault(status)),
            _ => {
                let sentence = output.all(limits::SMALL_ANSWER_BYTES).await?;
                let sentence = terminal::sentence(&String::from_utf8_lossy(&sentence));
                let sentence = if sentence.is_empty() { format!("status {status}") } else { sentence };
                Err(SealedError::Refused(status, sentence))
            }
        }
    }

    /// It must be this long, and nothing is taken of what goes beyond.
    pub(super) fn of_length(self, bytes: u64) -> Self {
        Self { whole: Some(bytes), ..self }
    }

    /// One silence in it may be this long.
    pub(super) fn with_silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// What comes next, never empty. Nothing at the end. Nothing is lost if it is not waited for to the end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, SealedError> {
        loop {
            while let Some(token) = self.tokens.next() {
                let content = self.keeper.open(&token)?;
                self.count = self.count.saturating_add(content.len() as u64);
                if let Some(whole) = self.whole.filter(|whole| *whole < self.count) {
                    return Err(SealedError::Cut(self.count, whole));
                }
                if !content.is_empty() {
                    return Ok(Some(content));
                }
            }
            if self.over {
                return match self.whole.filter(|whole| *whole != self.count) {
                    Some(whole) => Err(SealedError::Cut(self.count, whole)),
                    None => Ok(None),
                };
            }
            match bounded(self.silence, self.reply.next()).await.ok_or(SealedError::TooSlow(self.silence))?? {
                Some(piece) => self.tokens.push(&piece).map_err(|_| SealedError::BadToken)?,
                // A line without an end was cut.
                None if self.tokens.last().is_some() => return Err(SealedError::BadToken),
                None => self.over = true,
            }
        }
    }

    /// All of it, at most `most` bytes.
    pub async fn all(mut self, most: usize) -> Result<Vec<u8>, SealedError> {
        let mut bytes = vec![];
        while let Some(piece) = self.next().await? {
            if piece.len() > most.saturating_sub(bytes.len()) {
                return Err(SealedError::TooLarge(most));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}
