//! Objects as files.
//!
//! Owns: that a file is there whole or not at all, whenever the machine stops: it is written in the folder `new`, synced, moved to
//! its place, and then its folder is synced. Files are in 256 folders, by their first two digits. Not here: names.
//!
//! A disk is waited for on a thread that may block. While one block is being written the next one is gathered, and while one is on
//! its way out the next one is read.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::{Found, ObjectError, seconds};
use crate::config::limits;
use crate::disk;

/// A folder of objects.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    folder: Arc<Path>,
}

/// A file that is being written.
#[derive(Debug)]
pub(super) struct FileWriter {
    file: Arc<File>,
    /// Where it is until it is finished. Nothing afterwards.
    new: NewFile,
    place: PathBuf,
    /// What comes next, at most a block: pieces may be tiny, and each of them would take much more than its bytes.
    gathered: Vec<u8>,
    writing: Option<JoinHandle<std::io::Result<()>>>,
}

/// The name of a file that is not finished. Dropped, it is removed.
#[derive(Debug)]
struct NewFile(Option<PathBuf>);

impl NewFile {
    /// It is somewhere else now, and stays.
    fn has_moved(mut self) {
        self.0 = None;
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A file that is being read.
#[derive(Debug)]
pub(super) struct FileReader {
    file: Arc<File>,
    left: Range<u64>,
    reading: Option<JoinHandle<std::io::Result<Bytes>>>,
}

impl Directory {
    pub(super) async fn open(folder: PathBuf) -> Result<Self, ObjectError> {
        let made = blocking({
            let folder = folder.clone();
            move || make_folders(&folder)
        });
        let unusable = |error: ObjectError| ObjectError::Unusable(format!("{}: {error}", folder.display()));
        made.await.map_err(unusable)?;
        Ok(Self { folder: folder.into() })
    }

    pub(super) async fn create(&self, leaf: &str) -> Result<FileWriter, ObjectError> {
        let (new, place) = (self.new_place(leaf), self.place(leaf));
        let made = blocking({
            let new = new.clone();
            move || {
                has_room(&new)?;
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(new)
            }
        });
        let file = Arc::new(made.await?);
        Ok(FileWriter { file, new: NewFile(Some(new)), place, gathered: vec![], writing: None })
    }

    pub(super) async fn open_file(&self, leaf: &str, bytes: Range<u64>) -> Result<FileReader, ObjectError> {
        let place = self.place(leaf);
        let opened = blocking(move || {
            let file = File::open(place)?;
            let length = file.metadata()?.len();
            Ok((file, length))
        });
        let (file, length) = opened.await.map_err(|error| match error {
            ObjectError::Absent(_) => ObjectError::Absent(leaf.to_owned()),
            other => other,
        })?;
        if bytes.end > length {
            return Err(ObjectError::Failed(format!("{leaf} has {length} bytes")));
        }
        let mut reader = FileReader { file: Arc::new(file), left: bytes, reading: None };
        reader.read_ahead();
        Ok(reader)
    }

    pub(super) async fn remove(&self, leaf: &str) -> Result<(), ObjectError> {
        let paths = [self.place(leaf), self.new_place(leaf)];
        blocking(move || {
            for path in paths {
                match std::fs::remove_file(path) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            Ok(())
        })
        .await
    }

    /// What is in one shard, and what was to be in it.
    pub(super) async fn list(&self, shard: u8, prefix: String) -> Result<Vec<Found>, ObjectError> {
        let folder = Arc::clone(&self.folder);
        blocking(move || {
            let mut all = vec![];
            list_folder(&folder.join(format!("{shard:02x}")), &prefix, "", &mut all)?;
            list_folder(&folder.join("new"), &prefix, &format!("{shard:02x}"), &mut all)?;
            Ok(all)
        })
        .await
    }

    fn place(&self, leaf: &str) -> PathBuf {
        self.folder.join(leaf)
    }

    /// Where an object is until it is finished.
    fn new_place(&self, leaf: &str) -> PathBuf {
        self.folder.join("new").join(leaf.replace('/', ""))
    }
}

fn make_folders(folder: &Path) -> std::io::Result<()> {
    disk::make_folder(folder)?;
    for shard in 0..=u8::MAX {
        disk::make_folder(&folder.join(format!("{shard:02x}")))?;
    }
    let new = folder.join("new");
    disk::make_folder(&new)?;
    disk::sync_folder(&new)?;
    disk::sync_folder(folder)?;
    // The folder above has its name in another, and may be as new.
    folder.parent().map_or(Ok(()), disk::sync_folder)
}

/// The files of a folder whose names begin with these digits.
fn list_folder(folder: &Path, prefix: &str, digits: &str, all: &mut Vec<Found>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(digits)) else { continue };
        let modified = match entry.metadata().and_then(|facts| facts.modified()) {
            Ok(modified) => modified.duration_since(UNIX_EPOCH).unwrap_or_default(),
            // It has gone since, as it may.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        all.push(Found { name: format!("{prefix}{rest}"), modified: seconds(modified) });
    }
    Ok(())
}

/// Refuses what would take the last room from the database.
fn has_room(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let facts = rustix::fs::statvfs(folder)?;
    match facts.f_bavail.saturating_mul(facts.f_frsize) > limits::DISK_RESERVE_BYTES {
        true => Ok(()),
        false => Err(ErrorKind::StorageFull.into()),
    }
}

/// Waits for the disk where nobody else is kept waiting.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, ObjectError> {
    finished(tokio::task::spawn_blocking(work)).await
}

async fn finished<T>(work: JoinHandle<std::io::Result<T>>) -> Result<T, ObjectError> {
    match work.await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(failed(&error)),
        Err(error) => Err(ObjectError::Failed(error.to_string())),
    }
}

