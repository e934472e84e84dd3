//! The two directories of a workspace: `files`, which the user sees, and `staging` beside it.
//!
//! Owns: opening without leaving either of them, and what survives a loss of power. Not here: quotas, and many changes as one.

use std::ffi::OsStr;
use std::io::{ErrorKind, Result};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt, File, Metadata, OpenOptions, OpenOptionsExt};

use super::WorkspaceError;
use super::journal::Change;
use super::steps::Steps;
use crate::config::limits;
use crate::disk;
use crate::domain::FilePath;

/// What the user sees.
pub(super) const FILES: &str = "files";
const STAGING: &str = "staging";

/// What is said of names that no call takes.
pub(super) const TOO_LONG: &str = "a part of the name is longer than 255 bytes, or the name is too long";

/// Neither waits for the other end of a FIFO nor becomes somebody's terminal.
const CAREFULLY: i32 = (rustix::fs::OFlags::NONBLOCK.bits() | rustix::fs::OFlags::NOCTTY.bits()).cast_signed();

#[derive(Debug)]
pub(super) struct Ground {
    pub(super) files: Dir,
    pub(super) staging: Dir,
    next: AtomicU64,
    /// The longest name that this file system takes: 255 bytes nearly everywhere, less where names are encrypted.
    name_bytes: u64,
    pub(super) steps: Steps,
}

impl Ground {
    /// Makes both directories where they are not there.
    pub(super) fn open(home: &Path) -> Result<Self> {
        let open = |name: &str| {
            disk::make_folder(&home.join(name))?;
            Dir::open_ambient_dir(home.join(name), ambient_authority())
        };
        let (files, staging) = (open(FILES)?, open(STAGING)?);
        let name_bytes = rustix::fs::fstatvfs(&files)?.f_namemax;
        Ok(Self { files, staging, next: AtomicU64::new(0), name_bytes, steps: Steps::default() })
    }

    /// Whether something may be made under this path: every call takes it, and the way to it is not longer than
    /// [`limits::WORKSPACE_DEPTH`].
    pub(super) fn takes(&self, path: &[u8]) -> std::result::Result<(), WorkspaceError> {
        let mut parts = path.split(|byte| *byte == b'/');
        if parts.clone().count() > limits::WORKSPACE_DEPTH {
            return Err(WorkspaceError::Name("the name has too many parts: put it less deep"));
        }
        match path.len() < limits::PATH_BYTES && parts.all(|part| part.len() as u64 <= self.name_bytes) {
            true => Ok(()),
            false => Err(WorkspaceError::Name(TOO_LONG)),
        }
    }

    /// Finishes or removes what a crash has left. Nobody else may be using the workspace yet.
    pub(super) fn tidy(&self) -> Result<()> {
        self.finish()?;
        for entry in self.staging.entries()? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => self.staging.remove_dir_all(entry.file_name())?,
                false => self.staging.remove_file(entry.file_name())?,
            }
        }
        Ok(())
    }

    /// Opens a regular file. Anything else is not there.
    pub(super) fn open_file(&self, path: &FilePath) -> Result<(File, Metadata)> {
        let found = self.files.open_with(native(path), OpenOptions::new().read(true).custom_flags(CAREFULLY))?;
        let metadata = found.metadata()?;
        match (metadata.is_file(), metadata.is_dir()) {
            (true, _) => Ok((found, metadata)),
            (_, true) => Err(ErrorKind::IsADirectory.into()),
            _ => Err(ErrorKind::NotFound.into()),
        }
    }

    /// A new empty file that nobody sees, under a name that no other has.
    pub(super) fn stage(&self) -> Result<(String, File)> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        loop {
            let name = format!("{}", self.next.fetch_add(1, Ordering::Relaxed));
            match self.staging.open_with(&name, &options) {
                // Left by a crash, and could not be tidied away.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                file => return Ok((name, file?)),
            }
        }
    }

    /// Takes a staged file away again. There is nothing to be done if that fails: the next start does it.
    pub(super) fn unstage(&self, name: &str) {
        let _ = self.staging.remove_file(name);
    }

    /// Puts a staged file into its place, or over the one that is there: whoever looks finds the old one or the new one.
    pub(super) fn place(&self, staged: &str, path: &FilePath) -> Result<()> {
        self.staging.rename(staged, &self.files, native(path))
    }

    /// Takes a change back that was not made: what is staged for it, and its journal.
    pub(super) fn forget(&self, change: &Change) -> Result<()> {
        self.steps.next()?;
        self.drop_journal()?;
        change.placed.iter().for_each(|(staged, _)| self.unstage(staged));
        Ok(())
    }

    /// What has this name, itself and not what a link leads to. Nothing if there is nothing.
    pub(super) fn look(&self, path: &FilePath) -> Result<Option<Metadata>> {
        match self.files.symlink_metadata(native(path)) {
            Ok(metadata) => Ok(Some(metadata)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a directory for its owner alone.
    pub(super) fn make_directory(&self, path: &FilePath) -> Result<()> {
        self.files.create_dir_with(native(path), DirBuilder::new().mode(0o700))
    }

    /// Makes the names in a directory (nothing means `files` itself) survive a loss of power.
    pub(super) fn sync_directory(&self, path: Option<&FilePath>) -> Result<()> {
        self.files.open(path.map_or_else(|| Path::new("."), native))?.sync_all()
    }

    /// The same for what is staged.
    pub(super) fn sync_staging(&self) -> Result<()> {
        self.staging.open(".")?.sync_all()
    }
}

/// A path as the system takes it.
pub(super) fn native(path: &FilePath) -> &Path {
    native_bytes(path.as_bytes())
}

/// The same of one that may not be one of ours.
pub(super) fn native_bytes(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}

/// The directories above a name that are not there, the highest first.
pub(super) fn missing(ground: &Ground, path: &FilePath) -> std::result::Result<Vec<FilePath>, WorkspaceError> {
    let mut missing = vec![];
    let mut above = path.parent();
    while let Some(directory) = above {
        match ground.files.metadata(native(&directory)) {
            Ok(there) if there.is_dir() => break,
            Ok(_) => return Err(WorkspaceError::Kind("Not a directory")),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        above = directory.parent();
        missing.push(directory);
    }
    missing.reverse();
    Ok(missing)
}
