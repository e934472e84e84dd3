//! `cloud-python client ...`: an account on a server, and scripts that run there.
//!
//! Owns: what can be typed, and the commands but `exec`, `session` and those of the sealed channel. Not here: the calls, and what is remembered between two of them
//! ([`crate::client`]).

mod ask;
mod exec;
mod mailbox;
mod parcel;
mod progress;
mod sealed;
mod session;
mod streams;
mod tty;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

use self::ask::AskError;
use super::dates::rfc3339;
use super::files::FilesError;
use super::outputs::OutputError;
use super::{FAILED, HUNG_UP, INTERRUPTED, USAGE, complain};
use crate::client::{CaFile, Client, ClientError, Endpoint, SealedError, ServerUrl, Session, SessionFile};
use crate::clock::Clock;
use crate::config::limits;
use crate::domain::{BearerToken, BudgetError, Email, JobError, Password, PasswordError};

/// Where a server is that was started without a word.
const DEFAULT_URL: &str = "https://127.0.0.1:12344";
/// Where such a server puts its CA.
const DEFAULT_CA: &str = "cloud-python-data/ca.pem";

/// What can be typed after `cloud-python client`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted; exec, session: the script's own, 124 on a time-out; cmd: 0 when it has ended, however it did"
)]
pub struct Arguments {
    /// The server (default: CLOUD_PYTHON_URL, else https://127.0.0.1:12344)
    #[arg(long, global = true, value_name = "URL", value_parser = ServerUrl::parse)]
    url: Option<ServerUrl>,
    /// The CA that vouches for it, and nobody else (default: CLOUD_PYTHON_CA, else ./cloud-python-data/ca.pem)
    #[arg(long, global = true, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// How long to wait for an answer, in seconds
    #[arg(long, global = true, hide = true, value_name = "S", value_parser = super::run::seconds)]
    patience: Option<Duration>,
    #[command(flatten)]
    sealed: sealed::Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask for an account; a link comes by mail
    Register {
        /// Your e-mail address
        #[arg(value_name = "EMAIL", value_parser = Email::parse)]
        email: Email,
        /// Read the password from a file, - for standard input (for programs; it is asked for otherwise)
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Log in; the commands after it need no flags
    Login {
        /// Your e-mail address
        #[arg(value_name = "EMAIL", value_parser = Email::parse)]
        email: Email,
        /// Read the password from a file, - for standard input (for programs; it is asked for otherwise)
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// Read the code from a file, - for standard input (for programs; it is asked for otherwise)
        #[arg(long, value_name = "FILE")]
        code_file: Option<PathBuf>,
    },
    /// Run a script on the server; ends with its exit code, 124 on a time-out
    Exec(exec::Arguments),
    /// Messages that only two people can read
    Mailbox(mailbox::Arguments),
    /// Run a script on the server, or its interactive interpreter, with standard input and output passed through live
    Session(session::Arguments),
    /// End the session
    Logout,
    /// Keep data for whoever holds a key
    #[command(subcommand)]
    Parcel(parcel::Command),
    #[command(flatten)]
    Sealed(sealed::Command),
}

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error(transparent)]
    Budget(#[from] BudgetError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("the terminal is gone")]
    HungUp,
    #[error("interrupted")]
    Interrupted,
    #[error("{0}: {1}")]
    Job(String, JobError),
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("no runtime: {0}")]
    Runtime(std::io::Error),
    #[error(transparent)]
    Sealed(#[from] SealedError),
    #[error(transparent)]
    SealedKey(#[from] sealed::KeyFileError),
    #[error("{0}")]
    Usage(&'static str),
    #[error("cannot write the script's output: {0}")]
    Write(std::io::Error),
}

impl CommandError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Budget(_) | Self::Usage(_) => USAGE,
            Self::HungUp => HUNG_UP,
            Self::Interrupted | Self::Ask(AskError::Interrupted) => INTERRUPTED,
            Self::Client(
                ClientError::KeyChanged { .. } | ClientError::OtherFingerprint { .. } | ClientError::OwnKeyChanged,
            ) => mailbox::KEY_CHANGED,
            _ => FAILED,
        }
    }
}

/// Does what was typed.
pub fn main(arguments: &Arguments) -> ExitCode {
    ExitCode::from(run(arguments).unwrap_or_else(|error| {
        complain(&error);
        error.exit_code()
    }))
}

fn run(arguments: &Arguments) -> Result<u8, CommandError> {
    if !matches!(arguments.command, Command::Sealed(_)) {
        arguments.sealed.refuse()?;
    }
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(CommandError::Runtime)?;
    let done = runtime.block_on(async {
        match &arguments.command {
            Command::Register { email, password_file } => register(arguments, email, password_file.as_deref()).await,
            Command::Login { email, password_file, code_file } => {
                login(arguments, email, password_file.as_deref(), code_file.as_deref()).await
            }
            Command::Exec(exec) => exec.run(arguments).await,
            Command::Mailbox(mailbox) => mailbox.run(arguments).await,
            Command::Session(session) => session.run(arguments).await,
            Command::Logout => logout(arguments).await,
            Command::Parcel(command) => command.run(arguments).await,
            Command::Sealed(command) => command.run(arguments).await,
        }
    });
    // A look-up of a name may still be going on; the process need not wait for it.
    runtime.shutdown_background();
    done
}

