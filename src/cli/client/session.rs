//! `cloud-python client session`: a script there, its input and output here, live.
//!
//! Owns: which input goes there, which output comes from there, and what ends a session beside the script. Not here: the streams
//! themselves (`streams`), and the line that is typed at a terminal (`tty`).

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::streams::{Outlets, Signals, keys, read_stdin};
use super::tty::Console;
use super::tty::mode::{self, RawMode};
use super::{CommandError, waited};
use crate::cli::carried::{Carried, Given};
use crate::cli::files::read_script;
use crate::cli::{FAILED, HUNG_UP, INTERRUPTED, TIMED_OUT, complain};
use crate::client::{Ended, Heard, LiveInput, LiveOutput};
use crate::config::limits;
use crate::domain::{Argument, Budget, JobSpec, Script};

/// What can be typed after `cloud-python client session`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Wall-clock time in seconds (default: the server's)
    #[arg(long, value_name = "S", value_parser = crate::cli::run::seconds)]
    timeout: Option<Duration>,
    /// Pass the script's output to the terminal as it is, control sequences and all
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    carried: Carried,
    #[command(flatten)]
    given: Given,
    /// The script, or - for standard input, of which nothing is left for the script then (default: the interactive interpreter)
    #[arg(value_name = "FILE")]
    script: Option<PathBuf>,
    /// What the script gets as its own arguments
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// How a session came to its end.
enum End {
    /// The script ended, or its budget.
    Script(Ended),
    /// Somebody here ended it.
    Here(u8),
}

impl Arguments {
    /// Runs the script and ends with its exit code.
    pub(super) async fn run(&self, client: &super::Arguments) -> Result<u8, CommandError> {
        if let Some(timeout) = self.timeout {
            Budget::default().with_wall(timeout)?;
        }
        let (client, token) = client.logged_in()?;
        let job = self.job()?;
        let mut signals = Signals::new()?;
        let (input, output) = tokio::select! {
            biased;
            code = signals.first() => return Ok(code),
            opened = waited(client.open(&token, &job, self.timeout)) => opened?,
        };
        match self.converse(input, output, signals).await? {
            End::Here(code) => Ok(code),
            End::Script(Ended::Exited { code, files, .. }) => {
                self.carried.put(files)?;
                Ok(code)
            }
            End::Script(Ended::TimedOut) => {
                complain("timed out (--timeout asks for more time, up to the server's limit)");
                Ok(TIMED_OUT)
            }
            End::Script(Ended::OutputTooLarge) => {
                complain("output too large: more than the server passes on, or more files than it returns");
                Ok(FAILED)
            }
        }
    }

    /// Reads everything that is to be sent at the start.
    fn job(&self) -> Result<JobSpec, CommandError> {
        let shown = self.script.as_ref().map_or_else(String::new, |script| script.display().to_string());
        let refused = |error| CommandError::Job(shown.clone(), error);
        let job = match &self.script {
            Some(script) => JobSpec::of(Script::parse(read_script(script)?).map_err(refused)?),
            None => JobSpec::interactive(),
        };
        let arguments = self.arguments.iter().map(|argument| Argument::parse(argument.as_bytes()));
        let arguments = arguments.collect::<Result<_, _>>().map_err(refused)?;
        let job = self.carried.add_to::<CommandError>(job.arguments(arguments))?;
        self.given.add_to(job).build().map_err(refused)
    }

    /// Passes everything on until there is an end. The terminal is set back on every way out of here.
    async fn converse(
        &self,
        mut input: LiveInput,
        output: LiveOutput,
        mut signals: Signals,
    ) -> Result<End, CommandError> {
        let mut talk = Talk { output, outlets: Outlets::new(self.raw), console: None };
        let (stdin, stdout) = (std::io::stdin(), std::io::stdout());
        let from_stdin = self.script.as_ref().is_some_and(|script| script.as_os_str() == "-");
        let raw = (!from_stdin && stdin.is_terminal() && stdout.is_terminal()).then(RawMode::enter).flatten();
        let ended = match raw {
            _ if from_stdin => {
                input.end().await;
                signals.or(talk.listen()).await
            }
            None => {
                pass_stdin(input);
                signals.or(talk.listen()).await
            }
            Some(_) => {
                talk.console = Some(Console::new(mode::columns()));
                signals.or(talk.edit(keys(), lines_to(input))).await
            }
        };
        talk.leave(&ended).await;
        drop(raw);
        ended
    }
}

