//! What is said when something cannot be done in a workspace.
//!
//! Owns: [`WorkspaceError`], and whose fault each is. Not here: the doing.

use std::io::ErrorKind;
use std::time::Duration;

use super::ground;
use crate::config::limits;
use crate::domain::{Error, FilePath};

/// What cannot be done in a workspace.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// There is nothing of that name, or nothing that counts.
    #[error("No such file or directory")]
    NotFound,
    /// The name leads out of the workspace, or no file system has such names.
    #[error("{0}")]
    Name(&'static str),
    /// What is there is of another kind than what is asked for.
    #[error("{0}")]
    Kind(&'static str),
    /// More than the workspace, or a command, may have. The text says what to remove.
    #[error("{0}")]
    TooLarge(String),
    /// Somebody else has changed this while a script had it in hand.
    #[error("{} was changed by somebody else meanwhile", String::from_utf8_lossy(.0.as_bytes()))]
    Meanwhile(FilePath),
    /// As many files of the workspace are being read as may be at once.
    #[error("{} files of the workspace are being fetched: wait until one has come", limits::WORKSPACE_DOWNLOADS)]
    Downloads,
    /// A file is read more slowly than one may be.
    #[error("the file was fetched too slowly: {} bytes a second are the least", limits::BODY_RATE)]
    Slow,
    /// Our fault, or the disk's.
    #[error("the workspace cannot be used: {0}")]
    Io(#[source] std::io::Error),
}

impl From<std::io::Error> for WorkspaceError {
    fn from(error: std::io::Error) -> Self {
        let refused = [rustix::io::Errno::INVAL, rustix::io::Errno::ILSEQ].map(|errno| Some(errno.raw_os_error()));
        match error.kind() {
            ErrorKind::NotFound => Self::NotFound,
            // What cap-std says of a name or a link that leads out.
            ErrorKind::PermissionDenied => {
                Self::Name("the name leads out of the workspace, or to what may not be opened")
            }
            _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                Self::Name("the name leads through too many links")
            }
            ErrorKind::InvalidFilename => Self::Name(ground::TOO_LONG),
            // What file systems say that take some names only: those in Unicode, or without a colon.
            _ if refused.contains(&error.raw_os_error()) => {
                Self::Name("the file system that the workspaces are on takes no such name")
            }
            ErrorKind::NotADirectory => Self::Kind("Not a directory"),
            ErrorKind::IsADirectory => Self::Kind("Is a directory"),
            ErrorKind::DirectoryNotEmpty => Self::Kind("Directory not empty"),
            ErrorKind::AlreadyExists => Self::Kind("File exists"),
            _ => Self::Io(error),
        }
    }
}

impl From<WorkspaceError> for Error {
    fn from(error: WorkspaceError) -> Self {
        match error {
            WorkspaceError::NotFound => Self::NotFound,
            WorkspaceError::Name(text) => Self::Malformed(text.to_owned()),
            WorkspaceError::Kind(text) => Self::Conflict(text.to_owned()),
            WorkspaceError::Meanwhile(_) => Self::Conflict(error.to_string()),
            WorkspaceError::TooLarge(text) => Self::TooLarge(text),
            WorkspaceError::Downloads | WorkspaceError::Slow => Self::SlowDown(Duration::from_secs(1)),
            WorkspaceError::Io(_) => Self::Ours(error.to_string()),
        }
    }
}
