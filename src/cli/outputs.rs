//! Files that come back from a run: `--output NAME=PATH`, where they go here.
//!
//! Owns: that a run, whoever ran it, chooses no more than what lies below a directory that was asked for. What it names can never
//! leave PATH, nothing is written through a symbolic link at PATH or below it, and nothing but an ordinary file is replaced.
//! Links above PATH are the user's own, who typed them. Not here: what a name may look like ([`FilePath`] knows), and whether
//! what comes back was asked for (the sandbox and the client see to that; what was not is not written).

use std::ffi::OsStr;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::complain;
use crate::client::terminal;
use crate::disk;
use crate::domain::{FilePath, JobFile};

/// The mode of a new file: what others may do with it is for the user's umask to say.
const MODE: u32 = 0o666;

/// A file or a directory there, and where it goes here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OutputArgument {
    name: FilePath,
    path: PathBuf,
}

/// A file that cannot be put where it is to go.
#[derive(Debug, thiserror::Error)]
pub(super) enum OutputError {
    /// A link stands in the way.
    #[error("{}: this is a symbolic link, and no output is written through one", shown(.0))]
    Link(PathBuf),
    /// A directory stands where a file is to go.
    #[error("{}: this is a directory, and the output is a file", shown(.0))]
    Directory(PathBuf),
    /// Something stands where a directory is to go.
    #[error("{}: this is no directory, and the output has files below it", shown(.0))]
    NoDirectory(PathBuf),
    /// A device, a pipe or the like.
    #[error("{}: this is no ordinary file, and no output takes its place", shown(.0))]
    Odd(PathBuf),
    /// There is no directory to put the output into.
    #[error("{}: there is no directory for this output: make it first", shown(.0))]
    NoPlace(PathBuf),
    /// The system says no.
    #[error("cannot write {}: {}", shown(.0), .1)]
    Write(PathBuf, #[source] std::io::Error),
    /// The first of several.
    #[error("{0} (and {1} more could not be written)")]
    Several(Box<Self>, usize),
}

impl OutputArgument {
    /// Splits `NAME=PATH`. A NAME alone has the same name here.
    pub(super) fn parse(text: &OsStr) -> Result<Self, String> {
        let bytes = text.as_bytes();
        let split = bytes.iter().position(|byte| *byte == b'=').and_then(|at| bytes.split_at_checked(at));
        let (name, path) = match split {
            Some((name, [_, path @ ..])) => (name, path),
            _ => (bytes, bytes),
        };
        if path.is_empty() {
            return Err("NAME=PATH is wanted, or NAME alone".to_owned());
        }
        // A shell that completes the name of a directory puts a slash behind it.
        let name = FilePath::parse(name.strip_suffix(b"/").unwrap_or(name)).map_err(|error| error.to_string())?;
        // Behind a slash, the system would follow a link.
        Ok(Self { name, path: Path::new(OsStr::from_bytes(path)).components().collect() })
    }

    /// Where a file goes: the directories from PATH on that must be there for it, and its own place. Nothing if it does not
    /// belong to this argument.
    fn place(&self, file: &FilePath) -> Option<(Vec<PathBuf>, PathBuf)> {
        let parts = match file.as_bytes().strip_prefix(self.name.as_bytes())? {
            [] => return Some((vec![], self.path.clone())),
            [b'/', below @ ..] => below.split(|byte| *byte == b'/'),
            _ => return None,
        };
        let (mut folders, mut place) = (vec![], self.path.clone());
        for part in parts {
            folders.push(place.clone());
            // Each part is plain, so this leads down.
            place.push(OsStr::from_bytes(part));
        }
        Some((folders, place))
    }

    /// Whether something can be put here at all: better known before the run than after it.
    fn check(&self) -> Result<(), OutputError> {
        let above = self.path.parent().map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above });
        match facts(&self.path)? {
            Some(facts) if facts.is_symlink() => Err(OutputError::Link(self.path.clone())),
            Some(facts) if !facts.is_file() && !facts.is_dir() => Err(OutputError::Odd(self.path.clone())),
            None if !above.is_some_and(Path::is_dir) => Err(OutputError::NoPlace(self.path.clone())),
            _ => Ok(()),
        }
    }
}

/// What is asked of the run. Says so if something could not be put where it is to go.
pub(super) fn wanted(outputs: &[OutputArgument]) -> Result<Vec<FilePath>, OutputError> {
    outputs.iter().try_for_each(OutputArgument::check)?;
    Ok(outputs.iter().map(|output| output.name.clone()).collect())
}

