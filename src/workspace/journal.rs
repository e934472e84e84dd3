//! Many changes as one: written down before the first is made, and made again until all are.
//!
//! Owns: [`Change`], its bytes in the journal, and the making. Whoever finds a journal makes its changes from the beginning: each can
//! be made twice. Not here: what is to be changed (`change`).

use std::io::{Error, ErrorKind, Read, Result, Write};

use super::WorkspaceError;
use super::ground::{Ground, native};
use crate::domain::FilePath;

/// Where a change is written down, in `staging`.
const JOURNAL: &str = "journal";
/// A journal begins and ends with this line.
const MARK: &[u8] = b"cloud-python journal 1\n";

/// What is to be done, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// Files that go.
    pub(super) removed: Vec<FilePath>,
    /// Directories that go, what is below before what is above. One that is not empty stays.
    pub(super) emptied: Vec<FilePath>,
    /// Directories that are made, what is above before what is below.
    pub(super) made: Vec<FilePath>,
    /// Staged files that go into their places, whatever is there.
    pub(super) placed: Vec<(String, FilePath)>,
}

impl Change {
    /// Each line is a letter and a path that ends with NUL, which no path has; before that of a staged file stand its number and a
    /// colon.
    fn encode(&self) -> Vec<u8> {
        let mut bytes = MARK.to_vec();
        let mut put = |letter: &[u8], path: &FilePath| {
            for part in [letter, path.as_bytes(), b"\0"] {
                bytes.extend_from_slice(part);
            }
        };
        self.removed.iter().for_each(|path| put(b"-", path));
        self.emptied.iter().for_each(|path| put(b"/", path));
        self.made.iter().for_each(|path| put(b"+", path));
        self.placed.iter().for_each(|(staged, path)| put(format!("={staged}:").as_bytes(), path));
        bytes.extend_from_slice(MARK);
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let lines = bytes.strip_prefix(MARK)?.strip_suffix(MARK)?;
        let mut change = Self::default();
        for line in lines.split_inclusive(|byte| *byte == 0) {
            let (letter, rest) = line.strip_suffix(b"\0")?.split_first()?;
            let path = |bytes: &[u8]| FilePath::parse(bytes).ok();
            match letter {
                b'-' => change.removed.push(path(rest)?),
                b'/' => change.emptied.push(path(rest)?),
                b'+' => change.made.push(path(rest)?),
                b'=' => {
                    let colon = rest.iter().position(|byte| *byte == b':')?;
                    let (staged, place) = rest.split_at_checked(colon)?;
                    let staged =
                        std::str::from_utf8(staged).ok().filter(|name| name.bytes().all(|b| b.is_ascii_digit()))?;
                    change.placed.push((staged.to_owned(), path(place.get(1..)?)?));
                }
                _ => return None,
            }
        }
        Some(change)
    }

    /// Directories whose names have changed. Nothing means the workspace itself.
    fn touched(&self) -> Vec<Option<FilePath>> {
        let names = self.removed.iter().chain(&self.emptied).chain(&self.made);
        let mut touched: Vec<_> = names.chain(self.placed.iter().map(|(_, path)| path)).map(FilePath::parent).collect();
        touched.sort();
        touched.dedup();
        touched
    }
}

impl Ground {
    /// Writes a change down. Once this has returned it will be made, whatever happens.
    pub(super) fn write_down(&self, change: &Change) -> Result<()> {
        let (name, mut file) = self.stage()?;
        self.steps.next()?;
        file.write_all(&change.encode())?;
        file.sync_all()?;
        self.steps.next()?;
        // What the journal names must be there if the journal is.
        self.sync_staging()?;
        self.steps.next()?;
        self.staging.rename(&name, &self.staging, JOURNAL)?;
        self.steps.next()?;
        self.sync_staging()
    }

    /// Sees to it that no change is written down.
    pub(super) fn drop_journal(&self) -> Result<()> {
        match self.staging.remove_file(JOURNAL) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => self.sync_staging(),
        }
    }

    /// Makes the change that is written down, if there is one.
    pub(super) fn finish(&self) -> Result<()> {
        let mut bytes = vec![];
        match self.staging.open(JOURNAL) {
            Ok(mut journal) => drop(journal.read_to_end(&mut bytes)?),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
        let change = Change::parse(&bytes).ok_or_else(|| Error::other("the journal of a workspace is not one"))?;
        self.make(&change)?;
        for directory in change.touched() {
            self.steps.next()?;
            as_far_as_can_be(self.sync_directory(directory.as_ref()))?;
        }
        self.steps.next()?;
        self.drop_journal()
    }

    /// Each step may have been made before. It may also have become impossible: a command of the machine itself, or the operator's
    /// hand, has put something where the change has no use for it. That stays, for to wait for its end would be to close the workspace.
    fn make(&self, change: &Change) -> Result<()> {
        for path in &change.removed {
            self.steps.next()?;
            as_far_as_can_be(self.files.remove_file(native(path)))?;
        }
        for path in &change.emptied {
            self.steps.next()?;
            as_far_as_can_be(self.files.remove_dir(native(path)))?;
        }
        for path in &change.made {
            self.steps.next()?;
            as_far_as_can_be(self.make_directory(path))?;
        }
        for (staged, path) in &change.placed {
            self.steps.next()?;
            let placed = self.place(staged, path);
            let has_place = placed.is_ok();
            as_far_as_can_be(placed)?;
            if !has_place {
                self.unstage(staged);
            }
        }
        Ok(())
    }
}

/// An error only if it may be none the next time: the disk's, not that of a name.
fn as_far_as_can_be(done: Result<()>) -> Result<()> {
    match done.map_err(WorkspaceError::from) {
        Err(WorkspaceError::Io(error)) => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A script's odd name once closed its workspace for ever where the file system does not have such names.
    #[test]
    fn only_what_may_go_another_time_is_tried_again() {
        use rustix::io::Errno;
        for name in [Errno::INVAL, Errno::ILSEQ, Errno::NAMETOOLONG, Errno::NOENT, Errno::NOTDIR, Errno::EXIST] {
            assert!(as_far_as_can_be(Err(name.into())).is_ok(), "{name}");
        }
        for disk in [Errno::NOSPC, Errno::DQUOT, Errno::IO, Errno::MFILE] {
            assert!(as_far_as_can_be(Err(disk.into())).is_err(), "{disk}");
        }
    }

    #[test]
    fn a_journal_says_what_was_written_down_and_nothing_if_it_is_not_whole() {
        let path = |bytes: &[u8]| FilePath::parse(bytes).unwrap();
        let change = Change {
            removed: vec![path(b"a"), path(b"\n\xff:=")],
            emptied: vec![path(b"d/e"), path(b"d")],
            made: vec![path(b"n")],
            placed: vec![("17".to_owned(), path(b"n/f:g"))],
        };
        let bytes = change.encode();
        assert_eq!(Change::parse(&bytes), Some(change));
        assert_eq!(Change::parse(&Change::default().encode()), Some(Change::default()));
        for len in 0..bytes.len() {
            assert_eq!(Change::parse(&bytes[..len]), None, "{len}");
        }
        for line in [b"-../a\0".as_slice(), b"=../a:b\0", b"?a\0", b"=1b\0"] {
            assert_eq!(Change::parse(&[MARK, line, MARK].concat()), None);
        }
    }
}
