//! The files of the users of the sealed channel: one directory for each, kept on the disk of this machine.
//!
//! ```text
//! DIR/workspaces/USER/files/      what the user sees
//! DIR/workspaces/USER/staging/    what is on its way there, and the journal of a change that is being made
//! ```
//!
//! Owns: everything that names cap-std. Whatever a name or a link says, nothing outside `files` is opened; only regular files and
//! directories count. Changes are there whole or not at all, whenever the machine stops, and together they never exceed the
//! quota. Where the disk fails halfway, nothing new is taken until the change is whole, and what there is can be read and removed.
//! Not here: who may do what, and what a command is (`app`).
//!
//! | file | what it knows |
//! |---|---|
//! | `ground` | the two directories: opening, staging, putting into place |
//! | `books` | the quota |
//! | `transfer` | one file on its way out or in |
//! | `tree` | walking through all files: listing, counting, copying |
//! | `change`, `journal`, `steps` | many changes as one |
//! | `turn` | who waits for whom |
//! | `error` | what is said when something cannot be done |
//!
//! Everything that waits for a disk is done on threads of its own. Whoever waits for another waits without a thread: those are everybody's.

mod books;
mod change;
mod error;
mod ground;
mod journal;
mod steps;
mod transfer;
mod tree;
mod turn;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as Turns, OwnedSemaphorePermit, Semaphore};

use crate::config::limits;
use crate::disk;
use crate::domain::{FilePath, JobFile, Tree, UserName};

pub use books::Quota;
use books::{Books, Usage};
pub use change::{Basis, Snapshot};
pub use error::WorkspaceError;
use ground::{Ground, native};
pub use transfer::{Download, Upload};
pub use tree::{Entry, EntryKind};
use turn::aside;

/// All workspaces. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Workspaces(Arc<All>);

#[derive(Debug)]
struct All {
    folder: PathBuf,
    quota: Quota,
    open: Mutex<HashMap<UserName, Cell>>,
}

/// A workspace once it is open. Who waits for it to be opened holds nobody else up.
type Cell = Arc<Turns<Option<Workspace>>>;

impl Workspaces {
    /// The workspaces in this directory, which is made (mode 0700) if it is not there. Whatever a crash has left on its way is
    /// finished or removed first. A workspace where that fails is logged, and tried again when its user comes.
    pub async fn open(folder: PathBuf, quota: Quota) -> Result<Self, WorkspaceError> {
        aside(move || {
            disk::make_folder(&folder)?;
            for entry in std::fs::read_dir(&folder)? {
                let name = entry?.file_name();
                if let Some(name) = name.to_str().and_then(|name| UserName::parse(name).ok()) {
                    let home = folder.join(name.as_str());
                    if let Err(error) = Ground::open(&home).and_then(|ground| ground.tidy()) {
                        tracing::error!("the workspace {} takes nothing new: {error}", home.display());
                    }
                }
            }
            Ok(Self(Arc::new(All { folder, quota, open: Mutex::default() })))
        })
        .await
    }

    /// The workspace of a user, made if it is not there.
    pub async fn of(&self, user: &UserName) -> Result<Workspace, WorkspaceError> {
        let mut cell = self.0.cell(user.clone()).lock_owned().await;
        if let Some(open) = &*cell {
            return Ok(open.clone());
        }
        let (home, quota) = (self.0.folder.join(user.as_str()), self.0.quota);
        aside(move || Ok(cell.insert(Workspace::open(&home, quota)?).clone())).await
    }
}

impl All {
    fn cell(&self, user: UserName) -> Cell {
        let mut open = lock(&self.open);
        if open.len() >= limits::WORKSPACES_OPEN {
            open.retain(|_, cell| is_in_use(cell));
        }
        Arc::clone(open.entry(user).or_default())
    }
}

/// Whether somebody is about to open a workspace, or has it.
fn is_in_use(cell: &Cell) -> bool {
    let is_held = |open: &Option<Workspace>| open.as_ref().is_some_and(|workspace| Arc::strong_count(&workspace.0) > 1);
    Arc::strong_count(cell) > 1 || cell.try_lock().map_or(true, |open| is_held(&open))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One user's workspace. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Workspace(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ground: Ground,
    books: Books,
    /// Held by whoever changes what the user sees. Nobody holds it while a client sends or a script runs.
    changing: Arc<Turns<()>>,
    /// Whether a change was written down and the disk failed before all of it was made, or before all was counted.
    unsettled: AtomicBool,
    /// Places for files that are being read.
    downloads: Arc<Semaphore>,
    copies: Arc<Semaphore>,
    path: PathBuf,
}