/// Puts everything that came back into its place, each file whole or not at all. Says on standard error which outputs there were
/// none of. What cannot be written keeps nothing else from being written.
pub(super) fn put(outputs: &[OutputArgument], mut files: Vec<JobFile>) -> Result<(), OutputError> {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut failed = vec![];
    for output in outputs {
        let mut count = 0;
        for file in &files {
            let Some((folders, place)) = output.place(&file.path) else { continue };
            count += 1;
            failed.extend(put_file(&folders, &place, &file.content).err());
        }
        if count == 0 {
            complain(format!("no output {}: the script left no such file", shown(Path::new(name_of(&output.name)))));
        }
    }
    let more = failed.len().saturating_sub(1);
    match failed.into_iter().next() {
        None => Ok(()),
        Some(first) if more == 0 => Err(first),
        Some(first) => Err(OutputError::Several(Box::new(first), more)),
    }
}

fn put_file(folders: &[PathBuf], place: &Path, content: &[u8]) -> Result<(), OutputError> {
    for folder in folders {
        match facts(folder)? {
            None => std::fs::create_dir(folder).map_err(|error| OutputError::Write(folder.clone(), error))?,
            Some(facts) if facts.is_symlink() => return Err(OutputError::Link(folder.clone())),
            Some(facts) if !facts.is_dir() => return Err(OutputError::NoDirectory(folder.clone())),
            Some(_) => {}
        }
    }
    let put = disk::put_among_others(place, content, mode_at(place)?);
    put.map_err(|error| OutputError::Write(place.to_owned(), error))
}

/// The mode that a file gets at this place. Says so if nothing is put there.
pub(super) fn mode_at(place: &Path) -> Result<u32, OutputError> {
    match facts(place)? {
        Some(facts) if facts.is_symlink() => Err(OutputError::Link(place.to_owned())),
        Some(facts) if facts.is_dir() => Err(OutputError::Directory(place.to_owned())),
        Some(facts) if !facts.is_file() => Err(OutputError::Odd(place.to_owned())),
        // What was private stays so.
        Some(facts) => Ok(facts.mode() & 0o777),
        None => Ok(MODE),
    }
}

