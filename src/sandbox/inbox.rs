//! A child's end of its stream: blocking, one run at a time, never past the run's deadline.
//!
//! Owns: reading jobs and standard input out of frames, sending output. Not here: what the bytes mean to the guest
//! (`guest`), the server's end (`run`).

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::wire::{FilePart, HEAD, Head, Kind, WireError, put_frame};
use crate::clock;
use crate::config::limits;

/// Why a run stops before its script's last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Stop {
    /// The guest asked to end with this exit code.
    #[error("exit code {0}")]
    Exit(u8),
    /// The server closed the stream: nobody waits for this run any more.
    #[error("the server has gone")]
    Gone,
    /// The output budget is used up.
    #[error("output too large")]
    OutputTooLarge,
    /// The deadline has passed.
    #[error("deadline passed")]
    Wall,
    /// The server does not keep to the protocol.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// The stream and what has been read from it ahead of need.
pub(super) struct Inbox {
    stream: UnixStream,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Bytes of the standard-input frame at hand that the guest has not taken yet.
    stdin_left: usize,
    stdin_ended: bool,
    /// Frames on their way out. Bounded by what a run may hold back and one host call.
    outgoing: Vec<u8>,
    /// Which stream the last of them is of and where it begins, if it is output.
    output: Option<(Kind, usize)>,
}

impl Inbox {
    pub(super) fn new(stream: UnixStream) -> Self {
        let buffer = vec![0; HEAD + limits::FRAME_BYTES].into_boxed_slice();
        Self { stream, buffer, start: 0, end: 0, stdin_left: 0, stdin_ended: false, outgoing: vec![], output: None }
    }

    /// Waits for the next job and returns the length of its payload. Input that the last run left is dropped.
    pub(super) fn next_job(&mut self) -> Result<usize, Stop> {
        loop {
            self.skip(self.stdin_left)?;
            self.stdin_left = 0;
            match self.head()? {
                Head { kind: Kind::Job, len } => {
                    self.stdin_ended = false;
                    return Ok(len);
                }
                Head { kind: Kind::Stdin, len } => self.stdin_left = len,
                Head { kind: Kind::StdinEnd, .. } => {}
                Head { kind, .. } => return Err(WireError::Kind(kind as u8).into()),
            }
        }
    }

    /// Reads standard input into `room`, waiting for it until the deadline. 0 is its end.
    pub(super) fn stdin(&mut self, room: &mut [u8], deadline: Instant) -> Result<usize, Stop> {
        if room.is_empty() || !self.stdin_ready(None, deadline)? || self.stdin_left == 0 {
            return Ok(0);
        }
        if self.buffered().is_empty() {
            self.fill(deadline)?;
        }
        let count = room.len().min(self.stdin_left).min(self.buffered().len());
        if let (Some(to), Some(from)) = (room.get_mut(..count), self.buffered().get(..count)) {
            to.copy_from_slice(from);
        }
        self.start += count;
        self.stdin_left -= count;
        Ok(count)
    }

    /// Waits until `until`; never returns after the deadline but with [`Stop::Wall`]. Ends early if the server goes.
    pub(super) fn sleep(&self, until: Option<Instant>, deadline: Instant) -> Result<(), Stop> {
        loop {
            let left = remaining(until.unwrap_or(deadline), deadline)?;
            if left.is_zero() {
                return Ok(());
            }
            // Nothing is asked for, so what the kernel reports is hang-up: the sleep of a run nobody waits for.
            if self.poll(PollFlags::empty(), left)? {
                return Err(Stop::Gone);
            }
        }
    }

    /// Keeps a frame until the next [`Inbox::flush`].
    pub(super) fn hold(&mut self, kind: Kind, payload: &[u8]) {
        self.output = None;
        put_frame(&mut self.outgoing, kind, payload);
    }

    /// Keeps a piece of a file that is returned until the next [`Inbox::flush`].
    pub(super) fn hold_file(&mut self, part: FilePart<'_>) {
        self.output = None;
        part.put_frame(&mut self.outgoing);
    }

    /// Keeps output until the next [`Inbox::flush`]. What follows output of the same stream goes into the same frame: a script
    /// that writes byte by byte would otherwise cost everybody on the way six times its output.
    pub(super) fn hold_output(&mut self, kind: Kind, bytes: &[u8]) {
        let last = self.output.filter(|(last, _)| *last == kind);
        if last.is_some_and(|(_, at)| self.extend_frame(at, kind, bytes)) {
            return;
        }
        self.output = Some((kind, self.outgoing.len()));
        put_frame(&mut self.outgoing, kind, bytes);
    }

    /// Makes the last frame, which begins at `at`, longer. False if it would be too long.
    fn extend_frame(&mut self, at: usize, kind: Kind, bytes: &[u8]) -> bool {
        let len = self.outgoing.len() - at - HEAD + bytes.len();
        match self.outgoing.get_mut(at..at + HEAD) {
            Some(head) if len <= limits::FRAME_BYTES => head.copy_from_slice(&Head { kind, len }.encode()),
            _ => return false,
        }
        self.outgoing.extend_from_slice(bytes);
        true
    }

