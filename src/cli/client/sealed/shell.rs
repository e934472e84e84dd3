//! `cloud-python client --sealed URL shell`: one command after the other, in one session.
//!
//! Owns: lines and prompts, which command is talked to while it runs, and what ends what: Ctrl-C the command, Ctrl-D its input or, at
//! the prompt, the shell. Lines are edited by the kernel. Not here: the channel.

use std::io::{IsTerminal, Read};
use std::time::Duration;

use tokio::sync::mpsc;

use super::settings::Settings;
use super::{CommandError, waited};
use crate::cli::client::streams::{Outlets, Signals};
use crate::cli::{HUNG_UP, INTERRUPTED, complain};
use crate::client::{Channel, SealedError};
use crate::config::limits;

/// The command that is talked to.
const TALKS: &[u8] = b"python3";
/// A command that does nothing: it ends the one before it.
const NOTHING: &[u8] = b"echo";

/// Reads lines and does what they say, to the end of standard input.
pub(super) async fn run(settings: &Settings, raw: bool, mut signals: Signals) -> Result<u8, CommandError> {
    let entered = tokio::select! {
        biased;
        code = signals.first() => return Ok(code),
        entered = waited(settings.enter()) => entered?,
    };
    let at_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let (outlets, typed) = (Outlets::new(raw), Typed::read());
    let mut shell = Shell { settings, channel: entered, outlets, typed, signals, at_terminal, mid_line: false };
    let left = match shell.all_lines().await {
        Err(CommandError::HungUp) => Ok(HUNG_UP),
        left => left,
    };
    shell.channel.leave().await;
    left
}

/// What comes from standard input: lines, and ends. At a terminal there may be several of these.
struct Typed {
    pieces: mpsc::Receiver<Vec<u8>>,
    /// What has come and belongs to lines that nobody has taken yet.
    rest: Vec<u8>,
}

impl Typed {
    /// Reads on a thread of its own: a read cannot be called off.
    fn read() -> Self {
        let (typed, pieces) = mpsc::channel(1);
        std::thread::spawn(move || {
            let (mut stdin, mut buffer) = (std::io::stdin(), vec![0; limits::FRAME_BYTES]);
            loop {
                let count = match stdin.read(&mut buffer) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                    count => count.unwrap_or(0),
                };
                let piece = buffer.get(..count).unwrap_or_default().to_vec();
                // After Ctrl-D there may be more, but not from a file or a pipe, nor from a window that was closed.
                if typed.blocking_send(piece).is_err() || (count == 0 && !stdin.is_terminal()) {
                    return;
                }
            }
        });
        Self { pieces, rest: vec![] }
    }

    /// The next line without its end; nothing at the end of input.
    async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let more = self.rest.split_off(end.saturating_add(1));
                let mut line = std::mem::replace(&mut self.rest, more);
                line.pop();
                return Some(line);
            }
            let piece = self.pieces.recv().await.unwrap_or_default();
            self.rest.extend_from_slice(&piece);
            // A last line may have no end, and a longer one than is taken is refused there.
            if piece.is_empty() || self.rest.len() > limits::TYPED_LINE_BYTES {
                let rest = std::mem::take(&mut self.rest);
                return (!rest.is_empty()).then_some(rest);
            }
        }
    }

    /// The next piece, whatever is in it. It is empty at an end.
    async fn piece(&mut self) -> Vec<u8> {
        match self.rest.is_empty() {
            true => self.pieces.recv().await.unwrap_or_default(),
            false => std::mem::take(&mut self.rest),
        }
    }
}

struct Shell<'a> {
    settings: &'a Settings,
    channel: Channel,
    outlets: Outlets,
    typed: Typed,
    signals: Signals,
    at_terminal: bool,
    /// Whether the last output did not end its line.
    mid_line: bool,
}

/// How a command has ended.
enum Done {
    ByItself,
    /// By a signal, with the exit code for it.
    Ended(u8),
}

