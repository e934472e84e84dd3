//! Walking through a workspace.
//!
//! Owns: which of the things that may lie there count: regular files and directories. Links, devices and the like are neither
//! shown nor counted. Not here: changing anything.

use std::os::unix::ffi::OsStrExt;
use std::time::UNIX_EPOCH;

use cap_std::fs::Metadata;

use super::WorkspaceError;
use super::books::Usage;
use super::ground::{Ground, TOO_LONG, native, native_bytes};
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
    entries(look_into(ground, directory.map_or(b"", FilePath::as_bytes))?)
}

/// Everything that counts below a directory, each directory before what is in it.
pub(super) fn all(ground: &Ground, directory: Option<&FilePath>) -> Result<Vec<Entry>, WorkspaceError> {
    entries(walk(ground, directory)?)
}

/// What all of it together takes.
pub(super) fn usage(ground: &Ground) -> Result<Usage, WorkspaceError> {
    let found = walk(ground, None)?;
    let of = |found: &Found| match (found.metadata.is_file(), found.metadata.is_dir()) {
        (true, _) => Usage { bytes: found.metadata.len(), files: 1 },
        (_, true) => Usage { bytes: 0, files: 1 },
        _ => Usage::default(),
    };
    Ok(found.iter().map(of).fold(Usage::default(), Usage::plus))
}

/// Removes a directory and everything in it, the deepest first. Nothing is kept for each level but its path: whatever the depth,
/// neither our stack nor our descriptors are used up.
pub(super) fn remove(ground: &Ground, directory: &FilePath) -> Result<(), WorkspaceError> {
    for Found { path, metadata } in walk(ground, Some(directory))?.iter().rev() {
        match metadata.is_dir() {
            true => ground.files.remove_dir(native_bytes(path))?,
            false => ground.files.remove_file(native_bytes(path))?,
        }
    }
    Ok(ground.files.remove_dir(native(directory))?)
}

/// Something that lies there, whether it counts or not.
pub(super) struct Found {
    /// Where it is. A command of the machine itself makes paths that are too long to be one of ours.
    pub(super) path: Vec<u8>,
    metadata: Metadata,
}

/// Everything below a directory, each directory before what is in it.
pub(super) fn walk(ground: &Ground, directory: Option<&FilePath>) -> Result<Vec<Found>, WorkspaceError> {
    let mut all = look_into(ground, directory.map_or(b"", FilePath::as_bytes))?;
    let mut next = 0;
    while let Some(found) = all.get(next) {
        if found.metadata.is_dir() {
            match look_into(ground, &found.path) {
                Ok(below) => all.extend(below),
                // A command of the machine itself has removed it meanwhile, or closed it, or its path is longer than any call takes.
                Err(WorkspaceError::NotFound | WorkspaceError::Kind(_) | WorkspaceError::Name(_)) => {}
                Err(error) => return Err(error),
            }
        }
        next += 1;
    }
    Ok(all)
}

/// What is in a directory; no bytes mean the workspace itself.
fn look_into(ground: &Ground, directory: &[u8]) -> Result<Vec<Found>, WorkspaceError> {
    let inside = match directory {
        [] => ground.files.entries()?,
        _ => ground.files.read_dir(native_bytes(directory))?,
    };
    let mut all = vec![];
    for entry in inside {
        let entry = entry?;
        let mut path = directory.to_vec();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(entry.file_name().as_bytes());
        match entry.metadata() {
            Ok(metadata) => all.push(Found { path, metadata }),
            // Removed while we look.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(all)
}

/// What counts of it, by name.
fn entries(all: Vec<Found>) -> Result<Vec<Entry>, WorkspaceError> {
    let mut entries = vec![];
    for Found { path, metadata } in all {
        let path = FilePath::parse(path).map_err(|_| WorkspaceError::Name(TOO_LONG))?;
        entries.extend(Entry::of(path, &metadata));
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}