fn failed(error: &std::io::Error) -> ObjectError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            ObjectError::Full(error.to_string())
        }
        ErrorKind::NotFound => ObjectError::Absent(error.to_string()),
        _ => ObjectError::Failed(error.to_string()),
    }
}

impl FileWriter {
    pub(super) async fn write(&mut self, mut bytes: Bytes) -> Result<(), ObjectError> {
        while !bytes.is_empty() {
            let room = limits::OBJECT_BLOCK_BYTES.saturating_sub(self.gathered.len());
            self.gathered.extend_from_slice(&bytes.split_to(room.min(bytes.len())));
            if self.gathered.len() >= limits::OBJECT_BLOCK_BYTES {
                self.write_gathered().await?;
            }
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<(), ObjectError> {
        self.write_gathered().await?;
        self.wait().await?;
        let (file, new, place) = (Arc::clone(&self.file), std::mem::replace(&mut self.new, NewFile(None)), self.place);
        blocking(move || {
            file.sync_all()?;
            if let Some(from) = &new.0 {
                std::fs::rename(from, &place)?;
            }
            new.has_moved();
            disk::sync_folder(&place)
        })
        .await
    }

    /// Begins to write what there is, once what came before has been written.
    async fn write_gathered(&mut self) -> Result<(), ObjectError> {
        self.wait().await?;
        let (file, gathered) = (Arc::clone(&self.file), std::mem::take(&mut self.gathered));
        let new = self.new.0.clone();
        self.writing = Some(tokio::task::spawn_blocking(move || {
            if let Some(new) = new {
                has_room(&new)?;
            }
            (&*file).write_all(&gathered)
        }));
        Ok(())
    }

    async fn wait(&mut self) -> Result<(), ObjectError> {
        match self.writing.take() {
            Some(writing) => finished(writing).await,
            None => Ok(()),
        }
    }
}

impl FileReader {
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, ObjectError>> {
        let bytes = finished(self.reading.take()?).await;
        match &bytes {
            Ok(_) => self.read_ahead(),
            Err(_) => self.left = 0..0,
        }
        Some(bytes)
    }

    fn read_ahead(&mut self) {
        let length = self.left.end.saturating_sub(self.left.start).min(limits::OBJECT_BLOCK_BYTES as u64);
        if length == 0 {
            return;
        }
        let (file, start) = (Arc::clone(&self.file), self.left.start);
        self.left.start = start.saturating_add(length);
        self.reading = Some(tokio::task::spawn_blocking(move || {
            let mut bytes = vec![0; usize::try_from(length).unwrap_or(limits::OBJECT_BLOCK_BYTES)];
            file.read_exact_at(&mut bytes, start)?;
            Ok(bytes.into())
        }));
    }
}