/// What stands at a path, itself and not what it links to. Nothing if there is nothing.
fn facts(path: &Path) -> Result<Option<Metadata>, OutputError> {
    match std::fs::symlink_metadata(path) {
        Ok(facts) => Ok(Some(facts)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(OutputError::Write(path.to_owned(), error)),
    }
}

fn name_of(name: &FilePath) -> &OsStr {
    OsStr::from_bytes(name.as_bytes())
}

/// A run may have chosen the name, so a terminal is not let obey it.
fn shown(path: &Path) -> String {
    terminal::sentence(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn output(text: impl AsRef<OsStr>) -> OutputArgument {
        OutputArgument::parse(text.as_ref()).unwrap()
    }

    /// `NAME=PATH` with a PATH below this folder.
    fn into(folder: &Path, name: &str, path: &str) -> OutputArgument {
        let text = [format!("{name}=").as_bytes(), folder.join(path).as_os_str().as_bytes()].concat();
        output(OsStr::from_bytes(&text))
    }

    fn file(path: impl AsRef<[u8]>, content: &str) -> JobFile {
        JobFile { path: FilePath::parse(path.as_ref()).unwrap(), content: content.into() }
    }

    /// Every file below a folder with its content, in order; links as what they lead to.
    fn all(folder: &Path) -> Vec<String> {
        let mut found = vec![];
        let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            match std::fs::symlink_metadata(&path).unwrap() {
                facts if facts.is_symlink() => {
                    found.push(format!("{name} -> {}", std::fs::read_link(&path).unwrap().display()));
                }
                facts if facts.is_dir() => found.extend(all(&path).into_iter().map(|below| format!("{name}/{below}"))),
                _ => found.push(format!("{name}: {}", std::fs::read_to_string(&path).unwrap())),
            }
        }
        found
    }

    #[test]
    fn a_name_alone_has_the_same_name_here() {
        let parse = |text: &str| OutputArgument::parse(OsStr::new(text)).map(|output| (output.name, output.path));
        let taken = |name: &str, path: &str| Ok((FilePath::parse(name).unwrap(), PathBuf::from(path)));
        assert_eq!(parse("a"), taken("a", "a"));
        assert_eq!(parse("a/b"), taken("a/b", "a/b"));
        assert_eq!(parse("a=/tmp/b=c"), taken("a", "/tmp/b=c"));
        assert_eq!(parse("out/"), taken("out", "out"));
        assert_eq!(parse("out=there/"), taken("out", "there"));
        assert_eq!(parse("out=."), taken("out", "."));
        assert_eq!(parse("a=").unwrap_err(), "NAME=PATH is wanted, or NAME alone");
        for wrong in ["", "=b", "/a", "../a", "a/..", "a//b", ".", "/"] {
            assert!(parse(wrong).is_err(), "{wrong}");
            assert!(parse(&format!("{wrong}=b")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn files_and_trees_go_where_they_were_asked_to() {
        let here = tempfile::tempdir().unwrap();
        let outputs =
            [into(here.path(), "a", "renamed"), into(here.path(), "out", "tree"), into(here.path(), "out/x", "x")];
        assert_eq!(wanted(&outputs).unwrap(), ["a", "out", "out/x"].map(|name| FilePath::parse(name).unwrap()));
        std::fs::create_dir(here.path().join("tree")).unwrap();
        std::fs::write(here.path().join("tree/x"), "old").unwrap();
        std::fs::write(here.path().join("tree/kept"), "kept").unwrap();
        let some = |files: &[(&str, &str)]| files.iter().map(|(path, content)| file(path, content)).collect::<Vec<_>>();
        // What was not asked for goes nowhere.
        let files = [("out/x", "1"), ("b", "?"), ("a", "2"), ("out/y/z", "3"), ("output", "?")];
        put(&outputs, some(&files)).unwrap();
        let there = ["renamed: 2", "tree/kept: kept", "tree/x: 1", "tree/y/z: 3", "x: 1"];
        assert_eq!(all(here.path()), there);
        // A file cannot be a directory as well, whoever says so.
        let error = put(&outputs, some(&[("a/below", "?")])).unwrap_err();
        assert!(matches!(error, OutputError::NoDirectory(_)), "{error}");
        assert_eq!(all(here.path()), there);
    }

    #[test]
    fn nothing_is_written_through_a_link_and_the_rest_is_written() {
        let desk = tempfile::tempdir().unwrap();
        let (here, outside) = (desk.path().join("here"), desk.path().join("outside"));
        for folder in [here.join("tree"), outside.join("deep")] {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(outside.join("file"), "untouched").unwrap();
        symlink("../../outside", here.join("tree/folder")).unwrap();
        symlink("../../outside/file", here.join("tree/file")).unwrap();
        symlink("../../outside/new", here.join("tree/dangling")).unwrap();
        let links = |found: Vec<String>| found.into_iter().filter(|line| line.contains("->")).count();
        let files = ["out/folder/x", "out/folder/deep/x", "out/file", "out/dangling", "out/fine", "out/folder"];
        let files = files.map(|path| file(path, "new")).to_vec();
        let error = put(&[into(&here, "out", "tree")], files).unwrap_err();
        assert!(matches!(&error, OutputError::Several(first, 4) if matches!(**first, OutputError::Link(_))), "{error}");
        assert_eq!(all(&outside), ["file: untouched"]);
        assert_eq!(
            (links(all(&here)), std::fs::read_to_string(here.join("tree/fine")).unwrap()),
            (3, "new".to_owned())
        );
        // A link at PATH itself is found before the run, and after it.
        symlink("../outside", here.join("link")).unwrap();
        symlink("../outside/new", here.join("other")).unwrap();
        for (path, path_of_file) in [("link", "out/x"), ("link/", "out/x"), ("other", "out"), ("other", "out/x")] {
            let outputs = [into(&here, "out", path)];
            assert!(matches!(wanted(&outputs), Err(OutputError::Link(_))), "{path}");
            assert!(matches!(put(&outputs, vec![file(path_of_file, "new")]), Err(OutputError::Link(_))), "{path}");
        }
        assert_eq!(all(&outside), ["file: untouched"]);
    }

    #[test]
    fn what_cannot_be_put_is_said_before_the_run() {
        let here = tempfile::tempdir().unwrap();
        std::fs::write(here.path().join("file"), "").unwrap();
        assert!(matches!(wanted(&[into(here.path(), "a", "none/a")]), Err(OutputError::NoPlace(_))));
        assert!(matches!(wanted(&[into(here.path(), "a", "file/a")]), Err(OutputError::Write(..))));
        assert!(matches!(wanted(&[output("a=/dev/null")]), Err(OutputError::Odd(_))));
        assert!(
            wanted(&[into(here.path(), "a", "file"), into(here.path(), "a", "new"), into(here.path(), "a", "")])
                .is_ok()
        );
        // Whether it is a file or a directory shows only then.
        let error = put(&[into(here.path(), "a", "")], vec![file("a", "x")]).unwrap_err();
        assert!(matches!(error, OutputError::Directory(_)), "{error}");
    }

    #[test]
    fn a_file_that_was_private_stays_so() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("a");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        put(&[into(here.path(), "a", "a")], vec![file("a", "new")]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_name_that_a_run_chose_is_shown_harmlessly() {
        let here = tempfile::tempdir().unwrap();
        symlink("nowhere", here.path().join("\u{1b}[2J")).unwrap();
        let error = put(&[into(here.path(), "out", ".")], vec![file("out/\u{1b}[2J", "x")]).unwrap_err().to_string();
        assert!(error.contains("\\x1b[2J: this is a symbolic link"), "{error}");
    }
}
