//! The files that a run returns, as they come in from its child.
//!
//! Owns: that nothing is returned which was not asked for, twice, or beyond what a run may return. Not here: frames (`wire`).

use std::collections::HashMap;

use super::wire::FilePart;
use crate::config::limits;
use crate::domain::{FilePath, JobFile};

/// Files on their way in.
#[derive(Debug)]
pub(super) struct Returned<'a> {
    asked: &'a [FilePath],
    files: HashMap<FilePath, Vec<u8>>,
    /// Bytes that may still come.
    left: usize,
}

/// A piece of a file that cannot be what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// More files or bytes than a run may return.
    TooLarge,
    /// Not a file that was asked for. A guest whose script has taken it over can say that; run again, it would say it again.
    Uncalled,
}

impl<'a> Returned<'a> {
    pub(super) fn new(asked: &'a [FilePath]) -> Self {
        Self { asked, files: HashMap::new(), left: limits::OUTPUT_FILES_BYTES }
    }

    /// Puts a piece behind what has come of its file.
    pub(super) fn take(&mut self, part: FilePart<'_>) -> Result<(), NotTaken> {
        let path = FilePath::parse(part.path).map_err(|_| NotTaken::Uncalled)?;
        let is_new = !self.files.contains_key(&path);
        if is_new && !self.asked.iter().any(|asked| asked.covers(&path)) {
            return Err(NotTaken::Uncalled);
        }
        // In JSON a byte of a name may take six.
        let bytes = part.bytes.len() + if is_new { 6 * part.path.len() } else { 0 };
        self.left = self.left.checked_sub(bytes).ok_or(NotTaken::TooLarge)?;
        if is_new && self.files.len() == limits::FILES {
            return Err(NotTaken::TooLarge);
        }
        self.files.entry(path).or_default().extend_from_slice(part.bytes);
        Ok(())
    }

    pub(super) fn into_files(self) -> Vec<JobFile> {
        self.files.into_iter().map(|(path, content)| JobFile { path, content }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part<'a>(path: &'a str, bytes: &'a [u8]) -> FilePart<'a> {
        FilePart { path: path.as_bytes(), bytes }
    }

    #[test]
    fn what_was_asked_for_is_put_together() {
        let asked = [FilePath::parse("a").unwrap(), FilePath::parse("out").unwrap()];
        let mut returned = Returned::new(&asked);
        for piece in [part("a", b""), part("out/x/y", b"1"), part("a", b"2"), part("out/x/y", b"3")] {
            assert_eq!(returned.take(piece), Ok(()));
        }
        let mut files = returned.into_files();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let files: Vec<_> = files.iter().map(|file| (file.path.as_bytes(), file.content.as_slice())).collect();
        assert_eq!(files, [(b"a".as_slice(), b"2".as_slice()), (b"out/x/y", b"13")]);
    }

    #[test]
    fn nothing_else_is_taken() {
        let asked = [FilePath::parse("a").unwrap()];
        for path in ["b", "a/../b", "/a", "", "ab", "a/"] {
            assert_eq!(Returned::new(&asked).take(part(path, b"")), Err(NotTaken::Uncalled), "{path}");
        }
        let mut returned = Returned::new(&asked);
        let many = vec![0; limits::OUTPUT_FILES_BYTES];
        assert_eq!(returned.take(part("a", &many)), Err(NotTaken::TooLarge), "its name counts, too");
        let mut returned = Returned::new(&asked);
        let names: Vec<String> = (0..=limits::FILES).map(|number| format!("a/{number}")).collect();
        let taken = names.iter().take_while(|name| returned.take(part(name, b"")).is_ok()).count();
        assert_eq!(taken, limits::FILES);
    }
}
