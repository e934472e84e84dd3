//! The files of the users of the sealed channel: one directory for each, kept on the disk of this machine.
//!
//! ```text
//! DIR/workspaces/USER/files/      what the user sees
//! DIR/workspaces/USER/staging/    what is on its way there, and the journal of a change that is being made
//! ```
//!
//! Owns: everything that names cap-std. Whatever a name or a link says, nothing outside `files` is opened; only regular files and
//! directories count. Changes are there whole or not at all, whenever the machine stops, and together they never exceed the
//! quota. Not here: who may do what, and what a command is (`app`).
//!
//! | file | what it knows |
//! |---|---|
//! | `ground` | the two directories: opening, staging, putting into place |
//! | `books` | the quota |
//! | `transfer` | one file on its way out or in |
//! | `tree` | walking through all files: listing, counting, copying |
//! | `change`, `journal`, `steps` | many changes as one |
//!
//! Everything that waits for a disk is done on threads of its own.

mod books;
mod change;
mod ground;
mod journal;
mod steps;
mod transfer;
mod tree;

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::limits;
use crate::disk;
use crate::domain::{Error, FilePath, JobFile, Tree, UserName};

pub use books::Quota;
use books::{Books, Usage};
pub use change::{Basis, Snapshot};
use ground::{Ground, native};
pub use transfer::{Download, Upload};
pub use tree::{Entry, EntryKind};

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
    /// Our fault, or the disk's.
    #[error("the workspace cannot be used: {0}")]
    Io(#[source] std::io::Error),
}

impl From<std::io::Error> for WorkspaceError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::NotFound,
            // What cap-std says of a name or a link that leads out.
            ErrorKind::PermissionDenied => {
                Self::Name("the name leads out of the workspace, or to what may not be opened")
            }
            _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                Self::Name("the name leads through too many links")
            }
            ErrorKind::InvalidFilename => {
                Self::Name("a part of the name is longer than 255 bytes, or the name is too long")
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
            WorkspaceError::Io(_) => Self::Ours(error.to_string()),
        }
    }
}

/// All workspaces. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Workspaces(Arc<All>);

#[derive(Debug)]
struct All {
    folder: PathBuf,
    quota: Quota,
    open: Mutex<HashMap<UserName, Workspace>>,
}

impl Workspaces {
    /// The workspaces in this directory, which is made (mode 0700) if it is not there. Whatever a crash has left on its way is
    /// finished or removed first.
    pub async fn open(folder: PathBuf, quota: Quota) -> Result<Self, WorkspaceError> {
        aside(move || {
            disk::make_folder(&folder)?;
            for entry in std::fs::read_dir(&folder)? {
                let name = entry?.file_name();
                if let Some(name) = name.to_str().and_then(|name| UserName::parse(name).ok()) {
                    let home = folder.join(name.as_str());
                    let tidied = Ground::open(&home).and_then(|ground| ground.tidy());
                    tidied.map_err(|error| std::io::Error::other(format!("{}: {error}", home.display())))?;
                }
            }
            Ok(Self(Arc::new(All { folder, quota, open: Mutex::default() })))
        })
        .await
    }

    /// The workspace of a user, made if it is not there.
    pub async fn of(&self, user: &UserName) -> Result<Workspace, WorkspaceError> {
        let (all, user) = (Arc::clone(&self.0), user.clone());
        aside(move || all.of(user)).await
    }
}

impl All {
    fn of(&self, user: UserName) -> Result<Workspace, WorkspaceError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(workspace) = open.get(&user) {
            return Ok(workspace.clone());
        }
        if open.len() >= limits::WORKSPACES_OPEN {
            open.retain(|_, workspace| Arc::strong_count(&workspace.0) > 1);
        }
        let workspace = Workspace::open(&self.folder.join(user.as_str()), self.quota)?;
        open.insert(user, workspace.clone());
        Ok(workspace)
    }
}

/// One user's workspace. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Workspace(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ground: Ground,
    books: Books,
    /// Held by whoever changes what the user sees. Nobody holds it while a client sends or a script runs.
    changing: Mutex<()>,
    /// Whether a change was written down and the disk failed before all of it was made.
    unfinished: AtomicBool,
    path: PathBuf,
}