impl Shell<'_> {
    async fn all_lines(&mut self) -> Result<u8, CommandError> {
        loop {
            self.prompt().await?;
            let line = tokio::select! {
                biased;
                code = self.signals.first() => match self.goes_on_after(code) {
                    true => continue,
                    false => return Ok(code),
                },
                line = self.typed.line() => line,
            };
            let Some(line) = line else {
                return self.fresh_line().await.map(|()| 0);
            };
            // It was shown as it was typed.
            self.mid_line = false;
            let line = line.trim_ascii();
            if line == b"exit" {
                return Ok(0);
            }
            if line.is_empty() {
                continue;
            }
            match self.command(line).await {
                Ok(Done::ByItself) => {}
                Ok(Done::Ended(code)) if self.goes_on_after(code) => {}
                Ok(Done::Ended(code)) => return Ok(code),
                Err(CommandError::Sealed(error)) if self.at_terminal => self.after(error).await?,
                Err(error) => return Err(error),
            }
        }
    }

    /// Somebody at a terminal takes Ctrl-C for the end of a command.
    fn goes_on_after(&mut self, code: u8) -> bool {
        self.mid_line = true;
        self.at_terminal && code == INTERRUPTED
    }

    /// Goes on after an error, if there is anything to go on with. What was asked is not asked again: it may have been done.
    async fn after(&mut self, error: SealedError) -> Result<(), CommandError> {
        self.fresh_line().await?;
        match error {
            SealedError::Ended => {
                complain(&error);
                self.channel = waited(self.settings.enter()).await?;
                complain("a new session has begun");
                Ok(())
            }
            SealedError::Refused(..)
            | SealedError::SlowDown(_)
            | SealedError::Overloaded(_)
            | SealedError::ServerFault(_)
            | SealedError::Lost
            | SealedError::TooSlow(_)
            | SealedError::NoConnection(_)
            | SealedError::Unreachable(..) => {
                complain(error);
                Ok(())
            }
            error => Err(error.into()),
        }
    }

    async fn prompt(&mut self) -> Result<(), CommandError> {
        if !self.at_terminal {
            return Ok(());
        }
        self.fresh_line().await?;
        self.mid_line = true;
        let prompt = format!("{}> ", self.settings.user().as_str());
        self.outlets.show(prompt.as_bytes()).await
    }

    /// What is said next begins on a line of its own.
    async fn fresh_line(&mut self) -> Result<(), CommandError> {
        match std::mem::take(&mut self.mid_line) && self.at_terminal {
            true => self.outlets.show(b"\n").await,
            false => Ok(()),
        }
    }

    async fn command(&mut self, line: &[u8]) -> Result<Done, CommandError> {
        let first = line.split(u8::is_ascii_whitespace).next();
        let done = match self.at_terminal && first == Some(TALKS) {
            true => self.talk(line).await?,
            false => self.listen(line).await?,
        };
        self.outlets.out.finish(&mut None).await?;
        Ok(done)
    }

    /// Runs a command that gets no input.
    async fn listen(&mut self, line: &[u8]) -> Result<Done, CommandError> {
        let Self { channel, signals, outlets, mid_line, .. } = self;
        let listening = async {
            let mut output = channel.command(line, None).await?;
            while let Some(piece) = output.next().await? {
                show(outlets, mid_line, &piece).await?;
            }
            Ok(Done::ByItself)
        };
        tokio::select! {
            biased;
            code = signals.first() => Ok(Done::Ended(code)),
            done = listening => done,
        }
    }

    /// Runs a command that is given what is typed, until it is over.
    async fn talk(&mut self, line: &[u8]) -> Result<Done, CommandError> {
        let Self { channel, signals, outlets, mid_line, typed, .. } = self;
        let done = tokio::select! {
            biased;
            code = signals.first() => Ok(Done::Ended(code)),
            done = converse(channel, typed, outlets, mid_line, line) => done,
        };
        if let Ok(Done::Ended(_)) = done {
            // Nobody waits long for the end of something that was to end.
            let _ = tokio::time::timeout(limits::LINGER, end(channel)).await;
        }
        done
    }
}

async fn end(channel: &mut Channel) -> Result<Vec<u8>, SealedError> {
    channel.command(NOTHING, None).await?.all(limits::SMALL_ANSWER_BYTES).await
}

async fn converse(
    channel: &mut Channel,
    typed: &mut Typed,
    outlets: &mut Outlets,
    mid_line: &mut bool,
    line: &[u8],
) -> Result<Done, CommandError> {
    let first = channel.start(line).await?;
    show(outlets, mid_line, &first).await?;
    let mut pause = Duration::ZERO;
    loop {
        let piece = tokio::select! {
            biased;
            piece = typed.piece() => Some(piece),
            () = tokio::time::sleep(pause) => None,
        };
        if piece.as_ref().is_some_and(Vec::is_empty) {
            let Some(mut output) = channel.end().await? else { return Ok(Done::ByItself) };
            while let Some(piece) = output.next().await? {
                show(outlets, mid_line, &piece).await?;
            }
            return Ok(Done::ByItself);
        }
        if let Some(piece) = &piece {
            *mid_line = !piece.ends_with(b"\n");
        }
        let said = match channel.input(piece.as_deref().unwrap_or_default()).await? {
            Some(said) => said,
            None => return Ok(Done::ByItself),
        };
        show(outlets, mid_line, &said).await?;
        // The server itself waits a moment for output. The longer there is none, the longer is the time to the next question.
        pause = match piece.is_none() && said.is_empty() {
            true => (pause * 2).clamp(limits::SEALED_TALK_WAIT, limits::SEALED_POLL),
            false => Duration::ZERO,
        };
    }
}

async fn show(outlets: &mut Outlets, mid_line: &mut bool, bytes: &[u8]) -> Result<(), CommandError> {
    if let Some(last) = bytes.last() {
        *mid_line = *last != b'\n';
        outlets.out.write(bytes, &mut None).await?;
    }
    Ok(())
}