    /// Whether there is anything to flush.
    pub(super) fn holds_output(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Bytes to flush.
    pub(super) fn held_bytes(&self) -> usize {
        self.outgoing.len()
    }

    /// Sends all frames that are held, with one call where the stream takes them.
    pub(super) fn flush(&mut self) -> Result<(), Stop> {
        let sent = self.stream.write_all(&self.outgoing);
        self.outgoing.clear();
        self.output = None;
        sent.map_err(|_| Stop::Gone)
    }

    /// Fills `room` from the stream.
    pub(super) fn read_exact(&mut self, room: &mut [u8]) -> Result<(), Stop> {
        let ahead = self.buffered().len().min(room.len());
        let Some((first, rest)) = room.split_at_mut_checked(ahead) else { return Err(Stop::Gone) };
        first.copy_from_slice(self.buffered().get(..ahead).unwrap_or_default());
        self.start += ahead;
        self.stream.read_exact(rest).map_err(|_| Stop::Gone)
    }

    /// Drops bytes from the stream.
    pub(super) fn skip(&mut self, mut count: usize) -> Result<(), Stop> {
        while count > 0 {
            if self.buffered().is_empty() {
                self.read_more()?;
            }
            let step = self.buffered().len().min(count);
            self.start += step;
            count -= step;
        }
        Ok(())
    }

    /// Whether standard input, or its end, can be read without waiting; waits for that until `until` or the deadline.
    pub(super) fn stdin_ready(&mut self, until: Option<Instant>, deadline: Instant) -> Result<bool, Stop> {
        while self.stdin_left == 0 && !self.stdin_ended {
            if self.buffered().len() < HEAD && !self.readable(until, deadline)? {
                return Ok(false);
            }
            match self.head()? {
                Head { kind: Kind::Stdin, len } => self.stdin_left = len,
                Head { kind: Kind::StdinEnd, .. } => self.stdin_ended = true,
                Head { kind, .. } => return Err(WireError::Kind(kind as u8).into()),
            }
        }
        Ok(true)
    }

    fn head(&mut self) -> Result<Head, Stop> {
        let mut bytes = [0; HEAD];
        while self.buffered().len() < HEAD {
            self.read_more()?;
        }
        self.read_exact(&mut bytes)?;
        Ok(Head::parse(bytes)?)
    }

    fn fill(&mut self, deadline: Instant) -> Result<(), Stop> {
        self.readable(None, deadline)?;
        self.read_more()
    }

    /// Whether the stream can be read, waiting for that until `until` or the deadline.
    fn readable(&self, until: Option<Instant>, deadline: Instant) -> Result<bool, Stop> {
        loop {
            let left = remaining(until.unwrap_or(deadline), deadline)?;
            if self.poll(PollFlags::IN, left)? {
                return Ok(true);
            }
            if left.is_zero() {
                return Ok(false);
            }
        }
    }

    /// One wait for the stream; false when the time is up or a signal came.
    fn poll(&self, flags: PollFlags, left: Duration) -> Result<bool, Stop> {
        let timeout = Timespec::try_from(left).map_err(|_| Stop::Wall)?;
        match poll(&mut [PollFd::new(&self.stream, flags)], Some(&timeout)) {
            Ok(count) => Ok(count > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(_) => Err(Stop::Gone),
        }
    }

    fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Reads what there is, at least one byte.
    fn read_more(&mut self) -> Result<(), Stop> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        loop {
            match self.stream.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Ok(0) => return Err(Stop::Gone),
                Ok(count) => {
                    self.end += count;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Stop::Gone),
            }
        }
    }
}

/// Time until `until`, which may be past; an error once the deadline is.
fn remaining(until: Instant, deadline: Instant) -> Result<Duration, Stop> {
    let now = clock::monotonic();
    match now < deadline {
        true => Ok(until.min(deadline).saturating_duration_since(now)),
        false => Err(Stop::Wall),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::wire::whole_frame;

    #[test]
    fn output_of_one_stream_goes_into_one_frame_as_far_as_it_fits() {
        let (mut server, child) = UnixStream::pair().unwrap();
        let mut inbox = Inbox::new(child);
        let long = vec![b'x'; limits::FRAME_BYTES - 3];
        for (kind, bytes) in
            [(Kind::Stdout, b"ab".as_slice()), (Kind::Stdout, b"c"), (Kind::Stderr, b"d"), (Kind::Stdout, b"ef")]
        {
            inbox.hold_output(kind, bytes);
        }
        inbox.hold_output(Kind::Stdout, &long);
        inbox.hold(Kind::End, b"");
        inbox.hold_output(Kind::Stdout, b"g");
        inbox.flush().unwrap();
        inbox.hold_output(Kind::Stdout, b"h");
        inbox.flush().unwrap();
        drop(inbox);
        let (mut bytes, mut frames) = (vec![], vec![]);
        server.read_to_end(&mut bytes).unwrap();
        let mut rest = bytes.as_slice();
        while let Some((head, payload)) = whole_frame(rest).unwrap() {
            frames.push((head.kind, payload.len()));
            rest = &rest[HEAD + head.len..];
        }
        let expected = [
            (Kind::Stdout, 3),
            (Kind::Stderr, 1),
            (Kind::Stdout, limits::FRAME_BYTES - 1),
            (Kind::End, 0),
            (Kind::Stdout, 1),
            (Kind::Stdout, 1),
        ];
        assert_eq!((frames.as_slice(), rest.len()), (expected.as_slice(), 0));
    }
}
