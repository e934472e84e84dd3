//! The frames of a WebSocket (RFC 6455, section 5), as a server hears and says them.
//!
//! Owns: their shape, and what is wrong with one. The bytes of a message go straight to where they are kept, piece by piece, so
//! that a stranger is given memory for what has come and not for what they say will come, and so that a password is wiped with the
//! message it was in. (Libraries reserve what a frame's head claims, and keep it.) Whoever stops listening in the middle of a frame can
//! go on later. Not here: which message means what (`live`).

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, Chain};
use zeroize::Zeroize;

use super::beat::Beat;
use crate::config::limits;
use crate::domain::Error;

/// Payload bytes of a control frame at most (RFC 6455, section 5.5).
const CONTROL_BYTES: u64 = 125;

/// What a frame is (RFC 6455, section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

/// Why nothing more is understood.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is not as in RFC 6455; this is what is wrong.
    Protocol(&'static str),
    /// A text is not UTF-8.
    NotUtf8,
    /// It is larger than this many bytes.
    TooLarge(usize),
    /// It is understood, but has no place here; this is what is expected.
    NoPlace(&'static str),
    /// There is no memory for it.
    Refused(Error),
    /// Nobody is there any more.
    Gone,
}

/// What was heard.
#[derive(Debug)]
pub(super) enum Heard {
    /// A message is whole. Its bytes are where they were wanted.
    Message,
    /// To be answered with a pong that has the same bytes.
    Ping(Vec<u8>),
    Pong,
    /// The client wants to end it, with this code if it has said one. Nothing follows.
    Close(Option<u16>),
}

/// Which messages are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Texts or binary messages; whatever there is if it says nothing.
    pub(super) kind: Option<Kind>,
    /// Bytes of one at most.
    pub(super) limit: usize,
    /// What is said if another kind comes.
    pub(super) otherwise: &'static str,
}

/// Where the bytes of a message go.
pub(super) trait Payload {
    fn take(&mut self, part: &[u8]) -> Result<(), Fault>;
}

impl Payload for Vec<u8> {
    fn take(&mut self, part: &[u8]) -> Result<(), Fault> {
        self.extend_from_slice(part);
        Ok(())
    }
}

/// Where what nobody wants goes.
pub(super) struct Waste;

impl Payload for Waste {
    fn take(&mut self, _: &[u8]) -> Result<(), Fault> {
        Ok(())
    }
}

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    last: bool,
    kind: Kind,
    length: u64,
    mask: [u8; 4],
}

impl Head {
    /// Nothing if there is more to come.
    fn parse(bytes: &[u8]) -> Result<Option<Self>, Fault> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        if first & 0x70 != 0 {
            return Err(Fault::Protocol("a reserved bit is set"));
        }
        let kind = match first & 0x0f {
            0 => Kind::Continuation,
            1 => Kind::Text,
            2 => Kind::Binary,
            8 => Kind::Close,
            9 => Kind::Ping,
            10 => Kind::Pong,
            _ => return Err(Fault::Protocol("there is no such kind of frame")),
        };
        if second & 0x80 == 0 {
            return Err(Fault::Protocol("a client must mask its frames"));
        }
        let (length, least, rest) = match (second & 0x7f, rest) {
            (126, [a, b, rest @ ..]) => (u64::from(u16::from_be_bytes([*a, *b])), 126, rest),
            (127, [a, b, c, d, e, f, g, h, rest @ ..]) => {
                (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), 1 << 16, rest)
            }
            (126 | 127, _) => return Ok(None),
            (short, rest) => (u64::from(short), 0, rest),
        };
        if length < least || length >> 63 != 0 {
            return Err(Fault::Protocol("a length is not written as it must be"));
        }
        let last = first & 0x80 != 0;
        if matches!(kind, Kind::Close | Kind::Ping | Kind::Pong) && (!last || length > CONTROL_BYTES) {
            return Err(Fault::Protocol("a control frame is whole and has at most 125 bytes"));
        }
        let [a, b, c, d, ..] = rest else { return Ok(None) };
        Ok(Some(Self { last, kind, length, mask: [*a, *b, *c, *d] }))
    }
}

