//! Files that are there whole or not at all, whenever the machine stops.
//!
//! Owns: the one way to replace a file. Not here: the database, which has a way of its own, and what the files mean.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Result, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Puts a file in its place, or replaces the one that is there: whoever looks finds the old bytes or the new ones. On return
/// the file survives a loss of power. Two writers of one path at a time are the caller's to prevent.
pub fn put(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let made = path.with_added_extension("new");
    // What a crash has left may have another mode.
    match std::fs::remove_file(&made) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fill(create(&made, mode)?, &made, path, bytes)
}

/// The same in a folder that is not ours alone: no other file of it is touched, whatever it is called, and two writers are no
/// matter. A crash can leave a file behind that begins with `.cloud-python`.
pub fn put_among_others(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let mut coming = Coming::among_others(path, mode)?;
    coming.write(bytes)?;
    coming.place()
}

/// A file that is on its way to its place, in a folder that is not ours alone. Until it is [placed](Self::place), what stands there
/// stays; dropped before, nothing is left of it. A crash can leave a file behind that begins with `.cloud-python`.
#[derive(Debug)]
pub struct Coming {
    file: File,
    made: PathBuf,
    path: PathBuf,
}

impl Coming {
    /// One that is to replace what is at `path`, if anything is. No other file is touched.
    pub fn among_others(path: &Path, mode: u32) -> Result<Self> {
        // The name may be the longest that there can be, so nothing is added to it.
        let made = |number: u32| path.with_file_name(format!(".cloud-python-{}-{number}.new", std::process::id()));
        for made in (0..u32::MAX).map(made) {
            match create(&made, mode) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                file => return Ok(Self { file: file?, made, path: path.to_owned() }),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// Adds bytes to it.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes)
    }

    /// Gives it its name. On return it survives a loss of power.
    pub fn place(self) -> Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.made, &self.path)?;
        sync_folder(&self.path)
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        // Half a file would keep the room that was missing. One that has its name is not there any more.
        let _ = std::fs::remove_file(&self.made);
    }
}

fn create(made: &Path, mode: u32) -> Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(mode).open(made)
}

/// Fills a new file and gives it its name.
fn fill(mut file: File, made: &Path, path: &Path, bytes: &[u8]) -> Result<()> {
    let put = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(made, path));
    if let Err(error) = put {
        // Half a file would keep the room that was missing.
        let _ = std::fs::remove_file(made);
        return Err(error);
    }
    sync_folder(path)
}

/// Makes the name of a file survive a loss of power.
pub fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// Makes a folder for its owner alone (mode 0700), and those above it, where there is none.
pub fn make_folder(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_is_replaced_whole_with_its_mode_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/note.txt");
        make_folder(path.parent().unwrap()).unwrap();
        assert_eq!(std::fs::metadata(folder.path().join("deep")).unwrap().permissions().mode() & 0o777, 0o700);
        std::fs::write(path.with_added_extension("new"), "left by a crash").unwrap();
        put(&path, b"one", 0o600).unwrap();
        put(&path, b"two", 0o600).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn among_others_no_name_is_taken_from_anybody() {
        let folder = tempfile::tempdir().unwrap();
        let longest = "n".repeat(255);
        let taken = format!(".cloud-python-{}-0.new", std::process::id());
        let names = ["a", "a.new", &longest, &taken];
        for (number, name) in names.iter().enumerate() {
            std::fs::write(folder.path().join(name), "old").unwrap();
            put_among_others(&folder.path().join(name), number.to_string().as_bytes(), 0o600).unwrap();
        }
        for (number, name) in names.iter().enumerate() {
            assert_eq!(std::fs::read_to_string(folder.path().join(name)).unwrap(), number.to_string());
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), names.len());
        assert!(put_among_others(&folder.path().join("n".repeat(256)), b"", 0o600).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), names.len(), "half a file is taken away again");
    }
}
