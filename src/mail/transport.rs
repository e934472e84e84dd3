//! Where a message goes, and why it did not get there.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::letter::{Parcel, Sent};
use super::smtp::Smtp;
use crate::config::limits;
use crate::disk;
use crate::vault::VaultError;

/// Where letters go.
#[derive(Clone, Debug)]
pub enum Transport {
    /// To a mail server.
    Smtp(Smtp),
    /// Into a folder, one `.eml` file each, for an operator who has no mail server yet.
    Directory(PathBuf),
    /// Nowhere.
    Memory(Memory),
}

impl Transport {
    pub(super) async fn send(&self, parcel: Parcel) -> Result<(), Failure> {
        match self {
            Self::Smtp(smtp) => smtp.send(&parcel).await,
            Self::Directory(folder) => {
                let folder = folder.clone();
                let written = tokio::task::spawn_blocking(move || write(&folder, &parcel)).await;
                written.map_err(|_| Failure::Lost)?.map_err(Failure::Folder)
            }
            Self::Memory(memory) => memory.push(parcel.letter),
        }
    }
}

/// Keeps what was sent. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Vec<Sent>>>);

impl Memory {
    /// What was sent and not taken yet, in the order in which it was sent.
    pub fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push(&self, letter: Sent) -> Result<(), Failure> {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sent.len() >= limits::LETTERS_IN_MEMORY {
            return Err(Failure::Memory);
        }
        sent.push(letter);
        Ok(())
    }
}

/// Why a letter did not go out. It says neither who it is for nor what it says, nor what the mail server said: that is logged.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("its time is over")]
    Expired,
    #[error("no message can be made of it")]
    Unwritable,
    #[error("the mail server refuses it ({0})")]
    Refused(u16),

    #[error("the mail server cannot be reached: {0}")]
    Unreachable(#[source] std::io::Error),
    #[error("the mail server has broken off: {0}")]
    Broken(#[source] std::io::Error),
    #[error("TLS with the mail server fails: {0}")]
    Untrusted(#[source] std::io::Error),
    #[error("the mail server does not offer STARTTLS, and nothing is said to it in the clear")]
    NoTls,
    #[error("the mail server offers no way to log in that is known here (AUTH PLAIN or LOGIN)")]
    NoLogin,
    #[error("the mail server does not take the user name and the password ({0})")]
    Login(u16),
    #[error("the mail server answers {1} to {0}")]
    Answer(&'static str, u16),
    #[error("what answers is not a mail server")]
    Nonsense,
    #[error("the mail server took too long")]
    TooSlow,
    #[error("the folder cannot be written: {0}")]
    Folder(#[source] std::io::Error),
    #[error("there is no room for it")]
    Memory,
    #[error("it cannot be opened: {0}")]
    Sealed(#[from] VaultError),
    #[error("its delivery has failed inside")]
    Lost,
}

impl Failure {
    /// Whether trying again is of no use.
    pub(super) const fn is_final(&self) -> bool {
        matches!(self, Self::Expired | Self::Unwritable | Self::Refused(_))
    }
}

/// Puts a message into the folder. A second time it replaces the first.
fn write(folder: &Path, parcel: &Parcel) -> std::io::Result<()> {
    disk::make_folder(folder)?;
    let seconds = i64::try_from(parcel.created.0).unwrap_or(i64::MAX);
    let date = time::OffsetDateTime::from_unix_timestamp(seconds).map_err(std::io::Error::other)?.date();
    disk::put(&folder.join(format!("{date}-{:06}.eml", parcel.id.0)), &parcel.bytes, 0o600)
}
