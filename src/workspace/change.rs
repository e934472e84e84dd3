//! What a script gets of a workspace, and what becomes of what it has changed.
//!
//! Owns: [`Snapshot`], and that changes are made all or none and lose nothing that others have changed meanwhile: whoever comes
//! later is told, and changes nothing. Not here: how a change survives a crash (`journal`), the script.

use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};

use cap_std::fs::{Metadata, MetadataExt};
use tokio::sync::OwnedSemaphorePermit;

use super::books::Usage;
use super::ground::Ground;
use super::journal::Change;
use super::tree::{self, Entry, EntryKind};
use super::{Inner, WorkspaceError};
use crate::domain::{FilePath, JobFile, Tree};

/// Everything that is in a workspace at one moment.
#[derive(Debug)]
pub struct Snapshot {
    /// The files.
    pub files: Vec<JobFile>,
    /// The directories, each before those below it.
    pub directories: Vec<FilePath>,
    /// How to know them again.
    pub basis: Basis,
    /// What the copies take of our memory.
    pub room: Vec<OwnedSemaphorePermit>,
}

/// What was there when a snapshot was made.
#[derive(Debug, Default)]
pub struct Basis {
    files: HashMap<FilePath, Stamp>,
    directories: HashSet<FilePath>,
}

/// Tells one state of a file from another: each put makes another file, and whoever writes into one changes its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            file: (metadata.dev(), metadata.ino()),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl Snapshot {
    /// Copies everything, if its contents and names have at most so many bytes together.
    pub(super) fn take(inner: &Inner, most: usize, room: Vec<OwnedSemaphorePermit>) -> Result<Self, WorkspaceError> {
        let entries = tree::all(&inner.ground, None)?;
        check_size(&entries, most)?;
        let mut snapshot = Self { files: vec![], directories: vec![], basis: Basis::default(), room };
        let mut left = most;
        for Entry { path, kind, .. } in entries {
            if kind == EntryKind::Directory {
                snapshot.basis.directories.insert(path.clone());
                snapshot.directories.push(path);
                continue;
            }
            let (file, metadata) = inner.ground.open_file(&path)?;
            let mut content = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default().min(left));
            file.take(left as u64 + 1).read_to_end(&mut content)?;
            // A command of the machine itself makes it longer while we read.
            left = left.checked_sub(content.len()).ok_or_else(|| too_large(most, "a file grows"))?;
            snapshot.basis.files.insert(path.clone(), Stamp::of(&metadata));
            snapshot.files.push(JobFile { path, content });
        }
        Ok(snapshot)
    }
}

fn check_size(entries: &[Entry], most: usize) -> Result<(), WorkspaceError> {
    let size = |entry: &Entry| match entry.kind {
        EntryKind::File(bytes) => bytes,
        EntryKind::Directory => 0,
    };
    let bytes: u64 = entries.iter().map(|entry| size(entry).saturating_add(entry.path.as_bytes().len() as u64)).sum();
    if bytes <= most as u64 {
        return Ok(());
    }
    let mut largest: Vec<&Entry> = entries.iter().collect();
    largest.sort_by_key(|entry| std::cmp::Reverse(size(entry)));
    let name = |entry: &&Entry| format!("{} ({} bytes)", String::from_utf8_lossy(entry.path.as_bytes()), size(entry));
    let names: Vec<String> = largest.iter().take(3).map(name).collect();
    Err(too_large(most, &format!("they have {bytes}; the largest are {}", names.join(", "))))
}

fn too_large(most: usize, why: &str) -> WorkspaceError {
    let text = format!(
        "all files of the workspace together may have {most} bytes where a script runs: {why}; get and remove some"
    );
    WorkspaceError::TooLarge(text)
}

impl Inner {
    /// Makes the workspace what a script has made of a snapshot.
    pub(super) fn write_back(&self, basis: &Basis, written: Vec<JobFile>, tree: &Tree) -> Result<(), WorkspaceError> {
        let mut change = plan(basis, &written, tree)?;
        if change == Change::default() && written.is_empty() {
            return Ok(());
        }
        for path in change.made.iter().chain(written.iter().map(|file| &file.path)) {
            self.ground.takes(path.as_bytes())?;
        }
        check_conflicts(&self.ground, basis, &change, &written)?;
        let mut coming = self.books.expect();
        coming.more(growth(&self.ground, &change, &written)?)?;
        let prepared = stage(&self.ground, &mut change, written).and_then(|()| self.ground.write_down(&change));
        if let Err(error) = prepared {
            // Also the journal, which may be there and not known to survive: it is made, or it is not there.
            return match self.ground.forget(&change) {
                Ok(()) => Err(error.into()),
                Err(_) => self.leave_unfinished(error),
            };
        }
        if let Err(error) = self.ground.finish() {
            return self.leave_unfinished(error);
        }
        // It counts all the time, or an upload would find room that there is not.
        coming.arrived(Usage::default());
        self.count_again();
        Ok(())
    }
}

