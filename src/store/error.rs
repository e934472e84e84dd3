//! What can go wrong in the store, in sentences for whoever runs the server.

/// The store could not do its part. None of it is a caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What is stored is not what was written, or was written by something else. Nothing is repaired by guessing.
    #[error("the database is damaged: {table}: {why}; restore it from a backup")]
    Damaged {
        /// Where.
        table: String,
        /// What is wrong there.
        why: String,
    },
    /// The library refuses to go on. After an error of the disk it does so until the store is opened again.
    #[error("the database refuses to work: {0}")]
    Failed(String),
    /// Another process has the database open, or this one has it open twice.
    #[error("another server is using {0}: stop it first, or give this one a data directory of its own")]
    InUse(String),
    /// The disk fails or is full.
    #[error("the database cannot be read or written: {0}")]
    Io(#[source] std::io::Error),
    /// The writing thread has panicked, or the program is shutting down. Nothing was written.
    #[error("the change was given up before it was written")]
    Lost,
    /// A later version has changed what is in the file, and would not understand what this one does to it.
    #[error(
        "{path} was written by a newer version of this program (format {found}, this one knows {known}): use that version"
    )]
    Newer {
        /// The file.
        path: String,
        /// The format it has.
        found: u64,
        /// The newest format that this program knows.
        known: u64,
    },
    /// The file cannot be opened or made.
    #[error("cannot open the database {path}: {why}")]
    Open {
        /// The file.
        path: String,
        /// What the operating system or the library says.
        why: String,
    },
    /// Two accounts would have the same address, or two mailboxes the same name: whoever wrote did not look first.
    #[error("the address already has an account, or the name a mailbox")]
    Taken,
}

impl StoreError {
    pub(super) fn damaged(table: impl Into<String>, why: impl ToString) -> Self {
        Self::Damaged { table: table.into(), why: why.to_string() }
    }
}

impl From<redb::Error> for StoreError {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Corrupted(why) => Self::damaged("the file", why),
            redb::Error::Io(error) => Self::Io(error),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<redb::CommitError> for StoreError {
    fn from(error: redb::CommitError) -> Self {
        redb::Error::from(error).into()
    }
}

impl From<redb::SetDurabilityError> for StoreError {
    fn from(error: redb::SetDurabilityError) -> Self {
        redb::Error::from(error).into()
    }
}

impl From<redb::StorageError> for StoreError {
    fn from(error: redb::StorageError) -> Self {
        redb::Error::from(error).into()
    }
}

impl From<redb::TableError> for StoreError {
    fn from(error: redb::TableError) -> Self {
        redb::Error::from(error).into()
    }
}

impl From<redb::TransactionError> for StoreError {
    fn from(error: redb::TransactionError) -> Self {
        redb::Error::from(error).into()
    }
}
