//! The quota of a workspace: what is there, and what is on its way there.
//!
//! Owns: that both together never exceed it. Not here: what the numbers are numbers of.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::WorkspaceError;
use crate::config::limits;

/// How much a workspace may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Bytes of all files.
    pub bytes: u64,
    /// Files and directories.
    pub files: u64,
}

impl Quota {
    /// So many bytes, and [`limits::WORKSPACE_FILES`].
    pub const fn of_bytes(bytes: u64) -> Self {
        Self { bytes, files: limits::WORKSPACE_FILES }
    }
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) bytes: u64,
    pub(super) files: u64,
}

impl Usage {
    pub(super) fn plus(self, other: Self) -> Self {
        Self { bytes: self.bytes.saturating_add(other.bytes), files: self.files.saturating_add(other.files) }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self { bytes: self.bytes.saturating_sub(other.bytes), files: self.files.saturating_sub(other.files) }
    }
}

/// Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Books(Arc<Ledger>);

#[derive(Debug)]
struct Ledger {
    quota: Quota,
    sums: Mutex<Sums>,
}

#[derive(Debug, Default)]
struct Sums {
    used: Usage,
    coming: Usage,
}

impl Books {
    pub(super) fn new(quota: Quota) -> Self {
        Self(Arc::new(Ledger { quota, sums: Mutex::default() }))
    }

    /// What a count has found.
    pub(super) fn set_used(&self, used: Usage) {
        self.sums().used = used;
    }

    /// Something that is on its way, nothing of it yet.
    pub(super) fn expect(&self) -> Coming {
        Coming { books: self.clone(), usage: Usage::default() }
    }

    /// What is there.
    pub(super) fn used(&self) -> Usage {
        self.sums().used
    }

    /// Whoever asks for nothing more gets it also where there is too much already.
    fn fits(&self, usage: Usage, more: Usage) -> Result<(), WorkspaceError> {
        let Quota { bytes, files } = self.0.quota;
        if more.bytes > 0 && usage.bytes > bytes {
            let text =
                format!("the workspace may have {} MiB with what is on its way: remove files first", bytes >> 20);
            return Err(WorkspaceError::TooLarge(text));
        }
        if more.files > 0 && usage.files > files {
            let text = format!("the workspace may have {files} files and directories: remove some first");
            return Err(WorkspaceError::TooLarge(text));
        }
        Ok(())
    }

    fn sums(&self) -> MutexGuard<'_, Sums> {
        self.0.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that is on its way. Dropping it means that it does not come.
#[derive(Debug)]
pub(super) struct Coming {
    books: Books,
    usage: Usage,
}

impl Coming {
    /// Takes room for more of it, or none.
    pub(super) fn more(&mut self, more: Usage) -> Result<(), WorkspaceError> {
        let mut sums = self.books.sums();
        let coming = sums.coming.plus(more);
        self.books.fits(sums.used.plus(coming), more)?;
        sums.coming = coming;
        drop(sums);
        self.usage = self.usage.plus(more);
        Ok(())
    }

    /// It has come, in place of this.
    pub(super) fn arrived(&mut self, instead_of: Usage) {
        let mut sums = self.books.sums();
        let usage = std::mem::take(&mut self.usage);
        sums.used = sums.used.plus(usage).minus(instead_of);
        sums.coming = sums.coming.minus(usage);
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        let mut sums = self.books.sums();
        sums.coming = sums.coming.minus(self.usage);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn bytes(bytes: u64) -> Usage {
        Usage { bytes, files: 0 }
    }

    #[test]
    fn what_is_on_its_way_counts_until_it_has_come_or_not() {
        let books = Books::new(Quota { bytes: 10, files: 1 });
        let (mut first, mut second) = (books.expect(), books.expect());
        first.more(bytes(6)).unwrap();
        assert!(matches!(second.more(bytes(5)), Err(WorkspaceError::TooLarge(_))));
        second.more(bytes(4)).unwrap();
        drop(second);
        first.more(Usage { bytes: 4, files: 1 }).unwrap();
        first.arrived(bytes(0));
        assert_eq!(books.used(), Usage { bytes: 10, files: 1 });
        assert!(matches!(books.expect().more(bytes(1)), Err(WorkspaceError::TooLarge(_))));
        assert!(matches!(books.expect().more(Usage { bytes: 0, files: 1 }), Err(WorkspaceError::TooLarge(_))));
    }

    #[test]
    fn what_is_replaced_gives_its_room_back() {
        let books = Books::new(Quota { bytes: 10, files: 10 });
        books.set_used(bytes(5));
        let mut coming = books.expect();
        coming.more(bytes(3)).unwrap();
        coming.arrived(bytes(5));
        assert_eq!(books.used(), bytes(3));
        books.expect().more(bytes(7)).unwrap();
        books.set_used(bytes(20));
        books.expect().more(Usage { bytes: 0, files: 1 }).unwrap();
        assert!(books.expect().more(bytes(1)).is_err(), "there is too much already");
    }
}
