//! `cloud-python key ...`: keys for the sealed channel, and who may use it.
//!
//! Owns: what can be typed, files, pass phrases, and finding out whether the server runs: if it does, it is asked over its socket, for
//! the database is its own then; if not, the database is opened here. Not here: how a key is written down (`keys`).

use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use tokio::runtime;

use super::dates::rfc3339;
use super::{FAILED, USAGE, complain};
use crate::client::{Admin, ClientError, Key, Keys};
use crate::config::limits;
use crate::domain::{AdminAction, KeyAction, Outcome, SealedEntry, Secret, UnixTime, UserName};
use crate::keys::{KeyError, PrivateKey, PublicKey};
use crate::server::{ServerError, change_keys};

/// What can be typed after `cloud-python key`.
#[derive(Debug, Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Arguments {
    /// The server's data folder
    #[arg(long, global = true, value_name = "DIR", default_value = "cloud-python-data")]
    data: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key: NAME_key.pem, which is for its owner alone, and NAME.pem, which is for everybody
    New {
        /// What the two files are called; a path before it says where they are made
        #[arg(value_name = "NAME")]
        name: PathBuf,
        /// The file whose first line is the pass phrase that the key is encrypted with (asked for without this)
        #[arg(long, value_name = "FILE", conflicts_with = "no_passphrase")]
        passphrase_file: Option<PathBuf>,
        /// Does not encrypt the key: whoever can read its file has it
        #[arg(long)]
        no_passphrase: bool,
    },
    /// Register a user with the public key in a file
    Add {
        /// The user's name: letters, digits, '_', '-', '.' and '@'
        #[arg(value_name = "USER", value_parser = UserName::parse)]
        user: UserName,
        /// The public key, in PEM
        #[arg(value_name = "FILE.pem")]
        file: PathBuf,
        /// Lets the user run commands of this machine, as the server's own user, if the configuration has sealed.host_commands = true
        #[arg(long)]
        host_commands: bool,
    },
    /// All users
    List,
    /// Remove a user, end their sessions and what they run; their files stay
    Remove {
        /// The user's name
        #[arg(value_name = "USER", value_parser = UserName::parse)]
        user: UserName,
    },
}

#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("{0}: {1}")]
    File(PathBuf, #[source] KeyError),
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{0} is there already, and a key is not overwritten: name another, or remove it")]
    There(PathBuf),
    #[error("cannot write {0}: {1}")]
    Write(PathBuf, #[source] std::io::Error),
    #[error("there is no terminal to ask for a pass phrase: give --passphrase-file or --no-passphrase")]
    NoTerminal,
    #[error("the two pass phrases are not the same")]
    Differ,
    #[error("the pass phrase is empty: a key that is not to be encrypted is made with --no-passphrase")]
    Empty,
    #[error("the pass phrase is longer than {} bytes", limits::PASS_PHRASE_BYTES)]
    Long,
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error("cannot go on: {0}")]
    Io(#[from] std::io::Error),
}

/// Does what was typed.
pub fn main(arguments: &Arguments) -> ExitCode {
    match arguments.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            let wrong = matches!(error, CommandError::NoTerminal | CommandError::Empty | CommandError::Long);
            ExitCode::from(if wrong { USAGE } else { FAILED })
        }
    }
}

impl Arguments {
    fn run(&self) -> Result<(), CommandError> {
        let action = match &self.command {
            Command::New { name, passphrase_file, no_passphrase } => {
                let pass_phrase = if *no_passphrase { None } else { Some(pass_phrase(passphrase_file.as_deref())?) };
                return make(name, pass_phrase.as_ref());
            }
            Command::Add { user, file, host_commands } => {
                let key = public_key(file)?.key();
                KeyAction::Add { user: user.clone(), key, host_commands: *host_commands }
            }
            Command::List => KeyAction::List,
            Command::Remove { user } => KeyAction::Remove(user.clone()),
        };
        let keys = runtime::Builder::new_current_thread().enable_all().build()?.block_on(self.ask(&action))?;
        Ok(say(&action, &keys)?)
    }

