//! Files that are handed over: the script, and `--file NAME=PATH`, what it finds in its working directory when it starts.
//!
//! Not here: what a name may look like; [`FilePath`] knows.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::config::limits;
use crate::domain::{FilePath, JobError, JobFile};

/// A file or a directory here, and its name there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileArgument {
    name: OsString,
    path: PathBuf,
}

/// Files that cannot be handed over.
#[derive(Debug, thiserror::Error)]
pub(super) enum FilesError {
    /// A directory in place of a script.
    #[error("{0} is a directory, not a script")]
    Directory(PathBuf),
    /// One that cannot be read.
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, #[source] std::io::Error),
    /// One whose name or number is not allowed.
    #[error("{0}: {1}")]
    Refused(PathBuf, #[source] JobError),
}

/// Reads a script (`-` is standard input), and no more of a huge file than shows that it is too large.
pub(super) fn read_script(path: &Path) -> Result<Vec<u8>, FilesError> {
    let unreadable = |error| FilesError::Read(path.to_owned(), error);
    if path.is_dir() {
        return Err(FilesError::Directory(path.to_owned()));
    }
    let source: Box<dyn Read> = match path.as_os_str() == "-" {
        true => Box::new(std::io::stdin()),
        false => Box::new(std::fs::File::open(path).map_err(unreadable)?),
    };
    let mut text = vec![];
    source.take(limits::SCRIPT_BYTES as u64 + 1).read_to_end(&mut text).map_err(unreadable)?;
    Ok(text)
}

impl FileArgument {
    /// Splits `NAME=PATH`. A PATH alone goes by its own last part.
    pub(super) fn parse(text: &OsStr) -> Result<Self, String> {
        let bytes = text.as_bytes();
        let split = bytes.iter().position(|byte| *byte == b'=');
        let (name, path) = match split.and_then(|at| bytes.split_at_checked(at)) {
            Some((name, [_, path @ ..])) => {
                (OsStr::from_bytes(name).to_owned(), PathBuf::from(OsStr::from_bytes(path)))
            }
            _ => (Path::new(text).file_name().unwrap_or_default().to_owned(), PathBuf::from(text)),
        };
        match name.is_empty() || path.as_os_str().is_empty() {
            true => Err("NAME=PATH is wanted, or a PATH that ends in a name".to_owned()),
            false => Ok(Self { name, path }),
        }
    }

    /// Reads the file, or every file below the directory, in the order of their names. Follows no symbolic link inside it.
    pub(super) fn read(&self) -> Result<Vec<JobFile>, FilesError> {
        let mut files = vec![];
        read_below(&self.path, self.name.as_bytes(), self.path.is_dir(), &mut files)?;
        Ok(files)
    }
}

fn read_below(path: &Path, name: &[u8], is_folder: bool, files: &mut Vec<JobFile>) -> Result<(), FilesError> {
    let unreadable = |error| FilesError::Read(path.to_owned(), error);
    let refused = |error| FilesError::Refused(path.to_owned(), error);
    if !is_folder {
        // No more of an endless file than shows that it is too much; the job's own limit says so.
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let mut content = vec![];
        file.take(limits::JOB_BYTES as u64 + 1).read_to_end(&mut content).map_err(unreadable)?;
        if content.len() > limits::JOB_BYTES {
            return Err(refused(JobError::TooLarge));
        }
        files.push(JobFile { path: FilePath::parse(name).map_err(refused)?, content });
        return if files.len() > limits::FILES { Err(refused(JobError::TooManyFiles)) } else { Ok(()) };
    }
    let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = entries.map_err(unreadable)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().map_err(unreadable)?;
        let below = [name, b"/", &entry.file_name().into_vec()].concat();
        if kind.is_dir() || kind.is_file() {
            read_below(&entry.path(), &below, kind.is_dir(), files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(OsString, PathBuf), String> {
        FileArgument::parse(OsStr::new(text)).map(|argument| (argument.name, argument.path))
    }

    #[test]
    fn a_name_is_what_stands_before_the_first_equals_sign() {
        assert_eq!(parse("data.csv=/tmp/a=b"), Ok(("data.csv".into(), "/tmp/a=b".into())));
        assert_eq!(parse("/tmp/data.csv"), Ok(("data.csv".into(), "/tmp/data.csv".into())));
        assert!(parse("=x").is_err());
        assert!(parse("x=").is_err());
    }
}
