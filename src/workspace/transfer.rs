//! One file on its way out or in, a piece at a time.
//!
//! Owns: [`Download`] and [`Upload`], whose memory is one piece however large the file is. Not here: the sealed pieces of the
//! channel.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cap_std::fs::File;
use tokio::sync::OwnedSemaphorePermit;

use super::books::{Coming, Usage};
use super::ground::{Ground, missing, native};
use super::{Inner, Workspace, WorkspaceError, aside};
use crate::clock;
use crate::config::limits;
use crate::domain::FilePath;

/// A file that is being read. It stays what it was when it was opened, whatever is put in its place; what has been removed meanwhile
/// is on the disk still and in no quota, so there are few of these at once, and none goes on for ever.
#[derive(Debug)]
pub struct Download {
    file: Arc<File>,
    bytes: u64,
    pub(super) until: Instant,
    _place: OwnedSemaphorePermit,
    /// One that was closed and opened again would have all places anew.
    _workspace: Workspace,
}

impl Download {
    pub(super) fn open(workspace: Workspace, path: &FilePath) -> Result<Self, WorkspaceError> {
        let places = Arc::clone(&workspace.0.downloads);
        let place = places.try_acquire_owned().map_err(|_| WorkspaceError::Downloads)?;
        let (file, metadata) = workspace.0.ground.open_file(path)?;
        let bytes = metadata.len();
        let worth = Duration::from_secs(bytes / limits::BODY_RATE);
        let until = clock::monotonic() + limits::BODY_TIME + worth;
        Ok(Self { file: Arc::new(file), bytes, until, _place: place, _workspace: workspace })
    }

    /// How many bytes it had when it was opened.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next piece, 1 to [`limits::WORKSPACE_CHUNK`] bytes; nothing at the end.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::Slow`] if the pieces before were taken too slowly ([`limits::BODY_RATE`]).
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, WorkspaceError> {
        if clock::monotonic() > self.until {
            return Err(WorkspaceError::Slow);
        }
        let file = Arc::clone(&self.file);
        aside(move || {
            let mut piece = Vec::new();
            (&*file).take(limits::WORKSPACE_CHUNK as u64).read_to_end(&mut piece)?;
            Ok((!piece.is_empty()).then_some(piece))
        })
        .await
    }
}

/// A new content that is being written where nobody sees it. Dropping it leaves everything as it was.
#[derive(Debug)]
pub struct Upload(Option<Box<Staged>>);

#[derive(Debug)]
struct Staged {
    workspace: Workspace,
    path: FilePath,
    name: String,
    file: File,
    coming: Coming,
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After a commit there is nothing of that name.
        self.workspace.0.ground.unstage(&self.name);
    }
}

impl Upload {
    pub(super) fn begin(workspace: Workspace, path: FilePath) -> Result<Self, WorkspaceError> {
        // Said now rather than when all of it has been sent.
        workspace.0.ground.takes(path.as_bytes())?;
        replaced(&workspace.0.ground, &path)?;
        let (name, file) = workspace.0.ground.stage()?;
        let coming = workspace.0.books.expect();
        Ok(Self(Some(Box::new(Staged { workspace, path, name, file, coming }))))
    }

    /// Takes the next piece.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::TooLarge`] if the workspace has no room for it. After an error only dropping it is of use.
    pub async fn write(&mut self, piece: Vec<u8>) -> Result<(), WorkspaceError> {
        let mut staged = self.take()?;
        // If nobody waits for this any more, what is staged is dropped where it is.
        self.0 = Some(aside(move || staged.write(&piece).map(|()| staged)).await?);
        Ok(())
    }

    /// Puts it into its place, with the directories above it. When this returns it survives a loss of power. Once its turn has
    /// come, it is brought to its end even if nobody waits for it.
    pub async fn commit(mut self) -> Result<(), WorkspaceError> {
        let staged = self.take()?;
        let mut staged = aside(move || staged.file.sync_all().map(|()| staged).map_err(Into::into)).await?;
        let workspace = staged.workspace.clone();
        workspace.change(move |inner| staged.commit(inner)).await
    }

    fn take(&mut self) -> Result<Box<Staged>, WorkspaceError> {
        self.0.take().ok_or_else(|| WorkspaceError::Io(std::io::Error::other("the upload has failed already")))
    }
}

impl Staged {
    fn write(&mut self, piece: &[u8]) -> Result<(), WorkspaceError> {
        self.coming.more(Usage { bytes: piece.len() as u64, files: 0 })?;
        Ok(self.file.write_all(piece)?)
    }

    fn commit(&mut self, Inner { ground, .. }: &Inner) -> Result<(), WorkspaceError> {
        let old = replaced(ground, &self.path)?;
        let missing = missing(ground, &self.path)?;
        let names = missing.len() as u64 + u64::from(old.is_none());
        self.coming.more(Usage { bytes: 0, files: names })?;
        if let Err(error) = self.place(&missing) {
            // The deepest first; those that were not made are not there.
            missing.iter().rev().for_each(|made| drop(ground.files.remove_dir(native(made))));
            return Err(error.into());
        }
        self.coming.arrived(Usage { bytes: old.unwrap_or_default(), files: 0 });
        ground.sync_directory(self.path.parent().as_ref())?;
        missing.iter().try_for_each(|made| ground.sync_directory(made.parent().as_ref()))?;
        Ok(())
    }

    fn place(&self, missing: &[FilePath]) -> std::io::Result<()> {
        let ground = &self.workspace.0.ground;
        missing.iter().try_for_each(|directory| ground.make_directory(directory))?;
        ground.place(&self.name, &self.path)
    }
}

/// How many bytes a file has that would be replaced. Nothing if the name is free.
fn replaced(ground: &Ground, path: &FilePath) -> Result<Option<u64>, WorkspaceError> {
    match ground.look(path)? {
        Some(there) if there.is_dir() => Err(WorkspaceError::Kind("Is a directory")),
        Some(there) if there.is_file() => Ok(Some(there.len())),
        // A link, say: it is replaced, and did not count.
        _ => Ok(None),
    }
}
