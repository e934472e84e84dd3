//! Commands of a user of the sealed channel: a line goes in, bytes pass in both directions, an exit code comes out.
//!
//! Owns: [`Command`], and which line is what. Not here: what the small commands do (`builtins`), scripts (`python`), commands of
//! the machine itself (`host_command`).

use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::builtins::{self, Builtin};
use super::python::Python;
use super::runs::Run;
use super::{App, AppError};
use crate::auth::SealedUser;
use crate::config::limits;
use crate::domain::{Error, words};
use crate::workspace::Workspace;

/// A command that goes on. Dropping it ends it; nothing is then kept of what a script has changed that had not ended by itself.
#[derive(Debug)]
pub struct Command {
    output: mpsc::Receiver<Result<Vec<u8>, Error>>,
    input: Option<CommandInput>,
    exit_code: Arc<OnceLock<u8>>,
    task: JoinHandle<()>,
}

/// Standard input of a command. Dropping it is the end of input.
#[derive(Debug)]
pub struct CommandInput(mpsc::Sender<Vec<u8>>);

impl CommandInput {
    /// Hands over bytes. Waits while the command does not read; returns false once it is over, or reads nothing.
    pub async fn send(&self, bytes: Vec<u8>) -> bool {
        self.0.send(bytes).await.is_ok()
    }
}

impl Command {
    /// The door for standard input. There is one; a second call returns nothing.
    pub fn input(&mut self) -> Option<CommandInput> {
        self.input.take()
    }

    /// What it writes next, standard output and standard error in the order written, never empty. Nothing when it is over: then
    /// its changes are where they belong. Whoever stops waiting loses nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Ours`] if it cannot go on for reasons that are not its own.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, Error>> {
        self.output.recv().await
    }

    /// The exit code, as a shell would show it: 127 for a name that is no command, 124 for one that took too long. Nothing before
    /// [`Command::next`] has returned nothing.
    pub fn exit_code(&self) -> Option<u8> {
        self.exit_code.get().copied()
    }
}

impl Drop for Command {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What runs a command knows.
pub(super) struct Running {
    pub(super) app: App,
    pub(super) user: SealedUser,
    pub(super) workspace: Workspace,
    pub(super) input: mpsc::Receiver<Vec<u8>>,
    pub(super) output: Output,
}

/// Where a command's output goes.
#[derive(Clone, Debug)]
pub(super) struct Output(mpsc::Sender<Result<Vec<u8>, Error>>);

impl Output {
    /// Waits while nobody reads. There is nothing to be done if nobody ever will: then the command is being ended.
    pub(super) async fn write(&self, bytes: impl Into<Vec<u8>>) {
        let bytes = bytes.into();
        if !bytes.is_empty() {
            let _ = self.0.send(Ok(bytes)).await;
        }
    }
}

/// What a line asks for.
enum Asked {
    /// Nothing.
    Nothing,
    Builtin(Builtin, Vec<Vec<u8>>),
    Python(Python),
    /// This line is the answer, with this exit code.
    Answer(String, u8),
    Unknown(Vec<Vec<u8>>),
}

impl Asked {
    fn read(line: &[u8]) -> Self {
        let words = match words(line) {
            Ok(words) => words,
            Err(error) => return Self::Answer(error.to_string(), builtins::WRONG_USAGE),
        };
        let Some((name, arguments)) = words.split_first() else { return Self::Nothing };
        match Builtin::named(name) {
            Some(builtin) => Self::Builtin(builtin, arguments.to_vec()),
            None if name == b"python3" => match Python::read(arguments) {
                Ok(python) => Self::Python(python),
                Err(complaint) => Self::Answer(complaint, builtins::WRONG_USAGE),
            },
            None => Self::Unknown(words),
        }
    }
}

impl App {
    /// Starts a command in the user's workspace.
    ///
    /// # Errors
    ///
    /// [`Error::SlowDown`] and [`Error::Overloaded`] where a run of `/execute` would get them; [`Error::Unauthorized`] if the user has
    /// been removed. A line that makes no sense is no error: the command's output says so.
    pub async fn command(&self, user: &SealedUser, line: &[u8]) -> Result<Command, Error> {
        let started = self.start_command(user, line).await;
        self.0.metrics.answered("command", started.as_ref().map(drop));
        started
    }

    /// Ends all commands of a user, and those that wait.
    pub fn end_commands(&self, user: &SealedUser) {
        self.0.runs.end(user.account);
    }

    async fn start_command(&self, user: &SealedUser, line: &[u8]) -> Result<Command, Error> {
        let asked = Asked::read(line);
        self.0.runs.has_room()?;
        let place = self.0.runs.enter(user.account).await?;
        // After there is a place: whoever is removed before this is found out here, and later [`App::end_commands`] ends it.
        let user = self.0.rooms.auth.again(user)?;
        let workspace = self.workspace(&user).await.map_err(AppError::from)?;
        let (sender, output) = mpsc::channel(limits::LIVE_EVENTS);
        let (input, chunks) = mpsc::channel(1);
        let exit_code = Arc::new(OnceLock::new());
        let running = Running { app: self.clone(), user, workspace, input: chunks, output: Output(sender) };
        let task = tokio::spawn(running.go_on(asked, place, Arc::clone(&exit_code)));
        Ok(Command { output, input: Some(CommandInput(input)), exit_code, task })
    }
}

impl Running {
    async fn go_on(mut self, asked: Asked, mut place: Run, exit_code: Arc<OnceLock<u8>>) {
        let (output, runs) = (self.output.clone(), &self.app.0.settings.runs);
        let patience = runs.wait + runs.timeout + limits::COMMAND_UNREAD;
        let ended = tokio::select! {
            code = self.answer(asked) => code,
            () = place.ended() => Err(Error::Unauthorized),
            // What it does has an end before; waiting for somebody to read what it has written has none.
            () = sleep(patience) => Err(Error::Conflict("the command was ended: nobody read what it wrote".to_owned())),
        };
        // What is left to be said takes no place and no memory from anybody who runs something.
        drop((self, place));
        match ended {
            // Told before the output ends, so that whoever sees the end finds it.
            Ok(code) => drop(exit_code.set(code)),
            Err(error) => drop(output.0.send(Err(error)).await),
        }
    }

    async fn answer(&mut self, asked: Asked) -> Result<u8, Error> {
        match asked {
            Asked::Nothing => Ok(0),
            Asked::Answer(text, code) => {
                self.output.write(format!("{text}\n")).await;
                Ok(code)
            }
            Asked::Builtin(builtin, arguments) => Ok(self.builtin(builtin, &arguments).await),
            Asked::Python(python) => self.python(python, self.user.account).await,
            Asked::Unknown(words) if self.may_use_the_machine() => self.host_command(words).await,
            Asked::Unknown(words) => {
                let name = words.into_iter().next().unwrap_or_default();
                self.output.write([&name, b": command not found\n".as_slice()].concat()).await;
                Ok(builtins::NOT_FOUND)
            }
        }
    }

    async fn builtin(&mut self, builtin: Builtin, arguments: &[Vec<u8>]) -> u8 {
        let limit = self.app.0.settings.runs.timeout;
        let ended = timeout(limit, builtins::run(self, builtin, arguments)).await;
        if ended.is_err() {
            self.output.write(format!("ended: it took longer than {} seconds\n", limit.as_secs_f64())).await;
        }
        ended.unwrap_or(builtins::TOOK_TOO_LONG)
    }
}