    /// Asks the server if it runs, and else does it here.
    async fn ask(&self, action: &KeyAction) -> Result<Vec<Key>, CommandError> {
        match Admin::of(&self.data).ask(&AdminAction::Keys(action.clone())).await {
            Ok(told) => Ok(told.read::<Keys>()?.keys),
            Err(ClientError::NotRunning(_)) => match change_keys(&self.data, action.clone()).await? {
                Outcome::Keys(entries) => Ok(entries.iter().map(told).collect()),
                _ => Ok(vec![]),
            },
            Err(error) => Err(error.into()),
        }
    }
}

/// As the server would tell it.
fn told(entry: &SealedEntry) -> Key {
    Key {
        user: entry.user.as_str().to_owned(),
        key: URL_SAFE_NO_PAD.encode(entry.key.bytes()),
        host_commands: entry.host_commands,
        since: entry.since.0,
    }
}

fn public_key(file: &Path) -> Result<PublicKey, CommandError> {
    PublicKey::from_pem(&read(file)?).map_err(|error| CommandError::File(file.to_owned(), error))
}

/// No more of a huge file than a key can have.
fn read(file: &Path) -> Result<String, CommandError> {
    let failed = |error| CommandError::Read(file.to_owned(), error);
    let mut text = String::new();
    std::fs::File::open(file).map_err(failed)?.take(limits::PEM_BYTES).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

fn pass_phrase(file: Option<&Path>) -> Result<Secret<String>, CommandError> {
    let typed = match file {
        Some(file) => {
            let text = Secret::new(read(file)?);
            Secret::new(text.expose().lines().next().unwrap_or_default().to_owned())
        }
        None if !std::io::stdin().is_terminal() => return Err(CommandError::NoTerminal),
        None => {
            let ask = |prompt: &str| rpassword::prompt_password(prompt).map(Secret::new);
            let (first, second) = (ask("Pass phrase for the private key: ")?, ask("The same once more: ")?);
            if first.expose() != second.expose() {
                return Err(CommandError::Differ);
            }
            first
        }
    };
    match typed.expose().len() as u64 {
        0 => Err(CommandError::Empty),
        bytes if bytes > limits::PASS_PHRASE_BYTES => Err(CommandError::Long),
        _ => Ok(typed),
    }
}

/// Makes the two files. Neither replaces one that is there.
fn make(name: &Path, pass_phrase: Option<&Secret<String>>) -> Result<(), CommandError> {
    let [private, public] = ["_key.pem", ".pem"].map(|end| {
        let mut path = name.as_os_str().to_owned();
        path.push(end);
        PathBuf::from(path)
    });
    if let Some(there) = [&private, &public].into_iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(CommandError::There(there.clone()));
    }
    let key = PrivateKey::make().map_err(KeyError::from)?;
    let text = key.to_pem(pass_phrase.map(|phrase| phrase.expose().as_bytes()))?;
    write(&private, text.expose(), 0o600)?;
    write(&public, &key.public().to_pem()?, 0o644)?;
    println!("private key  {}  (for nobody else's eyes)", private.display());
    println!("public key   {}", public.display());
    Ok(())
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), CommandError> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => CommandError::There(path.to_owned()),
        _ => CommandError::Write(path.to_owned(), error),
    };
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

fn say(action: &KeyAction, keys: &[Key]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for key in keys {
        let host = if key.host_commands { "  host commands" } else { "" };
        match action {
            KeyAction::List => writeln!(out, "{}  {}  {}{host}", key.user, rfc3339(UnixTime(key.since)), key.key)?,
            KeyAction::Add { .. } => writeln!(out, "{} is registered{}", key.user, host.replace("  ", " for "))?,
            KeyAction::Remove(_) => writeln!(out, "{} is removed", key.user)?,
        }
    }
    out.flush()
}
