//! The bytes of an HTTP/1.1 connection on their way in and out.
//!
//! Owns: three things that hyper does not do. Telling the pulse when bytes come; answering a head that cannot be read with a
//! sentence, where hyper by itself sends a bare status; and listening for a while after the last answer, because a connection that
//! is closed on somebody who is still sending takes the answer from them (RFC 9112, section 9.6). Not here: HTTP.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::pulse::Pulse;
use crate::config::limits;

/// Bytes that are thrown away at once while lingering.
const WASTE: usize = 8192;

/// A stream, watched.
pub(crate) struct Wire<I> {
    io: I,
    pulse: Pulse,
    /// Makes our own answer of hyper's.
    unreadable: fn(&[u8]) -> Vec<u8>,
    /// The answer in place of hyper's own, as far as it has not been written.
    own: Option<Vec<u8>>,
    lingering: Option<Pin<Box<Sleep>>>,
}

impl<I: AsyncRead + AsyncWrite + Unpin> Wire<I> {
    /// Answers a head that cannot be read with what `unreadable` makes of hyper's answer.
    pub(crate) fn new(io: I, pulse: Pulse, unreadable: fn(&[u8]) -> Vec<u8>) -> Self {
        Self { io, pulse, unreadable, own: None, lingering: None }
    }

    /// The stream, for whoever speaks something else on it.
    pub(crate) fn into_inner(self) -> I {
        self.io
    }

    /// Takes what hyper says by itself and puts our own words in its place.
    fn replace(&mut self, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.own.get_or_insert_with(|| (self.unreadable)(bytes));
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_own(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(own) = self.own.as_mut().filter(|own| !own.is_empty()) {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, own))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            own.drain(..written.min(own.len()));
        }
        Poll::Ready(Ok(()))
    }

    /// Throws away what still comes, until the other side closes too or has had enough time to.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut waste = [0; WASTE];
        loop {
            let until = self.lingering.get_or_insert_with(|| Box::pin(tokio::time::sleep(limits::LINGER)));
            if until.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(()));
            }
            let mut buffer = ReadBuf::new(&mut waste);
            match ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                _ => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<I> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.io).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            this.pulse.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<I> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match this.pulse.is_owing() {
            true => Pin::new(&mut this.io).poll_write(cx, bytes),
            false => this.replace(bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match this.pulse.is_owing() {
            true => Pin::new(&mut this.io).poll_write_vectored(cx, parts),
            false => this.replace(parts.iter().find(|part| !part.is_empty()).map_or(&[], |part| part)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_write_own(cx))?;
        ready!(Pin::new(&mut this.io).poll_flush(cx))?;
        this.pulse.written();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingering.is_none() {
            ready!(this.poll_write_own(cx))?;
            ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
        }
        this.poll_linger(cx)
    }
}
