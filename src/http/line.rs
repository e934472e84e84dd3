//! The connection of a live session, which is read and written at the same time.
//!
//! Owns: lending one stream to both directions, and asking the kernel whether the other end has hung up. Not here: what is said.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::server::TlsStream;

/// A stream that a session can be held on.
pub(super) trait Line: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// Its socket.
    fn socket(&self) -> BorrowedFd<'_>;
}

impl Line for TlsStream<TcpStream> {
    fn socket(&self) -> BorrowedFd<'_> {
        self.get_ref().0.as_fd()
    }
}

impl Line for UnixStream {
    fn socket(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }
}

/// One direction of a stream. Both belong to one task, so that neither ever waits for the other to let go.
#[derive(Debug)]
pub(super) struct Half<'a, I>(&'a Mutex<I>);

impl<'a, I: Line> Half<'a, I> {
    pub(super) const fn of(line: &'a Mutex<I>) -> Self {
        Self(line)
    }

    /// Whether the client has closed its end, or the connection is broken, even if not all that came before has been read.
    pub(super) fn is_hung_up(&self) -> bool {
        let line = self.line();
        let socket = line.socket();
        let mut looked = [PollFd::new(&socket, PollFlags::RDHUP)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let gone = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
        poll(&mut looked, Some(&at_once)).is_ok_and(|count| count > 0)
            && looked.iter().any(|looked| looked.revents().intersects(gone))
    }

    fn line(&self) -> MutexGuard<'a, I> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I: Line> AsyncRead for Half<'_, I> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.line()).poll_read(cx, buffer)
    }
}

impl<I: Line> AsyncWrite for Half<'_, I> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.line()).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.line()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.line()).poll_shutdown(cx)
    }
}
