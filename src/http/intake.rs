//! Taking in a body that a stranger sends.
//!
//! Owns: its bounds: how long it is (whatever it says about itself), how long it takes, and how much memory all bodies have
//! together; and that it is wiped when it is done with, for most bodies have a password in them. What hyper and rustls read it
//! into on its way here is not wiped. Not here: what a body says.

use std::fmt::Display;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use warp::{Buf, Stream};
use zeroize::Zeroizing;

use super::Settings;
use super::reply::Refusal;
use crate::clock::monotonic;
use crate::config::limits;
use crate::domain::Error;
use crate::door::networks::Room;

/// A body in memory.
#[derive(Debug)]
pub(super) struct Taken {
    bytes: Zeroizing<Vec<u8>>,
    room: Room,
}

impl Taken {
    /// The body of a request that has none.
    pub(super) fn nothing(room: Room) -> Self {
        Self { bytes: Zeroizing::default(), room }
    }

    /// A body that came from nowhere, for whoever tries out the routes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let room = crate::door::networks::Networks::new(&Settings::default()).room(crate::domain::Network::Here);
        Self { bytes: Zeroizing::new(bytes.to_vec()), room }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Wipes the bytes and keeps the room, for what was read in them.
    pub(super) fn into_room(self) -> Room {
        self.room
    }

    /// Takes what has come, unless there are more than `limit` bytes then, or there is no room.
    pub(super) fn push(&mut self, mut chunk: impl Buf, limit: usize) -> Result<(), Refusal> {
        let length = self.bytes.len().saturating_add(chunk.remaining());
        if length > limit {
            return Err(too_large(limit));
        }
        self.reserve(length, limit)?;
        while chunk.has_remaining() {
            let part = chunk.chunk();
            self.bytes.extend_from_slice(part);
            let taken = part.len();
            chunk.advance(taken);
        }
        Ok(())
    }

    /// A vector that grew by itself would leave what was in it behind, unwiped.
    fn reserve(&mut self, length: usize, limit: usize) -> Result<(), Error> {
        if length > self.bytes.capacity() {
            let capacity = length.max(self.bytes.capacity().saturating_mul(2)).min(limit);
            self.room.grow_to(capacity)?;
            let mut larger = Zeroizing::new(Vec::with_capacity(capacity));
            larger.extend_from_slice(&self.bytes);
            self.bytes = larger;
        }
        Ok(())
    }
}

/// Reads a body of at most `limit` bytes, of which it says that it has `said`.
pub(super) async fn take<B: Buf>(
    body: impl Stream<Item = Result<B, warp::Error>>,
    said: Option<u64>,
    limit: usize,
    room: Room,
    settings: &Settings,
) -> Result<Taken, Refusal> {
    let said = usize::try_from(said.unwrap_or(0)).unwrap_or(usize::MAX);
    if said > limit {
        return Err(too_large(limit));
    }
    let mut taken = Taken::nothing(room);
    taken.reserve(said.min(limits::BODY_BYTES), limit)?;
    let begun = monotonic();
    let mut body = pin!(body);
    while let Some(chunk) = next(body.as_mut(), begun, taken.bytes.len() as u64, settings).await? {
        taken.push(chunk, limit)?;
    }
    Ok(taken)
}

/// The next bytes of a body that began then, and of which so many have come; nothing at its end.
pub(super) async fn next<B: Buf>(
    mut body: Pin<&mut impl Stream<Item = Result<B, warp::Error>>>,
    begun: Instant,
    taken: u64,
    settings: &Settings,
) -> Result<Option<B>, Refusal> {
    let deadline = begun + settings.body + Duration::from_secs(taken / limits::BODY_RATE);
    let next = poll_fn(|cx| body.as_mut().poll_next(cx));
    match tokio::time::timeout_at(deadline.into(), next).await {
        Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
        Ok(Some(Err(error))) => Err(unreadable(&error)),
        Ok(None) => Ok(None),
        Err(_) => Err(Refusal::Slow),
    }
}

/// Hears somebody out, for a moment, who has been answered before they have said everything. In HTTP/2 their stream would be reset
/// behind the answer (RFC 9113, section 8.1), and some clients (curl 7.88) then throw the answer away.
pub(super) async fn hear_out<B: Buf>(mut body: Pin<&mut impl Stream<Item = Result<B, warp::Error>>>) {
    let mut left = limits::BODY_BYTES;
    let rest = async {
        while let Some(Ok(chunk)) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
            left = left.saturating_sub(chunk.remaining());
            if left == 0 {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(limits::HEAR_OUT, rest).await;
}

pub(super) fn too_large(limit: impl Display) -> Refusal {
    Refusal::Error(Error::TooLarge(format!("the body is larger than {limit} bytes")))
}

/// With hyper's reason, which is about chunks and lengths and never repeats what was sent.
fn unreadable(error: &warp::Error) -> Refusal {
    let mut why: &dyn std::error::Error = error;
    while let Some(source) = why.source() {
        why = source;
    }
    Refusal::Error(Error::Malformed(format!("the body cannot be read: {why}")))
}