impl Workspace {
    fn open(home: &Path, quota: Quota) -> Result<Self, WorkspaceError> {
        let ground = Ground::open(home)?;
        // One that was closed with a change half made has nobody else who could finish it.
        ground.tidy()?;
        let books = Books::new(quota);
        let workspace = Inner {
            ground,
            books,
            changing: Mutex::default(),
            unfinished: AtomicBool::new(false),
            path: home.join(ground::FILES),
        };
        workspace.recount()?;
        Ok(Self(Arc::new(workspace)))
    }

    /// Opens a file for reading. What is read is what the file is now, whatever is put in its place meanwhile.
    pub async fn get(&self, path: FilePath) -> Result<Download, WorkspaceError> {
        self.aside(move |inner| Download::open(&inner.ground, &path)).await
    }

    /// Begins a new content of a file. Nobody sees it before [`Upload::commit`].
    pub async fn put(&self, path: FilePath) -> Result<Upload, WorkspaceError> {
        let workspace = self.clone();
        aside(move || Upload::begin(workspace, path)).await
    }

    /// Bytes of all its files.
    pub fn bytes(&self) -> u64 {
        self.0.books.used().bytes
    }

    /// The directory that the user sees, for a command of the machine itself.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Copies everything, if its contents and names have at most `most` bytes together.
    pub async fn snapshot(&self, most: usize) -> Result<Snapshot, WorkspaceError> {
        self.aside(move |inner| Snapshot::take(inner, most)).await
    }

    /// Makes the workspace what a script has made of a snapshot: `written` are the files it has made or changed, `tree` says what else
    /// is there. All of it or nothing, also if the machine stops in between. Once begun, it is brought to its end even if nobody
    /// waits for it.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::Meanwhile`] if somebody else has changed what the script has changed, [`WorkspaceError::TooLarge`] over the
    /// quota: nothing has changed then. [`WorkspaceError::Io`] if the disk fails: what was begun is finished by whoever comes next.
    pub async fn write_back(&self, basis: Basis, written: Vec<JobFile>, tree: Tree) -> Result<(), WorkspaceError> {
        self.aside(move |inner| inner.write_back(&basis, written, &tree)).await
    }

    /// Removes a file, or a directory if `all` of what is in it may go too.
    pub async fn remove(&self, path: FilePath, all: bool) -> Result<(), WorkspaceError> {
        self.aside(move |inner| inner.remove(&path, all)).await
    }

    /// Gives a file or a directory another name. A file that has that name is replaced; into a directory it is put.
    pub async fn rename(&self, from: FilePath, to: Option<FilePath>) -> Result<(), WorkspaceError> {
        self.aside(move |inner| inner.rename(&from, to)).await
    }

    /// Makes a directory; with `parents` those above it too, and it is no error if it is there.
    pub async fn make_directory(&self, path: FilePath, parents: bool) -> Result<(), WorkspaceError> {
        self.aside(move |inner| inner.make_directory(&path, parents)).await
    }

    /// Counts everything anew, after a command of the machine itself.
    pub async fn recount(&self) -> Result<(), WorkspaceError> {
        self.aside(|inner| inner.change().and_then(|_changing| inner.recount())).await
    }

    /// What is there under a name. Links are followed as far as they stay inside.
    pub async fn entry(&self, path: FilePath) -> Result<Entry, WorkspaceError> {
        self.aside(move |inner| tree::entry(&inner.ground, &path)).await
    }

    /// What is in a directory (nothing means the workspace itself), by name.
    pub async fn list(&self, path: Option<FilePath>) -> Result<Vec<Entry>, WorkspaceError> {
        self.aside(move |inner| tree::list(&inner.ground, path.as_ref())).await
    }

    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, WorkspaceError> + Send + 'static,
    ) -> Result<T, WorkspaceError> {
        let inner = Arc::clone(&self.0);
        aside(move || inner.settle().and_then(|()| work(&inner))).await
    }
}

