//! What a fuzzer asks of the frames of a WebSocket.
//!
//! Owns: the promise about bytes that come from anybody. Not here: the frames (`frames`).

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};

use super::beat::Beat;
use super::frames::{Heard, Inbound, Wanted};

/// Hears bytes as a client's frames. How they are cut on their way makes no difference, and a WebSocket of somebody
/// else's (tungstenite) hears the same messages, as far as both understand.
pub fn hear_any_frames(bytes: &[u8]) {
    let whole = heard_in_pieces(bytes, usize::MAX);
    for piece in [1, 3] {
        assert_eq!(heard_in_pieces(bytes, piece), whole, "in pieces of {piece}");
    }
    let ours: Vec<&Vec<u8>> = whole.iter().filter_map(|heard| heard.as_ref().ok()).collect();
    let theirs = heard_by_tungstenite(bytes);
    assert!(ours.iter().copied().zip(&theirs).all(|(ours, theirs)| ours == theirs), "{ours:?} and {theirs:?}");
}

/// Messages, and what else was heard in words; the last may be a fault.
fn heard_in_pieces(bytes: &[u8], piece: usize) -> Vec<Result<Vec<u8>, String>> {
    let (beat, io) = (Beat::new(), Pieces { bytes, piece });
    let mut inbound = Inbound::new(vec![], io, &beat);
    let wanted = Wanted { kind: None, limit: 1 << 20, otherwise: "" };
    let (mut all, mut message) = (vec![], vec![]);
    loop {
        match inbound.next(wanted, &mut message).now_or_never() {
            Some(Ok(Heard::Message)) => all.push(Ok(std::mem::take(&mut message))),
            Some(Ok(other @ Heard::Close(_))) => return [all, vec![Err(format!("{other:?}"))]].concat(),
            Some(Ok(other)) => all.push(Err(format!("{other:?}"))),
            Some(Err(fault)) => return [all, vec![Err(format!("{fault:?}"))]].concat(),
            None => return all,
        }
    }
}

fn heard_by_tungstenite(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut socket = WebSocket::from_raw_socket(std::io::Cursor::new(bytes.to_vec()), Role::Server, None);
    let mut all = vec![];
    while let Ok(message) = socket.read() {
        if message.is_text() || message.is_binary() {
            all.push(message.into_data().to_vec());
        }
    }
    all
}

/// Bytes that come in pieces of this size at most.
struct Pieces<'a> {
    bytes: &'a [u8],
    piece: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let count = self.bytes.len().min(self.piece).min(buffer.remaining());
        let (piece, rest) = self.bytes.split_at_checked(count).unwrap_or((self.bytes, &[]));
        buffer.put_slice(piece);
        self.bytes = rest;
        Poll::Ready(Ok(()))
    }
}
