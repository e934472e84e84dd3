//! Which sealed channel is meant, as whom, and by which key the server is known.
//!
//! Owns: the flags, what is remembered of them, and the files of keys. A server's key is never taken from the server: somebody has to
//! name its file once. Not here: the handshake.

use std::fs::File;
use std::io::{Error, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::super::{ask, set};
use super::CommandError;
use crate::cli::complain;
use crate::client::{Channel, KnownServer, KnownServers, SealedError, SealedUrl};
use crate::config::limits;
use crate::domain::{Secret, UserName};
use crate::keys::{KeyError, PrivateKey, PrivateKeyFile, PublicKey};

/// What can be typed before `put`, `get`, `cmd` and `shell`.
#[derive(Debug, Args)]
pub(in crate::cli::client) struct Flags {
    /// The sealed channel of a server, http://NAME:PORT, for put, get, cmd and shell (default: CLOUD_PYTHON_SEALED, else the one that is remembered)
    #[arg(long, value_name = "URL", value_parser = SealedUrl::parse)]
    sealed: Option<SealedUrl>,
    /// Who you are there; this, the key and the server's key are needed once and then remembered
    #[arg(long, value_name = "NAME", value_parser = UserName::parse)]
    user: Option<UserName>,
    /// Your private key for the sealed channel (made by `cloud-python key new`)
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The server's public key for the sealed channel: its sealed.pem, from whoever runs it
    #[arg(long, value_name = "FILE")]
    server_key: Option<PathBuf>,
    /// The file whose first line is the pass phrase of your key, - for standard input (for programs; it is asked for otherwise)
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// A key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli::client) enum KeyFileError {
    /// It cannot be read.
    #[error("cannot read the key {0}: {1}")]
    Read(PathBuf, #[source] Error),
    /// It is not one.
    #[error("{0}: {1}")]
    Key(PathBuf, #[source] KeyError),
    /// Anybody could have it.
    #[error("the key {0} is not encrypted, and others can read it: chmod 600 {0}")]
    Exposed(PathBuf),
}

/// All that a session needs.
#[derive(Debug)]
pub(super) struct Settings {
    known: KnownServers,
    server: KnownServer,
    key: PrivateKey,
    patience: Option<Duration>,
}

impl Flags {
    /// Without a sealed channel these flags would do nothing.
    pub(in crate::cli::client) fn refuse(&self) -> Result<(), CommandError> {
        let files = [&self.key, &self.server_key, &self.passphrase_file];
        match self.sealed.is_some() || self.user.is_some() || files.iter().any(|file| file.is_some()) {
            true => Err(CommandError::Usage(
                "--sealed, --user, --key, --server-key and --passphrase-file are for put, get, cmd and shell",
            )),
            false => Ok(()),
        }
    }

    /// Whether the pass phrase comes from standard input.
    pub(super) fn reads_stdin(&self) -> bool {
        self.passphrase_file.as_deref() == Some(Path::new("-"))
    }

    /// What was typed, and for the rest what is remembered.
    pub(super) fn settings(&self, patience: Option<Duration>) -> Result<Settings, CommandError> {
        let known = KnownServers::of_user()?;
        let mut all = known.all()?;
        let url = match (&self.sealed, set("CLOUD_PYTHON_SEALED"), all.as_slice()) {
            (Some(url), _, _) => url.clone(),
            (None, Some(url), _) => SealedUrl::parse(&url.to_string_lossy())?,
            (None, None, [only]) => only.url.clone(),
            _ => return Err(CommandError::Usage("which sealed channel? --sealed http://NAME:PORT says where it is")),
        };
        let at = all.iter().position(|known| known.url == url);
        let remembered = at.map(|at| all.swap_remove(at));
        let missing = || {
            CommandError::Usage(
                "this server is not known yet: name yourself with --user, your private key with --key, and the server's sealed.pem with --server-key (once: they are remembered)",
            )
        };
        let of = |choose: fn(&KnownServer) -> &PathBuf| remembered.as_ref().map(choose).cloned();
        let user = self.user.clone().or_else(|| remembered.as_ref().map(|known| known.user.clone()));
        let file = match &self.key {
            Some(file) => Some(std::path::absolute(file).map_err(|error| KeyFileError::Read(file.clone(), error))?),
            None => of(|known| &known.key),
        };
        let (user, file) = (user.ok_or_else(missing)?, file.ok_or_else(missing)?);
        let server = match (&self.server_key, &remembered) {
            (Some(file), _) => public_key(file)?,
            (None, Some(known)) => known.server.clone(),
            (None, None) => return Err(missing()),
        };
        let key = self.private_key(&file)?;
        Ok(Settings { known, server: KnownServer { url, server, user, key: file }, key, patience })
    }

    fn private_key(&self, file: &Path) -> Result<PrivateKey, CommandError> {
        let (text, is_open) = read(file)?;
        let wrong = |error| KeyFileError::Key(file.to_owned(), error);
        match PrivateKeyFile::read(text.expose()).map_err(wrong)? {
            PrivateKeyFile::Plain(_) if is_open => Err(KeyFileError::Exposed(file.to_owned()).into()),
            PrivateKeyFile::Plain(key) => Ok(*key),
            encrypted => {
                let pass_phrase = ask::pass_phrase(self.passphrase_file.as_deref())?;
                Ok(encrypted.open(pass_phrase.expose().as_bytes()).map_err(wrong)?)
            }
        }
    }
}

fn public_key(file: &Path) -> Result<PublicKey, KeyFileError> {
    let (text, _) = read(file)?;
    PublicKey::from_pem(text.expose()).map_err(|error| KeyFileError::Key(file.to_owned(), error))
}

/// The text of a file, no more of a huge one than a key can have; and whether others can read it.
fn read(file: &Path) -> Result<(Secret<String>, bool), KeyFileError> {
    let failed = |error| KeyFileError::Read(file.to_owned(), error);
    let source = File::open(file).map_err(failed)?;
    let is_open = source.metadata().map_err(failed)?.mode() & 0o077 != 0;
    let mut text = String::new();
    let read = source.take(limits::PEM_BYTES).read_to_string(&mut text);
    let text = Secret::new(text);
    read.map(|_| (text, is_open)).map_err(failed)
}

impl Settings {
    /// Who one is there.
    pub(super) fn user(&self) -> &UserName {
        &self.server.user
    }

    /// Begins a session. What has led to one is remembered, if there is room for it.
    pub(super) async fn enter(&self) -> Result<Channel, SealedError> {
        let KnownServer { url, server, user, .. } = &self.server;
        let channel = Channel::enter(url, server, user, &self.key, self.patience).await?;
        if let Err(error) = self.known.remember(self.server.clone()) {
            complain(format!("this server is not remembered: {error}"));
        }
        Ok(channel)
    }
}