impl Workspace {
    fn open(home: &Path, quota: Quota) -> Result<Self, WorkspaceError> {
        let ground = Ground::open(home)?;
        // One that was closed with a change half made has nobody else who could finish it. On a full disk that is to wait until its user
        // has removed something.
        let is_tidy = ground.tidy().is_ok();
        let books = Books::new(quota);
        let workspace = Inner {
            ground,
            books,
            changing: Arc::default(),
            unsettled: AtomicBool::new(!is_tidy),
            downloads: Arc::new(Semaphore::new(limits::WORKSPACE_DOWNLOADS)),
            copies: Arc::new(Semaphore::new(limits::SNAPSHOTS_USER_MIB)),
            path: home.join(ground::FILES),
        };
        workspace.recount()?;
        Ok(Self(Arc::new(workspace)))
    }

    /// Opens a file for reading. What is read is what the file is now, whatever is put in its place meanwhile.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::Downloads`] if [`limits::WORKSPACE_DOWNLOADS`] are being read.
    pub async fn get(&self, path: FilePath) -> Result<Download, WorkspaceError> {
        let workspace = self.clone();
        self.read(move |_| Download::open(workspace, &path)).await
    }

    /// Begins a new content of a file. Nobody sees it before [`Upload::commit`].
    pub async fn put(&self, path: FilePath) -> Result<Upload, WorkspaceError> {
        self.settled().await?;
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

    /// MiB of our memory that copies of its files may take.
    pub fn copies(&self) -> Arc<Semaphore> {
        Arc::clone(&self.0.copies)
    }

    /// Copies everything, if its contents and names have at most `most` bytes together. The copy has its `room` with it, also while it
    /// is made for somebody who has gone.
    pub async fn snapshot(&self, most: usize, room: Vec<OwnedSemaphorePermit>) -> Result<Snapshot, WorkspaceError> {
        self.change(move |inner| Snapshot::take(inner, most, room)).await
    }

    /// Makes the workspace what a script has made of a snapshot: `written` are the files it has made or changed, `tree` says what else
    /// is there. All of it or nothing, also if the machine stops in between. Once its turn has come, it is brought to its end even if
    /// nobody waits for it; `room` is dropped when the files are out of our memory.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::Meanwhile`] if somebody else has changed what the script has changed, [`WorkspaceError::TooLarge`] over the
    /// quota: nothing has changed then. [`WorkspaceError::Io`] if the disk fails: what was begun is finished by whoever comes next.
    pub async fn write_back(
        &self,
        basis: Basis,
        written: Vec<JobFile>,
        tree: Tree,
        room: impl Send + 'static,
    ) -> Result<(), WorkspaceError> {
        let write_back = move |inner: &Inner| {
            let done = inner.write_back(&basis, written, &tree);
            drop(room);
            done
        };
        self.change(write_back).await
    }

    /// Removes a file, or a directory if `all` of what is in it may go too. Also where a change cannot be finished: that may be for want
    /// of what is to be removed.
    pub async fn remove(&self, path: FilePath, all: bool) -> Result<(), WorkspaceError> {
        self.in_turn(move |inner| {
            let _ = inner.settle();
            inner.remove(&path, all)
        })
        .await
    }

    /// Gives a file or a directory another name. A file that has that name is replaced; into a directory it is put.
    pub async fn rename(&self, from: FilePath, to: Option<FilePath>) -> Result<(), WorkspaceError> {
        self.change(move |inner| inner.rename(&from, to)).await
    }

    /// Makes a directory; with `parents` those above it too, and it is no error if it is there.
    pub async fn make_directory(&self, path: FilePath, parents: bool) -> Result<(), WorkspaceError> {
        self.change(move |inner| inner.make_directory(&path, parents)).await
    }

    /// Counts everything anew, after a command of the machine itself. Where that fails, whoever comes next does it.
    pub async fn recount(&self) {
        self.0.unsettled.store(true, Ordering::Relaxed);
        let counted = self.in_turn(|inner| {
            // Whoever had the turn before may have counted too early.
            inner.unsettled.store(true, Ordering::Relaxed);
            inner.settle()
        });
        let _ = counted.await;
    }

    /// What is there under a name. Links are followed as far as they stay inside.
    pub async fn entry(&self, path: FilePath) -> Result<Entry, WorkspaceError> {
        self.read(move |inner| tree::entry(&inner.ground, &path)).await
    }

    /// What is in a directory (nothing means the workspace itself), by name.
    pub async fn list(&self, path: Option<FilePath>) -> Result<Vec<Entry>, WorkspaceError> {
        self.read(move |inner| tree::list(&inner.ground, path.as_ref())).await
    }
}

/// What changes something is called by whoever has the turn ([`Workspace::in_turn`]).
impl Inner {
    /// Finishes what was left half made.
    fn settle(&self) -> Result<(), WorkspaceError> {
        if self.unsettled.load(Ordering::Relaxed) {
            self.ground.finish()?;
            self.recount()?;
            self.unsettled.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Has whoever comes next finish a change first.
    fn leave_unfinished(&self, error: std::io::Error) -> Result<(), WorkspaceError> {
        self.unsettled.store(true, Ordering::Relaxed);
        Err(WorkspaceError::Io(error))
    }

    /// Counts everything anew after a change. That has been made, so where the count fails nobody is told that it was not: whoever
    /// comes next counts, and hears of it.
    fn count_again(&self) {
        if self.recount().is_err() {
            self.unsettled.store(true, Ordering::Relaxed);
        }
    }

    fn remove(&self, path: &FilePath, all: bool) -> Result<(), WorkspaceError> {
        let there = self.ground.look(path)?.ok_or(WorkspaceError::NotFound)?;
        let removed = match (there.is_dir(), all) {
            (false, _) => self.ground.files.remove_file(native(path)).map_err(Into::into),
            (true, true) => tree::remove(&self.ground, path),
            (true, false) => return Err(WorkspaceError::Kind("Is a directory")),
        };
        // Also after a failure: some of it may have gone.
        self.count_again();
        removed?;
        Ok(self.ground.sync_directory(path.parent().as_ref())?)
    }

    fn rename(&self, from: &FilePath, to: Option<FilePath>) -> Result<(), WorkspaceError> {
        let moved = self.ground.look(from)?.ok_or(WorkspaceError::NotFound)?;
        let to = match to {
            Some(to) if !self.ground.look(&to)?.is_some_and(|there| there.is_dir()) => to,
            directory => below(directory.as_ref(), from.name())?,
        };
        if from.covers(&to) {
            return Err(WorkspaceError::Kind("a directory cannot be moved into itself, nor a name to itself"));
        }
        self.ground.takes(to.as_bytes())?;
        if moved.is_dir() {
            // What is in it gets longer paths, too.
            for found in tree::walk(&self.ground, Some(from))? {
                let tail = found.path.strip_prefix(from.as_bytes()).unwrap_or_default();
                self.ground.takes(&[to.as_bytes(), tail].concat())?;
            }
        }
        if self.ground.look(&to)?.is_some_and(|there| there.is_dir() != moved.is_dir()) {
            return Err(WorkspaceError::Kind("a file and a directory cannot take each other's place"));
        }
        self.ground.files.rename(native(from), &self.ground.files, native(&to))?;
        self.count_again();
        self.ground.sync_directory(from.parent().as_ref())?;
        Ok(self.ground.sync_directory(to.parent().as_ref())?)
    }

    fn make_directory(&self, path: &FilePath, parents: bool) -> Result<(), WorkspaceError> {
        match self.ground.look(path)? {
            Some(there) if parents && there.is_dir() => return Ok(()),
            Some(_) => return Err(WorkspaceError::Kind("File exists")),
            None => {}
        }
        let mut made = ground::missing(&self.ground, path)?;
        if !parents && !made.is_empty() {
            return Err(WorkspaceError::NotFound);
        }
        self.ground.takes(path.as_bytes())?;
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
        self.ground.steps.next()?;
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
    FilePath::parse(path).map_err(|_| WorkspaceError::Name(ground::TOO_LONG))
}

#[cfg(test)]
mod tests;
