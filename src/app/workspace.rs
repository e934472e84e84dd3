//! The files of a user of the sealed channel.
//!
//! Owns: getting and putting one. Whoever calls has shown that the user holds their key. Not here: commands.

use super::App;
use crate::auth::SealedUser;
use crate::domain::{Error, FilePath};
use crate::workspace::{Download, Upload, Workspace, WorkspaceError};

impl App {
    /// Opens a file of the user's workspace for reading.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Malformed`] for a name that leads out of the workspace; [`Error::Conflict`] for a directory.
    pub async fn get(&self, user: &SealedUser, path: FilePath) -> Result<Download, Error> {
        let opened = async { self.workspace(user).await?.get(path).await };
        self.counted("get", opened.await)
    }

    /// Begins a new content of a file of the user's workspace. Until [`Upload::commit`] nothing has changed.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for a name that leads out of the workspace; [`Error::Conflict`] for a directory. What follows answers
    /// [`Error::TooLarge`] where the workspace has no room.
    pub async fn put(&self, user: &SealedUser, path: FilePath) -> Result<Upload, Error> {
        let begun = async { self.workspace(user).await?.put(path).await };
        self.counted("put", begun.await)
    }

    pub(super) async fn workspace(&self, user: &SealedUser) -> Result<Workspace, WorkspaceError> {
        self.0.rooms.workspaces.of(&user.name).await
    }

    fn counted<T>(&self, action: &'static str, done: Result<T, WorkspaceError>) -> Result<T, Error> {
        let answer = done.map_err(Error::from);
        self.0.metrics.answered(action, answer.as_ref().map(drop));
        answer
    }
}