/// A frame that is being heard.
#[derive(Debug)]
struct Frame {
    head: Head,
    /// Bytes that have not come.
    left: u64,
    /// The mask, turned to the next of them.
    mask: [u8; 4],
}

/// What comes from the client.
pub(super) struct Inbound<'a, R> {
    io: BufReader<Chain<std::io::Cursor<Vec<u8>>, R>>,
    beat: &'a Beat,
    /// The first bytes of a head that is not whole.
    begun: Vec<u8>,
    frame: Option<Frame>,
    /// Bytes of the message so far whose last frame has not come.
    message: Option<u64>,
    control: Vec<u8>,
    piece: Vec<u8>,
}

impl<'a, R: AsyncRead + Unpin> Inbound<'a, R> {
    /// Of a connection from which this has been read already.
    pub(super) fn new(ahead: Vec<u8>, io: R, beat: &'a Beat) -> Self {
        let io = BufReader::with_capacity(limits::SESSION_READ_BYTES, std::io::Cursor::new(ahead).chain(io));
        Self { io, beat, begun: vec![], frame: None, message: None, control: vec![], piece: vec![] }
    }

    /// What is heard next. If this future is dropped, the next one goes on where it was; so does the next after a ping or a pong, and the
    /// bytes of a message that is not whole stay where they are.
    pub(super) async fn next(&mut self, wanted: Wanted, into: &mut (impl Payload + Send)) -> Result<Heard, Fault> {
        loop {
            let head = match &self.frame {
                Some(frame) => frame.head,
                None => {
                    let head = self.head().await?;
                    self.frame = Some(Frame { head, left: head.length, mask: head.mask });
                    self.check(head, wanted)?;
                    head
                }
            };
            while let Some(frame) = self.frame.as_mut().filter(|frame| frame.left > 0) {
                let part = fill(&mut self.io, self.beat).await?;
                let count = part.len().min(usize::try_from(frame.left).unwrap_or(usize::MAX));
                self.piece.clear();
                self.piece.extend_from_slice(part.get(..count).unwrap_or_default());
                self.io.consume(count);
                frame.left -= count as u64;
                unmask(&mut self.piece, &mut frame.mask);
                match head.kind {
                    Kind::Close | Kind::Ping | Kind::Pong => self.control.take(&self.piece)?,
                    _ => into.take(&self.piece)?,
                }
            }
            self.frame = None;
            // It may have been a password.
            self.piece.zeroize();
            if let Some(heard) = self.whole(head)? {
                return Ok(heard);
            }
        }
    }

    /// Throws away what comes until the client has closed its end.
    pub(super) async fn drain(&mut self) {
        while let Ok(part) = fill(&mut self.io, self.beat).await {
            let count = part.len();
            self.io.consume(count);
        }
    }

    async fn head(&mut self) -> Result<Head, Fault> {
        loop {
            if let Some(head) = Head::parse(&self.begun)? {
                self.begun.clear();
                return Ok(head);
            }
            let next = fill(&mut self.io, self.beat).await?.first().copied();
            self.begun.extend(next);
            self.io.consume(1);
        }
    }

    /// Refuses a frame by its head.
    fn check(&mut self, head: Head, wanted: Wanted) -> Result<(), Fault> {
        let before = match (head.kind, self.message) {
            (Kind::Close | Kind::Ping | Kind::Pong, _) => return Ok(()),
            (Kind::Continuation, None) => return Err(Fault::Protocol("there is nothing to continue")),
            (Kind::Continuation, Some(before)) => before,
            (_, Some(_)) => return Err(Fault::Protocol("the message before is not whole")),
            (kind, None) if wanted.kind.is_some_and(|wanted| wanted != kind) => {
                return Err(Fault::NoPlace(wanted.otherwise));
            }
            (_, None) => 0,
        };
        let length = before.saturating_add(head.length);
        if length > wanted.limit as u64 {
            return Err(Fault::TooLarge(wanted.limit));
        }
        self.message = Some(length);
        Ok(())
    }