/// Reads standard input on a thread of its own: a read cannot be called off.
fn pass_stdin(mut input: LiveInput) {
    let runtime = runtime::Handle::current();
    read_stdin(move |bytes| match bytes.is_empty() {
        true => runtime.block_on(input.end()),
        false => runtime.block_on(input.send(bytes)),
    });
}

/// Sends lines in the order they are put in. An empty one is the end of input.
fn lines_to(mut input: LiveInput) -> mpsc::Sender<String> {
    let (lines, mut queue) = mpsc::channel::<String>(1);
    tokio::spawn(async move {
        while let Some(line) = queue.recv().await {
            let sent = if line.is_empty() { input.end().await } else { input.send(line.as_bytes()).await };
            if !sent {
                return;
            }
        }
    });
    lines
}

/// A session, from here.
struct Talk {
    output: LiveOutput,
    outlets: Outlets,
    console: Option<Console>,
}

impl Talk {
    /// Passes output on.
    async fn listen(&mut self) -> Result<End, CommandError> {
        loop {
            let heard = self.output.next().await?;
            if let Some(end) = self.hear(heard).await? {
                return Ok(end);
            }
        }
    }

    /// The same while lines are being typed. Nothing more is read from the terminal while a line waits to be sent.
    async fn edit(
        &mut self,
        mut keys: mpsc::Receiver<Vec<u8>>,
        lines: mpsc::Sender<String>,
    ) -> Result<End, CommandError> {
        let mut waiting = VecDeque::new();
        let mut resized = signal(SignalKind::window_change()).map_err(CommandError::Runtime)?;
        loop {
            tokio::select! {
                heard = self.output.next() => {
                    if let Some(end) = self.hear(heard?).await? {
                        return Ok(end);
                    }
                }
                room = lines.reserve(), if !waiting.is_empty() => match (room, waiting.pop_front()) {
                    (Ok(room), Some(line)) => room.send(line),
                    // Nobody takes them any more. Why, the output says.
                    _ => waiting.clear(),
                },
                typed = keys.recv(), if waiting.is_empty() => {
                    let Some(typed) = typed else { return Ok(End::Here(HUNG_UP)) };
                    if self.typed(&typed, &mut waiting).await? {
                        return Ok(End::Here(INTERRUPTED));
                    }
                }
                _ = resized.recv() => {
                    let drawn = self.console.as_mut().map(|console| console.resize(mode::columns()));
                    self.outlets.show(drawn.unwrap_or_default().as_bytes()).await?;
                }
            }
        }
    }

    /// Whether it was Ctrl-C.
    async fn typed(&mut self, bytes: &[u8], waiting: &mut VecDeque<String>) -> Result<bool, CommandError> {
        let Some(console) = &mut self.console else { return Ok(false) };
        let typed = console.typed(bytes);
        waiting.extend(typed.lines);
        waiting.extend(typed.ended.then(String::new));
        self.outlets.show(typed.echo.as_bytes()).await?;
        Ok(typed.interrupted)
    }

    async fn hear(&mut self, heard: Heard) -> Result<Option<End>, CommandError> {
        let Self { outlets, console, .. } = self;
        let end = match heard {
            Heard::Stdout(bytes) => return outlets.out.write(&bytes, console).await.map(|()| None),
            Heard::Stderr(bytes) => return outlets.err.write(&bytes, console).await.map(|()| None),
            Heard::Ended(ended) => End::Script(ended),
        };
        outlets.out.finish(console).await?;
        outlets.err.finish(console).await?;
        Ok(Some(end))
    }

    /// Whatever is said next at this terminal begins on a row of its own, but what follows a script that has ended by itself.
    async fn leave(&mut self, ended: &Result<End, CommandError>) {
        let Some(console) = &mut self.console else { return };
        let last = match ended {
            Ok(End::Script(Ended::Exited { .. })) => console.left(),
            _ => console.fresh_row(),
        };
        // A terminal that is held (Ctrl-S) or gone is not waited for.
        let _ = tokio::time::timeout(limits::LINGER, self.outlets.show(last.as_bytes())).await;
    }
}

impl Signals {
    /// How a session ends, if none of these ends it first.
    async fn or(&mut self, talk: impl Future<Output = Result<End, CommandError>>) -> Result<End, CommandError> {
        tokio::select! {
            biased;
            code = self.first() => Ok(End::Here(code)),
            end = talk => match end {
                Err(CommandError::HungUp) => Ok(End::Here(HUNG_UP)),
                end => end,
            },
        }
    }
}