/// What makes one state of the other. The tree is a child's word, so it is looked at whether it can be one.
fn plan(basis: &Basis, written: &[JobFile], tree: &Tree) -> Result<Change, WorkspaceError> {
    let written: HashSet<&FilePath> = written.iter().map(|file| &file.path).collect();
    let kept: HashSet<&FilePath> = tree.kept.iter().filter(|path| basis.files.contains_key(path)).collect();
    let stays = |path: &&FilePath| !written.contains(path) && !kept.contains(path);
    let removed = basis.files.keys().filter(stays).cloned().collect();
    let mut directories: HashSet<FilePath> = tree.directories.iter().cloned().collect();
    for path in written.iter().chain(&kept).copied().chain(&tree.directories) {
        let mut above = path.parent();
        while let Some(directory) = above {
            above = directory.parent();
            directories.insert(directory);
        }
    }
    if directories.iter().any(|directory| written.contains(directory) || kept.contains(directory)) {
        return Err(WorkspaceError::Kind("the script left a name that is a file and a directory"));
    }
    let mut emptied: Vec<FilePath> = basis.directories.difference(&directories).cloned().collect();
    emptied.sort_by(|a, b| b.cmp(a));
    let mut made: Vec<FilePath> = directories.difference(&basis.directories).cloned().collect();
    made.sort();
    Ok(Change { removed, emptied, made, placed: vec![] })
}

/// Everything that the change touches must be as it was when the snapshot was made.
fn check_conflicts(ground: &Ground, basis: &Basis, change: &Change, written: &[JobFile]) -> Result<(), WorkspaceError> {
    let conflict = |path: &FilePath| WorkspaceError::Meanwhile(path.clone());
    let removed: HashSet<&FilePath> = change.removed.iter().collect();
    let emptied: HashSet<&FilePath> = change.emptied.iter().collect();
    let made: HashSet<&FilePath> = change.made.iter().collect();
    for path in change.removed.iter().chain(written.iter().map(|file| &file.path)) {
        let now = look(ground, path)?;
        let same = match basis.files.get(path) {
            Some(stamp) => now.as_ref().is_some_and(|now| now.is_file() && Stamp::of(now) == *stamp),
            None if emptied.contains(path) => is_as_it_was(ground, path, basis)?,
            None => now.is_none(),
        };
        let above = path.parent();
        let has_place = match &above {
            Some(above) => made.contains(above) || look(ground, above)?.is_some_and(|there| there.is_dir()),
            None => true,
        };
        if !same || !has_place {
            return Err(conflict(path));
        }
    }
    for path in &change.made {
        let free = look(ground, path)?.is_none_or(|there| there.is_dir() || removed.contains(path));
        let above = path.parent();
        let has_place = match &above {
            Some(above) => made.contains(above) || look(ground, above)?.is_some_and(|there| there.is_dir()),
            None => true,
        };
        if !free || !has_place {
            return Err(conflict(path));
        }
    }
    Ok(())
}

/// What has this name. Nothing also where a part of the name is a file.
fn look(ground: &Ground, path: &FilePath) -> Result<Option<Metadata>, WorkspaceError> {
    match ground.look(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Ok(None),
        looked => Ok(looked?),
    }
}

/// Whether a directory has nothing in it that was not there.
fn is_as_it_was(ground: &Ground, directory: &FilePath, basis: &Basis) -> Result<bool, WorkspaceError> {
    if !look(ground, directory)?.is_some_and(|there| there.is_dir()) {
        return Ok(false);
    }
    let known = |entry: &Entry| match entry.kind {
        EntryKind::File(_) => basis.files.contains_key(&entry.path),
        EntryKind::Directory => basis.directories.contains(&entry.path),
    };
    Ok(tree::all(ground, Some(directory))?.iter().all(known))
}

/// How much more there will be than there is.
fn growth(ground: &Ground, change: &Change, written: &[JobFile]) -> Result<Usage, WorkspaceError> {
    let (mut more, mut less) = (Usage::default(), Usage::default());
    for file in written {
        more = more.plus(Usage { bytes: file.content.len() as u64, files: 1 });
    }
    more.files += change.made.len() as u64;
    for path in change.removed.iter().chain(written.iter().map(|file| &file.path)) {
        if let Some(old) = look(ground, path)?.filter(|old| old.is_file()) {
            less = less.plus(Usage { bytes: old.len(), files: 1 });
        }
    }
    less.files += change.emptied.len() as u64;
    Ok(more.minus(less))
}

/// Writes what is new beside what is old.
fn stage(ground: &Ground, change: &mut Change, written: Vec<JobFile>) -> std::io::Result<()> {
    for JobFile { path, content } in written {
        ground.steps.next()?;
        let (name, mut file) = ground.stage()?;
        change.placed.push((name, path));
        ground.steps.next()?;
        file.write_all(&content)?;
        file.sync_all()?;
    }
    Ok(())
}
