//! Walking through a workspace.
//!
//! Owns: which of the things that may lie there count: regular files and directories. Links, devices and the like are neither
//! shown nor counted. Not here: changing anything.

use std::os::unix::ffi::OsStrExt;
use std::time::UNIX_EPOCH;

use cap_std::fs::Metadata;

use super::WorkspaceError;
use super::books::Usage;
use super::ground::{Ground, native};
use crate::domain::{FilePath, UnixTime};

/// What is there under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is, seen from the workspace.
    pub path: FilePath,
    /// What it is.
    pub kind: EntryKind,
    /// When it was last changed.
    pub changed: UnixTime,
}

/// What counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file of so many bytes.
    File(u64),
    /// A directory.
    Directory,
}

impl Entry {
    fn of(path: FilePath, metadata: &Metadata) -> Option<Self> {
        let kind = match (metadata.is_file(), metadata.is_dir()) {
            (true, _) => EntryKind::File(metadata.len()),
            (_, true) => EntryKind::Directory,
            _ => return None,
        };
        let changed = metadata.modified().ok().and_then(|time| time.into_std().duration_since(UNIX_EPOCH).ok());
        Some(Self { path, kind, changed: UnixTime(changed.unwrap_or_default().as_secs()) })
    }
}

/// What has this name, or what a link of this name leads to.
pub(super) fn entry(ground: &Ground, path: &FilePath) -> Result<Entry, WorkspaceError> {
    let metadata = ground.files.metadata(native(path))?;
    Entry::of(path.clone(), &metadata).ok_or(WorkspaceError::NotFound)
}

/// What counts of what is in a directory, by name.
pub(super) fn list(ground: &Ground, directory: Option<&FilePath>) -> Result<Vec<Entry>, WorkspaceError> {
    let found = match directory {
        Some(path) => ground.files.read_dir(native(path))?,
        None => ground.files.entries()?,
    };
    let mut entries = vec![];
    for entry in found {
        let entry = entry?;
        let name = entry.file_name();
        let path = match directory {
            Some(directory) => [directory.as_bytes(), b"/", name.as_bytes()].concat(),
            None => name.as_bytes().to_vec(),
        };
        // Only a command of the machine itself makes a path that is too long to be one of ours.
        let Ok(path) = FilePath::parse(path) else { continue };
        match entry.metadata() {
            Ok(metadata) => entries.extend(Entry::of(path, &metadata)),
            // Removed while we look.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

/// Everything that counts below a directory, each directory before what is in it.
pub(super) fn all(ground: &Ground, directory: Option<&FilePath>) -> Result<Vec<Entry>, WorkspaceError> {
    let mut entries = list(ground, directory)?;
    let mut next = 0;
    while let Some(entry) = entries.get(next) {
        if entry.kind == EntryKind::Directory {
            match list(ground, Some(&entry.path)) {
                Ok(below) => entries.extend(below),
                Err(WorkspaceError::NotFound | WorkspaceError::Kind(_)) => {}
                Err(error) => return Err(error),
            }
        }
        next += 1;
    }
    Ok(entries)
}

/// What all of it together takes.
pub(super) fn usage(ground: &Ground) -> Result<Usage, WorkspaceError> {
    let entries = all(ground, None)?;
    let bytes = entries.iter().map(|entry| match entry.kind {
        EntryKind::File(bytes) => bytes,
        EntryKind::Directory => 0,
    });
    Ok(Usage { bytes: bytes.sum(), files: entries.len() as u64 })
}
