//! The files that a run returns, as they come in from its child.
//!
//! Owns: that nothing is returned which was not asked for, twice, or beyond what a run may return. Not here: frames (`wire`).

use std::collections::{HashMap, HashSet};

use super::wire::FilePart;
use crate::config::limits;
use crate::domain::{FilePath, JobFile, JobSpec, Tree};

/// Files on their way in.
#[derive(Debug)]
pub(super) struct Returned<'a> {
    asked: &'a [FilePath],
    files: HashMap<FilePath, Vec<u8>>,
    /// Where the whole working directory was asked for.
    told: Option<Told>,
    /// Bytes that may still come.
    left: usize,
}

/// What is there beside the files that come.
#[derive(Debug, Default)]
struct Told {
    directories: HashSet<FilePath>,
    kept: HashSet<FilePath>,
    /// Whether that was all.
    all: bool,
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
    pub(super) fn new(spec: &'a JobSpec) -> Self {
        let told = spec.whole_directory().then(Told::default);
        Self { asked: spec.outputs(), files: HashMap::new(), told, left: spec.returned_bytes() }
    }

    /// Puts a piece behind what has come of its file, or hears what there is.
    pub(super) fn take(&mut self, part: FilePart<'_>) -> Result<(), NotTaken> {
        match part.path {
            [b'/', ..] | [.., b'/'] => self.hear(part),
            _ => self.take_piece(part),
        }
    }

    /// `name/` is a directory, `/name` a file that is as it was, `/` the end.
    fn hear(&mut self, part: FilePart<'_>) -> Result<(), NotTaken> {
        let told = self.told.as_mut().filter(|told| part.bytes.is_empty() && !told.all).ok_or(NotTaken::Uncalled)?;
        self.left = self.left.checked_sub(part.path.len()).ok_or(NotTaken::TooLarge)?;
        let name = |name: &[u8]| FilePath::parse(name).map_err(|_| NotTaken::Uncalled);
        match part.path {
            b"/" => told.all = true,
            [b'/', kept @ ..] => drop(told.kept.insert(name(kept)?)),
            [directory @ .., _] => drop(told.directories.insert(name(directory)?)),
            [] => return Err(NotTaken::Uncalled),
        }
        self.count()
    }

    fn take_piece(&mut self, part: FilePart<'_>) -> Result<(), NotTaken> {
        let path = FilePath::parse(part.path).map_err(|_| NotTaken::Uncalled)?;
        let is_new = !self.files.contains_key(&path);
        let wanted = match &self.told {
            Some(told) => !told.all,
            None => !is_new || self.asked.iter().any(|asked| asked.covers(&path)),
        };
        if !wanted {
            return Err(NotTaken::Uncalled);
        }
        let name = match (is_new, &self.told) {
            (false, _) => 0,
            (true, Some(_)) => part.path.len(),
            // In JSON a byte of a name may take six.
            (true, None) => 6 * part.path.len(),
        };
        let bytes = part.bytes.len() + name;
        self.left = self.left.checked_sub(bytes).ok_or(NotTaken::TooLarge)?;
        self.files.entry(path).or_default().extend_from_slice(part.bytes);
        self.count()
    }

    fn count(&self) -> Result<(), NotTaken> {
        let told = self.told.as_ref().map_or(0, |told| told.directories.len() + told.kept.len());
        match self.files.len() + told <= limits::FILES {
            true => Ok(()),
            false => Err(NotTaken::TooLarge),
        }
    }

    /// What has come, and what there is beside if all of it was told.
    pub(super) fn into_files(self) -> (Vec<JobFile>, Option<Tree>) {
        let files = self.files.into_iter().map(|(path, content)| JobFile { path, content }).collect();
        let tree = self.told.filter(|told| told.all).map(|told| Tree {
            directories: told.directories.into_iter().collect(),
            kept: told.kept.into_iter().collect(),
        });
        (files, tree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part<'a>(path: &'a str, bytes: &'a [u8]) -> FilePart<'a> {
        FilePart { path: path.as_bytes(), bytes }
    }

    fn path(text: &str) -> FilePath {
        FilePath::parse(text).unwrap()
    }

    fn asked(names: &[&str]) -> JobSpec {
        JobSpec::interactive().outputs(names.iter().map(|name| path(name)).collect()).build().unwrap()
    }

    #[test]
    fn what_was_asked_for_is_put_together() {
        let spec = asked(&["a", "out"]);
        let mut returned = Returned::new(&spec);
        for piece in [part("a", b""), part("out/x/y", b"1"), part("a", b"2"), part("out/x/y", b"3")] {
            assert_eq!(returned.take(piece), Ok(()));
        }
        let (mut files, tree) = returned.into_files();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let files: Vec<_> = files.iter().map(|file| (file.path.as_bytes(), file.content.as_slice())).collect();
        assert_eq!((files, tree), (vec![(b"a".as_slice(), b"2".as_slice()), (b"out/x/y", b"13")], None));
    }

    #[test]
    fn nothing_else_is_taken() {
        let spec = asked(&["a"]);
        for path in ["b", "a/../b", "/a", "", "ab", "a/", "/"] {
            assert_eq!(Returned::new(&spec).take(part(path, b"")), Err(NotTaken::Uncalled), "{path}");
        }
        let mut returned = Returned::new(&spec);
        let many = vec![0; limits::OUTPUT_FILES_BYTES];
        assert_eq!(returned.take(part("a", &many)), Err(NotTaken::TooLarge), "its name counts, too");
        let mut returned = Returned::new(&spec);
        let names: Vec<String> = (0..=limits::FILES).map(|number| format!("a/{number}")).collect();
        let taken = names.iter().take_while(|name| returned.take(part(name, b"")).is_ok()).count();
        assert_eq!(taken, limits::FILES);
    }

    #[test]
    fn a_whole_directory_is_known_once_its_end_is_told() {
        let spec = JobSpec::interactive().whole_directory().build().unwrap();
        let mut returned = Returned::new(&spec);
        for piece in [part("d/", b""), part("/d/kept", b""), part("d/new", b"1"), part("/d/kept", b"")] {
            assert_eq!(returned.take(piece), Ok(()));
        }
        for bad in [part("/d/kept", b"1"), part("d/", b"1"), part("//", b""), part("/../a", b""), part("d//", b"")] {
            assert_eq!(returned.take(bad), Err(NotTaken::Uncalled), "{bad:?}");
        }
        assert_eq!(returned.take(part("/", b"")), Ok(()));
        for late in [part("/", b""), part("/a", b""), part("a/", b""), part("d/new", b"2")] {
            assert_eq!(returned.take(late), Err(NotTaken::Uncalled), "{late:?}");
        }
        let (files, tree) = returned.into_files();
        assert_eq!(files, [JobFile { path: path("d/new"), content: b"1".to_vec() }]);
        assert_eq!(tree, Some(Tree { directories: vec![path("d")], kept: vec![path("d/kept")] }));
        let mut unfinished = Returned::new(&spec);
        unfinished.take(part("a", b"1")).unwrap();
        assert_eq!(unfinished.into_files().1, None);
        let mut returned = Returned::new(&spec);
        let names: Vec<String> = (0..=limits::FILES).map(|number| format!("{number}/")).collect();
        let taken = names.iter().take_while(|name| returned.take(part(name, b"")).is_ok()).count();
        assert_eq!(taken, limits::FILES);
    }
}
