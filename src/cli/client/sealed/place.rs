//! Where a file goes that comes from a sealed channel.
//!
//! Owns: that it is there whole or not at all, and replaces nothing but an ordinary file. Not here: what it is called there.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::CommandError;
use crate::cli::outputs::{OutputError, mode_at};
use crate::disk;

/// A place here.
#[derive(Debug)]
pub(super) struct Place(Option<PathBuf>);

impl Place {
    /// `-` is standard output; in a directory, and where nothing was said, the file has its own name.
    pub(super) fn of(local: Option<&Path>, name: Result<&[u8], CommandError>) -> Result<Self, CommandError> {
        let name = || name.map(OsStr::from_bytes);
        let path = match local {
            Some(local) if local.as_os_str() == "-" => return Ok(Self(None)),
            Some(local) if local.is_dir() => local.join(name()?),
            Some(local) => local.to_owned(),
            None => name()?.into(),
        };
        // Better known before the file is on its way.
        mode_at(&path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        match folder.is_dir() {
            true => Ok(Self(Some(path))),
            false => Err(OutputError::NoPlace(path).into()),
        }
    }

    pub(super) fn is_stdout(&self) -> bool {
        self.0.is_none()
    }

    /// Begins a file beside the one that it is to replace.
    pub(super) fn coming(self) -> Result<Coming, CommandError> {
        let path = self.0.unwrap_or_default();
        let file = disk::Coming::among_others(&path, mode_at(&path)?);
        let file = file.map_err(|error| OutputError::Write(path.clone(), error))?;
        Ok(Coming { file, path })
    }
}

/// A file that is on its way. Dropped, nothing is left of it.
#[derive(Debug)]
pub(super) struct Coming {
    file: disk::Coming,
    path: PathBuf,
}

impl Coming {
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), CommandError> {
        self.file.write(bytes).map_err(|error| OutputError::Write(self.path.clone(), error).into())
    }

    /// Puts it into its place.
    pub(super) fn place(self) -> Result<(), CommandError> {
        self.file.place().map_err(|error| OutputError::Write(self.path, error).into())
    }
}
