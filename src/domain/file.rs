//! The files that go along with a job: where they are in its working directory, and what is in them.

use super::{JobError, ParcelId};
use crate::config::limits;

/// Where a file is, as seen from the working directory.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FilePath(Vec<u8>);

impl FilePath {
    /// Takes a relative path of at most [`limits::PATH_BYTES`] with `/` between its parts, none of them empty, `.` or `..`.
    pub fn parse(path: impl Into<Vec<u8>>) -> Result<Self, JobError> {
        let path = path.into();
        let plain = |part: &[u8]| !part.is_empty() && part != b"." && part != b".." && !part.contains(&0);
        match path.len() <= limits::PATH_BYTES && path.split(|byte| *byte == b'/').all(plain) {
            true => Ok(Self(path)),
            false => Err(JobError::FilePath),
        }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The directory that it lies in. Nothing if that is the working directory.
    pub fn parent(&self) -> Option<Self> {
        let end = self.0.iter().rposition(|byte| *byte == b'/')?;
        self.0.get(..end).map(|above| Self(above.to_vec()))
    }

    /// The last of its parts.
    pub fn name(&self) -> &[u8] {
        self.0.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
    }

    /// Whether `path` is this one, or lies below it if this is a directory's.
    pub fn covers(&self, path: &Self) -> bool {
        path.0.strip_prefix(self.0.as_slice()).is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
    }
}

impl std::fmt::Debug for FilePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

/// A file of the working directory: there when the script starts, or returned when it has ended.
#[derive(Clone, PartialEq, Eq)]
pub struct JobFile {
    /// Where it is.
    pub path: FilePath,
    /// The bytes in it.
    pub content: Vec<u8>,
}

impl std::fmt::Debug for JobFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JobFile({:?}, {} bytes)", self.path, self.content.len())
    }
}

/// A file of the working directory whose content is a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobParcel {
    /// Where it is.
    pub path: FilePath,
    /// What is in it.
    pub id: ParcelId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_paths_stay_inside_the_working_directory() {
        for bad in ["", "/etc/passwd", "a//b", "../a", "a/..", "./a", "a/", "a\0b"] {
            assert_eq!(FilePath::parse(bad), Err(JobError::FilePath), "{bad:?}");
        }
        for good in ["a", "a/b.txt", "...", "\u{e9}/\u{1f40d}.py"] {
            assert!(FilePath::parse(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn a_path_knows_its_last_part_and_what_is_above() {
        let path = |text| FilePath::parse(text).unwrap();
        for (whole, parent, name) in [("a", None, "a"), ("a/b", Some("a"), "b"), ("a/b/c", Some("a/b"), "c")] {
            assert_eq!((path(whole).parent(), path(whole).name()), (parent.map(path), name.as_bytes()));
        }
    }

    #[test]
    fn a_directory_covers_what_is_below_it_and_no_namesake() {
        let path = |text| FilePath::parse(text).unwrap();
        for (covered, other) in [(true, "out"), (true, "out/a"), (true, "out/a/b"), (false, "output"), (false, "ou")] {
            assert_eq!(path("out").covers(&path(other)), covered, "{other}");
        }
        assert!(!path("out/a").covers(&path("out")));
    }
}