impl Inner {
    /// Nobody else changes anything until the guard is dropped.
    fn change(&self) -> Result<MutexGuard<'_, ()>, WorkspaceError> {
        let changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.unfinished.load(Ordering::Relaxed) {
            self.ground.finish()?;
            self.recount()?;
            self.unfinished.store(false, Ordering::Relaxed);
        }
        Ok(changing)
    }

    /// Returns when no change is half made.
    fn settle(&self) -> Result<(), WorkspaceError> {
        match self.unfinished.load(Ordering::Relaxed) {
            true => self.change().map(drop),
            false => Ok(()),
        }
    }

    /// Has whoever comes next finish a change first. To be called by whoever holds [`Inner::change`].
    fn leave_unfinished(&self, error: std::io::Error) -> Result<(), WorkspaceError> {
        self.unfinished.store(true, Ordering::Relaxed);
        Err(WorkspaceError::Io(error))
    }

    fn remove(&self, path: &FilePath, all: bool) -> Result<(), WorkspaceError> {
        let _changing = self.change()?;
        let there = self.ground.look(path)?.ok_or(WorkspaceError::NotFound)?;
        let removed = match (there.is_dir(), all) {
            (false, _) => self.ground.files.remove_file(native(path)),
            (true, true) => self.ground.files.remove_dir_all(native(path)),
            (true, false) => return Err(WorkspaceError::Kind("Is a directory")),
        };
        // Also after a failure: some of it may have gone.
        self.recount()?;
        removed?;
        Ok(self.ground.sync_directory(path.parent().as_ref())?)
    }

    fn rename(&self, from: &FilePath, to: Option<FilePath>) -> Result<(), WorkspaceError> {
        let _changing = self.change()?;
        let moved = self.ground.look(from)?.ok_or(WorkspaceError::NotFound)?;
        let to = match to {
            Some(to) if !self.ground.look(&to)?.is_some_and(|there| there.is_dir()) => to,
            directory => below(directory.as_ref(), from.name())?,
        };
        if from.covers(&to) {
            return Err(WorkspaceError::Kind("a directory cannot be moved into itself, nor a name to itself"));
        }
        if self.ground.look(&to)?.is_some_and(|there| there.is_dir() != moved.is_dir()) {
            return Err(WorkspaceError::Kind("a file and a directory cannot take each other's place"));
        }
        self.ground.files.rename(native(from), &self.ground.files, native(&to))?;
        self.recount()?;
        self.ground.sync_directory(from.parent().as_ref())?;
        Ok(self.ground.sync_directory(to.parent().as_ref())?)
    }

    fn make_directory(&self, path: &FilePath, parents: bool) -> Result<(), WorkspaceError> {
        let _changing = self.change()?;
        match self.ground.look(path)? {
            Some(there) if parents && there.is_dir() => return Ok(()),
            Some(_) => return Err(WorkspaceError::Kind("File exists")),
            None => {}
        }
        let mut made = ground::missing(&self.ground, path)?;
        if !parents && !made.is_empty() {
            return Err(WorkspaceError::NotFound);
        }
        made.push(path.clone());
        let mut coming = self.books.expect();
        coming.more(Usage { bytes: 0, files: made.len() as u64 })?;
        made.iter().try_for_each(|directory| self.ground.make_directory(directory))?;
        coming.arrived(Usage::default());
        made.iter().try_for_each(|directory| self.ground.sync_directory(directory.parent().as_ref()))?;
        Ok(())
    }

    /// Counts everything anew.
    fn recount(&self) -> Result<(), WorkspaceError> {
        self.books.set_used(tree::usage(&self.ground)?);
        Ok(())
    }
}

/// A name in a directory; nothing means the workspace itself.
fn below(directory: Option<&FilePath>, name: &[u8]) -> Result<FilePath, WorkspaceError> {
    let path = match directory {
        Some(directory) => [directory.as_bytes(), b"/", name].concat(),
        None => name.to_vec(),
    };
    FilePath::parse(path).map_err(|_| WorkspaceError::Name("the name is too long"))
}

/// Does what waits for a disk where it keeps nobody else waiting. It is brought to its end even if nobody waits for it any more.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WorkspaceError> + Send + 'static,
) -> Result<T, WorkspaceError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(WorkspaceError::Io(std::io::Error::other(error))))
}

#[cfg(test)]
mod tests;