async fn register(arguments: &Arguments, email: &Email, password: Option<&Path>) -> Result<u8, CommandError> {
    let client = arguments.client(&arguments.endpoint()?)?;
    let password = Password::chosen(ask::new_password(password)?)?;
    waited(client.register(email, &password)).await?;
    println!(
        "If {email} has no account yet, a mail with a link is on its way: follow it within {} minutes.",
        limits::LINK_LIFE.as_secs() / 60
    );
    Ok(0)
}

async fn login(
    arguments: &Arguments,
    email: &Email,
    password: Option<&Path>,
    code: Option<&Path>,
) -> Result<u8, CommandError> {
    if [password, code] == [Some(Path::new("-")); 2] {
        return Err(CommandError::Usage("password and code cannot both come from standard input: put one into a file"));
    }
    let endpoint = arguments.endpoint()?;
    let (client, file) = (arguments.client(&endpoint)?, SessionFile::of_user()?);
    file.prepare()?;
    let (password, code) = (Password::typed(ask::password(password)?)?, ask::code(code)?);
    let (token, life) = waited(client.login(email, &password, &code)).await?;
    let session = Session { endpoint, token, expires: Clock::system().now().plus(life) };
    file.save(&session)?;
    println!("Logged in to {} as {email} until {}.", session.endpoint.url, rfc3339(session.expires));
    Ok(0)
}

async fn logout(arguments: &Arguments) -> Result<u8, CommandError> {
    let (file, session) = arguments.session()?;
    if !session.is_over(Clock::system().now()) {
        match waited(arguments.client(&session.endpoint)?.logout(&session.token)).await {
            // It was ended before: what is remembered of it is of no use either.
            Ok(()) | Err(CommandError::Client(ClientError::SessionEnded)) => {}
            Err(error) => return Err(error),
        }
    }
    file.remove()?;
    println!("Logged out of {}.", session.endpoint.url);
    Ok(0)
}

impl Arguments {
    /// The server to talk to when nobody has logged in.
    fn endpoint(&self) -> Result<Endpoint, ClientError> {
        let url = match self.wanted_url()? {
            Some(url) => url,
            None => ServerUrl::parse(DEFAULT_URL)?,
        };
        let ca = self.ca.clone().or_else(|| set("CLOUD_PYTHON_CA").map(PathBuf::from));
        Ok(Endpoint { url, ca: CaFile::read(&ca.unwrap_or_else(|| DEFAULT_CA.into()))? })
    }

    fn wanted_url(&self) -> Result<Option<ServerUrl>, ClientError> {
        match (&self.url, set("CLOUD_PYTHON_URL")) {
            (Some(url), _) => Ok(Some(url.clone())),
            (None, Some(url)) => ServerUrl::parse(&url.to_string_lossy()).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The session, if it is one with the server that is wanted: a token goes to nobody but who gave it.
    fn session(&self) -> Result<(SessionFile, Session), ClientError> {
        let file = SessionFile::of_user()?;
        let session = file.load()?;
        if let Some(url) = self.wanted_url()?.filter(|url| *url != session.endpoint.url) {
            return Err(ClientError::OtherServer(session.endpoint.url, url));
        }
        match &self.ca {
            Some(ca) if CaFile::read(ca)? != session.endpoint.ca => Err(ClientError::OtherCa),
            _ => Ok((file, session)),
        }
    }

    /// What a call needs for whoever has logged in, and still is.
    fn logged_in(&self) -> Result<(Client, BearerToken), ClientError> {
        let (_, session) = self.session()?;
        match session.is_over(Clock::system().now()) {
            true => Err(ClientError::SessionOver),
            false => Ok((self.client(&session.endpoint)?, session.token)),
        }
    }

    fn client(&self, endpoint: &Endpoint) -> Result<Client, ClientError> {
        let client = Client::new(endpoint)?;
        Ok(match self.patience {
            Some(patience) => client.patient_for(patience),
            None => client,
        })
    }
}

/// Waits for a call, and shows that it waits.
async fn waited<T, E>(call: impl Future<Output = Result<T, E>>) -> Result<T, CommandError>
where
    CommandError: From<E>,
{
    interruptible(progress::shown(call)).await
}

/// Waits for a call. Ctrl-C calls it off: asking for a password has made it a signal that ends nothing by itself.
async fn interruptible<T, E>(call: impl Future<Output = Result<T, E>>) -> Result<T, CommandError>
where
    CommandError: From<E>,
{
    let mut interrupted = signal(SignalKind::interrupt()).map_err(CommandError::Runtime)?;
    tokio::select! {
        done = call => Ok(done?),
        _ = interrupted.recv() => Err(CommandError::Interrupted),
    }
}

fn set(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