    /// What a whole frame means. Nothing if its message goes on.
    fn whole(&mut self, head: Head) -> Result<Option<Heard>, Fault> {
        match head.kind {
            Kind::Ping => Ok(Some(Heard::Ping(std::mem::take(&mut self.control)))),
            Kind::Pong => {
                self.control.clear();
                Ok(Some(Heard::Pong))
            }
            Kind::Close => close_code(&self.control).map(|code| Some(Heard::Close(code))),
            _ if !head.last => Ok(None),
            _ => {
                self.message = None;
                Ok(Some(Heard::Message))
            }
        }
    }
}

/// What has come and was not looked at: at least a byte.
async fn fill<'a, R: AsyncRead + Unpin>(io: &'a mut BufReader<R>, beat: &Beat) -> Result<&'a [u8], Fault> {
    match io.fill_buf().await {
        Ok(part) if !part.is_empty() => {
            beat.heard();
            Ok(part)
        }
        _ => Err(Fault::Gone),
    }
}

/// Takes the mask off (RFC 6455, section 5.3), and turns it to where the next piece begins.
fn unmask(piece: &mut [u8], mask: &mut [u8; 4]) {
    let [a, b, c, d] = *mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut words = piece.chunks_exact_mut(8);
    for word in &mut words {
        if let Ok(bytes) = <[u8; 8]>::try_from(&*word) {
            word.copy_from_slice(&(u64::from_ne_bytes(bytes) ^ wide).to_ne_bytes());
        }
    }
    words.into_remainder().iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    mask.rotate_left(piece.len() % 4);
}

/// The code in a close frame (RFC 6455, sections 5.5.1 and 7.4).
fn close_code(payload: &[u8]) -> Result<Option<u16>, Fault> {
    match payload {
        [] => Ok(None),
        [_] => Err(Fault::Protocol("a closing code has two bytes")),
        [a, b, reason @ ..] => match u16::from_be_bytes([*a, *b]) {
            1004..=1006 | 0..=999 | 1015..=2999 | 5000.. => Err(Fault::Protocol("there is no such closing code")),
            _ if std::str::from_utf8(reason).is_err() => Err(Fault::NotUtf8),
            code => Ok(Some(code)),
        },
    }
}

/// What goes to the client: put together, then sent.
pub(super) struct Outbound<W> {
    io: W,
    bytes: Vec<u8>,
    sent: usize,
}

impl<W: AsyncWrite + Unpin> Outbound<W> {
    pub(super) const fn new(io: W) -> Self {
        Self { io, bytes: vec![], sent: 0 }
    }

    /// Bytes that have not been sent.
    pub(super) fn waiting(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// Puts a whole message or control frame behind what waits.
    pub(super) fn put(&mut self, kind: Kind, parts: &[&[u8]]) {
        let opcode = match kind {
            Kind::Continuation => 0,
            Kind::Text => 1,
            Kind::Binary => 2,
            Kind::Close => 8,
            Kind::Ping => 9,
            Kind::Pong => 10,
        };
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.bytes.push(0x80 | opcode);
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short @ ..126), _) => self.bytes.push(short),
            (_, Ok(middle)) => {
                self.bytes.push(126);
                self.bytes.extend_from_slice(&middle.to_be_bytes());
            }
            _ => {
                self.bytes.push(127);
                self.bytes.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part));
    }

    /// Sends what waits. If this future is dropped, the next one goes on where it was.
    pub(super) async fn flush(&mut self) -> Result<(), Fault> {
        while let Some(rest) = self.bytes.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.io.write(rest).await {
                Ok(count @ 1..) => self.sent += count,
                _ => return Err(Fault::Gone),
            }
        }
        self.bytes.clear();
        self.bytes.shrink_to(2 * limits::SESSION_FEED_BYTES);
        self.sent = 0;
        self.io.flush().await.map_err(|_| Fault::Gone)
    }

    /// Says that nothing more will be sent.
    pub(super) async fn end(&mut self) {
        let _ = self.io.shutdown().await;
    }
}
