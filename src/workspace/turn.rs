//! Waiting: for a disk, and for others who change the same workspace.
//!
//! Owns: that whoever waits for a disk does so on a thread of their own, and whoever waits for somebody else without one: all users
//! share those threads. Not here: what is done.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Inner, Workspace, WorkspaceError};

impl Workspace {
    /// Does what only looks. What there is is shown, also where a change cannot be finished.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, WorkspaceError> + Send + 'static,
    ) -> Result<T, WorkspaceError> {
        let _ = self.settled().await;
        let inner = Arc::clone(&self.0);
        aside(move || work(&inner)).await
    }

    /// Returns when no change is half made.
    pub(super) async fn settled(&self) -> Result<(), WorkspaceError> {
        match self.0.unsettled.load(Ordering::Relaxed) {
            true => self.change(|_| Ok(())).await,
            false => Ok(()),
        }
    }

    /// Does what changes something, after what was left half made.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, WorkspaceError> + Send + 'static,
    ) -> Result<T, WorkspaceError> {
        self.in_turn(move |inner| inner.settle().and_then(|()| work(inner))).await
    }

    /// Does something while nobody else changes anything. Whoever goes away before their turn has come has done nothing.
    pub(super) async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, WorkspaceError> + Send + 'static,
    ) -> Result<T, WorkspaceError> {
        let turn = Arc::clone(&self.0.changing).lock_owned().await;
        let inner = Arc::clone(&self.0);
        aside(move || {
            let _turn = turn;
            work(&inner)
        })
        .await
    }
}

/// Does what waits for a disk where it keeps nobody else waiting. It is brought to its end even if nobody waits for it any more.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WorkspaceError> + Send + 'static,
) -> Result<T, WorkspaceError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(WorkspaceError::Io(std::io::Error::other(error))))
}
