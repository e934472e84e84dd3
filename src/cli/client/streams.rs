//! What passes between the client and whoever it works for: standard input, standard output and standard error, and signals.
//!
//! Owns: that nothing a server says reaches a terminal to be obeyed, that no character is torn, and which signals end a command from
//! here. Not here: the line that is typed ([`super::tty`]).

use std::io::{ErrorKind, IsTerminal, Read};

use rustix::io::Errno;
use tokio::io::{AsyncWrite, AsyncWriteExt, Stderr, Stdout};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use super::CommandError;
use super::tty::Console;
use crate::cli::{HUNG_UP, INTERRUPTED, TERMINATED};
use crate::client::terminal;
use crate::config::limits;

/// What is typed. It ends when the terminal is gone.
pub(super) fn keys() -> mpsc::Receiver<Vec<u8>> {
    let (typed, keys) = mpsc::channel(1);
    read_stdin(move |bytes| !bytes.is_empty() && typed.blocking_send(bytes.to_vec()).is_ok());
    keys
}

/// Hands over what there is, and nothing at its end, as long as it is taken.
pub(super) fn read_stdin(mut take: impl FnMut(&[u8]) -> bool + Send + 'static) {
    std::thread::spawn(move || {
        let mut buffer = vec![0; limits::FRAME_BYTES];
        loop {
            let count = match std::io::stdin().read(&mut buffer) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => 0,
            };
            let bytes = buffer.get(..count).unwrap_or_default();
            if !take(bytes) || bytes.is_empty() {
                return;
            }
        }
    });
}

/// Our standard output and standard error.
pub(super) struct Outlets {
    pub(super) out: Outlet<Stdout>,
    pub(super) err: Outlet<Stderr>,
}

/// One of them: to a pipe or a file everything goes as it is; to a terminal nothing that it would obey, and no half characters.
pub(super) struct Outlet<W> {
    to: W,
    is_terminal: bool,
    raw: bool,
    pieces: terminal::Pieces,
}

impl Outlets {
    pub(super) fn new(raw: bool) -> Self {
        let out = Outlet::new(tokio::io::stdout(), std::io::stdout().is_terminal(), raw);
        Self { out, err: Outlet::new(tokio::io::stderr(), std::io::stderr().is_terminal(), raw) }
    }

    /// Shows something of ours.
    pub(super) async fn show(&mut self, bytes: &[u8]) -> Result<(), CommandError> {
        self.out.put(bytes).await
    }
}

impl<W: AsyncWrite + Unpin> Outlet<W> {
    fn new(to: W, is_terminal: bool, raw: bool) -> Self {
        Self { to, is_terminal, raw, pieces: terminal::Pieces::default() }
    }

    pub(super) async fn write(&mut self, bytes: &[u8], console: &mut Option<Console>) -> Result<(), CommandError> {
        match self.is_terminal {
            true => {
                let whole = self.pieces.whole(bytes);
                self.present(&whole, console).await
            }
            false => self.put(bytes).await,
        }
    }

    /// Writes what was held back.
    pub(super) async fn finish(&mut self, console: &mut Option<Console>) -> Result<(), CommandError> {
        let rest = self.pieces.rest();
        self.present(&rest, console).await
    }

    /// To a terminal.
    async fn present(&mut self, bytes: &[u8], console: &mut Option<Console>) -> Result<(), CommandError> {
        let mut shown = vec![];
        if self.raw {
            shown.extend_from_slice(bytes);
        } else {
            terminal::write(&mut shown, bytes).map_err(CommandError::Write)?;
        }
        match console {
            Some(console) if !shown.is_empty() => self.put(&console.output(&shown)).await,
            _ => self.put(&shown).await,
        }
    }

    async fn put(&mut self, bytes: &[u8]) -> Result<(), CommandError> {
        let write = async {
            self.to.write_all(bytes).await?;
            self.to.flush().await
        };
        // What a terminal says that has been closed, and what follows it: SIGHUP, now or soon.
        let gone = |error: &std::io::Error| error.raw_os_error() == Some(Errno::IO.raw_os_error());
        write.await.map_err(|error| match self.is_terminal && gone(&error) {
            true => CommandError::HungUp,
            false => CommandError::Write(error),
        })
    }
}

/// What ends a session from here, each with the exit code that a shell has for it: 128 and its number.
pub(super) struct Signals {
    interrupt: Signal,
    hang_up: Signal,
    terminate: Signal,
}

impl Signals {
    pub(super) fn new() -> Result<Self, CommandError> {
        let signal = |kind| signal(kind).map_err(CommandError::Runtime);
        let (interrupt, hang_up) = (signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?);
        Ok(Self { interrupt, hang_up, terminate: signal(SignalKind::terminate())? })
    }

    pub(super) async fn first(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPTED,
            _ = self.hang_up.recv() => HUNG_UP,
            _ = self.terminate.recv() => TERMINATED,
        }
    }
}
