//! Where the bytes of parcels are: a directory, an S3 bucket, or memory.
//!
//! Owns: [`Objects`], which is one of the three, and the only names of the object store's client. An object is written from its
//! first byte to its last and then never changed; until it is finished nobody finds it, and whoever gives up leaves nothing
//! behind that the sweep does not find. Not here: which objects belong to parcels, and who may read them (`app`, `store`).
//!
//! Objects are named by [`Objects::name`]: the instance whose they are, so that several may share a bucket, and random digits, for a
//! parcel's own name is known only when its last byte has come.

mod directory;
mod memory;
mod s3;
mod wire;

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

use crate::config::S3Config;
use crate::domain::{UnixTime, encode_hex};
use crate::vault::{VaultError, random};

use directory::{Directory, FileReader, FileWriter};
use memory::{Memory, MemoryWriter};
use s3::{S3, S3Reader, S3Writer};

/// The object store could not do its part. None of it is a caller's fault.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ObjectError {
    /// There is no room for more.
    #[error("there is no room for objects: {0}")]
    Full(String),
    /// The object is not there.
    #[error("the object {0} is not there")]
    Absent(String),
    /// It fails, or does not answer in time.
    #[error("the object store fails: {0}")]
    Failed(String),
    /// It cannot be used as it is set up.
    #[error("the object store cannot be used: {0}")]
    Unusable(String),
}

impl From<VaultError> for ObjectError {
    fn from(error: VaultError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// An object that was found while looking for those that nobody needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What is to be removed: an object's name, or that of one that was never finished.
    pub name: String,
    /// When it was last written to.
    pub modified: UnixTime,
}

/// An object store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Objects {
    instance: String,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Directory(Directory),
    S3(S3),
    Memory(Memory),
}

/// An object that is being written. Dropped unfinished, it is given up.
#[derive(Debug)]
pub struct Writer(Writing);

#[derive(Debug)]
enum Writing {
    File(FileWriter),
    S3(S3Writer),
    Memory(MemoryWriter),
}

/// An object that is being read.
#[derive(Debug)]
pub struct Reader(Reading);

#[derive(Debug)]
enum Reading {
    File(FileReader),
    S3(S3Reader),
    Memory(Option<Bytes>),
}

impl Objects {
    /// Objects as files below this folder, which is made if it is not there. `instance` is who keeps them.
    pub async fn directory(folder: &Path, instance: &str) -> Result<Self, ObjectError> {
        let place = Place::Directory(Directory::open(folder.join(instance)).await?);
        Ok(Self { instance: instance.to_owned(), place })
    }

    /// Objects in a bucket.
    pub async fn s3(config: &S3Config, instance: &str) -> Result<Self, ObjectError> {
        Ok(Self { instance: instance.to_owned(), place: Place::S3(S3::open(config, instance).await?) })
    }

    /// Objects in memory.
    pub fn memory(instance: &str) -> Self {
        Self { instance: instance.to_owned(), place: Place::Memory(Memory::default()) }
    }

    /// A name that no object has.
    pub fn name(&self) -> Result<String, ObjectError> {
        let digits = encode_hex(&random::<16>()?);
        let (shard, rest) = digits.split_at_checked(2).unwrap_or_default();
        Ok(format!("{}/{shard}/{rest}", self.instance))
    }

    /// Begins an object.
    pub async fn create(&self, name: &str) -> Result<Writer, ObjectError> {
        let writing = match &self.place {
            Place::Directory(directory) => Writing::File(directory.create(leaf(name)).await?),
            Place::S3(s3) => Writing::S3(s3.create(name)),
            Place::Memory(memory) => Writing::Memory(memory.create(name)),
        };
        Ok(Writer(writing))
    }

    /// Begins to read these bytes of an object, all of which must be there. When this returns, the store has found it.
    pub async fn open(&self, name: &str, bytes: Range<u64>) -> Result<Reader, ObjectError> {
        let reading = match &self.place {
            Place::Directory(directory) => Reading::File(directory.open_file(leaf(name), bytes).await?),
            Place::S3(s3) => Reading::S3(s3.read(name, bytes).await?),
            Place::Memory(memory) => Reading::Memory(Some(memory.open(name, bytes)?)),
        };
        Ok(Reader(reading))
    }

    /// Removes an object. One that is not there is removed already.
    pub async fn remove(&self, name: &str) -> Result<(), ObjectError> {
        match &self.place {
            Place::Directory(directory) => directory.remove(leaf(name)).await,
            Place::S3(s3) => s3.remove(name).await,
            Place::Memory(memory) => {
                memory.remove(name);
                Ok(())
            }
        }
    }

    /// Gives up what [`Writer::unnoted`] has named. It may be over.
    pub async fn abort(&self, name: &str, upload: &str) -> Result<(), ObjectError> {
        match &self.place {
            Place::S3(s3) => s3.abort(name, upload).await,
            Place::Directory(_) | Place::Memory(_) => Ok(()),
        }
    }

    /// Of the objects of this instance those that were last written to at `before` or earlier, finished or not. `shard` is one
    /// of 256 parts, so that never all of them are in memory.
    pub async fn older_than(&self, before: UnixTime, shard: u8) -> Result<Vec<Found>, ObjectError> {
        let prefix = format!("{}/{shard:02x}/", self.instance);
        let found = match &self.place {
            Place::Directory(directory) => directory.list(shard, prefix).await?,
            Place::S3(s3) => s3.list(&prefix).await?,
            Place::Memory(memory) => memory.list(&prefix),
        };
        Ok(found.into_iter().filter(|found| found.modified <= before).collect())
    }
}

/// What stands behind the instance.
fn leaf(name: &str) -> &str {
    name.split_once('/').map_or(name, |(_, leaf)| leaf)
}

impl Writer {
    /// Writes the next bytes. They may not have arrived when this returns; an error may be about earlier ones.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), ObjectError> {
        match &mut self.0 {
            Writing::File(file) => file.write(bytes).await,
            Writing::S3(s3) => s3.write(bytes).await,
            Writing::Memory(memory) => {
                memory.write(&bytes);
                Ok(())
            }
        }
    }

    /// What must be written down before more is written, because nobody else would find it if it is never finished: to be given to
    /// [`Objects::abort`]. Nothing most of the time.
    pub fn unnoted(&self) -> Option<&str> {
        match &self.0 {
            Writing::S3(s3) => s3.unnoted(),
            Writing::File(_) | Writing::Memory(_) => None,
        }
    }

    /// It is written down.
    pub fn note(&mut self) {
        if let Writing::S3(s3) = &mut self.0 {
            s3.note();
        }
    }

    /// Finishes the object: from now on it is found, and survives a loss of power.
    pub async fn finish(self) -> Result<(), ObjectError> {
        match self.0 {
            Writing::File(file) => file.finish().await,
            Writing::S3(s3) => s3.finish().await,
            Writing::Memory(memory) => {
                memory.finish();
                Ok(())
            }
        }
    }
}

impl Reader {
    /// The next bytes; nothing at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, ObjectError>> {
        match &mut self.0 {
            Reading::File(file) => file.next().await,
            Reading::S3(s3) => s3.next().await,
            Reading::Memory(bytes) => bytes.take().filter(|bytes| !bytes.is_empty()).map(Ok),
        }
    }
}

/// The whole seconds of a time since 1970.
fn seconds(time: Duration) -> UnixTime {
    UnixTime(time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::since_1970;
    use crate::config::limits;

    async fn read(objects: &Objects, name: &str, bytes: Range<u64>) -> Result<Vec<u8>, ObjectError> {
        let mut reader = objects.open(name, bytes).await?;
        let mut all = vec![];
        while let Some(bytes) = reader.next().await {
            all.extend_from_slice(&bytes?);
        }
        Ok(all)
    }

    async fn older_than(objects: &Objects, before: UnixTime) -> Vec<String> {
        let mut names = vec![];
        for shard in 0..=u8::MAX {
            names.extend(objects.older_than(before, shard).await.unwrap().into_iter().map(|found| found.name));
        }
        names.sort();
        names
    }

    async fn put(objects: &Objects, pieces: &[&[u8]]) -> String {
        let name = objects.name().unwrap();
        let mut writer = objects.create(&name).await.unwrap();
        for piece in pieces {
            writer.write(Bytes::copy_from_slice(piece)).await.unwrap();
        }
        writer.finish().await.unwrap();
        name
    }

    /// Bytes that are not the same twice in a row.
    fn pattern(length: usize) -> Vec<u8> {
        (0..=250).cycle().take(length).collect()
    }

    /// What every kind of store does.
    async fn behaves(objects: &Objects) {
        let empty = put(objects, &[]).await;
        assert_eq!(read(objects, &empty, 0..0).await.unwrap(), b"");
        let small = put(objects, &[b"hello ", b"", b"world"]).await;
        assert_eq!(read(objects, &small, 0..11).await.unwrap(), b"hello world");
        assert_eq!(read(objects, &small, 3..8).await.unwrap(), b"lo wo");
        assert_eq!(read(objects, &small, 4..4).await.unwrap(), b"");
        assert!(read(objects, &small, 0..12).await.is_err(), "more than there is");

        // As tiny as a sender likes.
        let crumbs = put(objects, &b"crumbs are bread".chunks(1).collect::<Vec<_>>()).await;
        assert_eq!(read(objects, &crumbs, 0..16).await.unwrap(), b"crumbs are bread");
        objects.remove(&crumbs).await.unwrap();

        let pattern = pattern(limits::OBJECT_BLOCK_BYTES * 3 + 17);
        let pieces: Vec<&[u8]> = pattern.chunks(70_001).collect();
        let large = put(objects, &pieces).await;
        assert_eq!(read(objects, &large, 0..pattern.len() as u64).await.unwrap(), pattern);
        assert_eq!(read(objects, &large, 600_000..600_010).await.unwrap(), pattern[600_000..600_010]);

        // Nobody finds one that is not finished, or was given up.
        let unfinished = objects.name().unwrap();
        let mut writer = objects.create(&unfinished).await.unwrap();
        writer.write(Bytes::from(pattern.clone())).await.unwrap();
        assert!(matches!(objects.open(&unfinished, 0..1).await, Err(ObjectError::Absent(_))));
        drop(writer);
        assert!(matches!(objects.open(&unfinished, 0..1).await, Err(ObjectError::Absent(_))));

        let now = seconds(since_1970());
        let found = older_than(objects, now.plus(Duration::from_secs(5))).await;
        let mut all = vec![empty, small.clone(), large.clone()];
        all.sort();
        assert_eq!(found, all);
        assert!(older_than(objects, UnixTime(now.0 - 600)).await.is_empty());

        objects.remove(&large).await.unwrap();
        objects.remove(&large).await.unwrap();
        assert!(matches!(objects.open(&large, 0..1).await, Err(ObjectError::Absent(_))));
        assert_eq!(read(objects, &small, 0..5).await.unwrap(), b"hello");
    }

    /// Whoever reads already reads on.
    async fn reads_on(objects: &Objects) {
        let pattern = vec![7; limits::OBJECT_BLOCK_BYTES * 3];
        let large = put(objects, &[&pattern]).await;
        let mut reader = objects.open(&large, 0..pattern.len() as u64).await.unwrap();
        objects.remove(&large).await.unwrap();
        let mut all = vec![];
        while let Some(bytes) = reader.next().await {
            all.extend_from_slice(&bytes.unwrap());
        }
        assert_eq!(all, pattern);
    }

    /// The bucket that `tests/ceph/run` has made.
    async fn bucket(instance: &str) -> Option<Objects> {
        let set = |name: &str| std::env::var(format!("CLOUD_PYTHON_S3_{name}")).ok();
        let Some(endpoint) = set("ENDPOINT") else {
            println!("skipped: objects in a bucket (tests/ceph/run starts a gateway and runs this)");
            return None;
        };
        let set = |name: &str| set(name).unwrap();
        let config = S3Config {
            endpoint,
            bucket: set("BUCKET"),
            region: "us-east-1".to_owned(),
            access_key: set("ACCESS_KEY"),
            secret_key: crate::domain::Secret::new(set("SECRET_KEY")),
            ca: None,
            patience: limits::OBJECT_PATIENCE,
        };
        Some(Objects::s3(&config, instance).await.unwrap())
    }

    #[tokio::test]
    async fn a_bucket_behaves() {
        let Some(objects) = bucket(&encode_hex(&random::<8>().unwrap())).await else { return };
        behaves(&objects).await;
    }

    #[tokio::test]
    async fn a_large_object_goes_to_a_bucket_in_parts_and_one_given_up_leaves_none() {
        let Some(objects) = bucket(&encode_hex(&random::<8>().unwrap())).await else { return };
        let pattern = pattern(limits::OBJECT_PART_BYTES * 2 + 70_000);
        let (kept, given_up) = (objects.name().unwrap(), objects.name().unwrap());
        let mut uploads = vec![];
        for name in [&kept, &given_up] {
            let mut writer = objects.create(name).await.unwrap();
            for piece in pattern.chunks(1 << 20) {
                writer.write(Bytes::copy_from_slice(piece)).await.unwrap();
                if let Some(upload) = writer.unnoted() {
                    uploads.push(upload.to_owned());
                    writer.note();
                }
            }
            assert!(matches!(objects.open(name, 0..1).await, Err(ObjectError::Absent(_))), "nobody finds it yet");
            match name == &kept {
                true => writer.finish().await.unwrap(),
                false => drop(writer),
            }
        }
        assert_eq!(uploads.len(), 2);
        assert!(read(&objects, &kept, 0..pattern.len() as u64).await.unwrap() == pattern);
        assert_eq!(read(&objects, &kept, 8_388_600..8_388_700).await.unwrap(), pattern[8_388_600..8_388_700]);
        assert!(matches!(objects.open(&given_up, 0..1).await, Err(ObjectError::Absent(_))));
        // Giving up what is over, or given up, is nothing.
        objects.abort(&kept, &uploads[0]).await.unwrap();
        objects.abort(&given_up, &uploads[1]).await.unwrap();
        objects.abort(&given_up, &uploads[1]).await.unwrap();
        assert!(read(&objects, &kept, 0..10).await.is_ok());
        objects.remove(&kept).await.unwrap();
    }

    #[tokio::test]
    async fn a_bucket_that_cannot_be_used_is_named() {
        let config = |endpoint: &str| S3Config {
            endpoint: endpoint.to_owned(),
            bucket: "amo".to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "AK".to_owned(),
            secret_key: crate::domain::Secret::new("hunter2".to_owned()),
            ca: None,
            patience: limits::OBJECT_PATIENCE,
        };
        // Nobody listens there: the port was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let error = Objects::s3(&config(&format!("http://127.0.0.1:{port}")), "x").await.unwrap_err().to_string();
        assert!(error.contains("the bucket amo at http://127.0.0.1:"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[tokio::test]
    async fn memory_behaves() {
        behaves(&Objects::memory("ours")).await;
        reads_on(&Objects::memory("ours")).await;
    }

    #[tokio::test]
    async fn a_directory_behaves_and_is_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::directory(folder.path(), "ours").await.unwrap();
        behaves(&objects).await;
        reads_on(&objects).await;
        let name = put(&objects, &[b"kept"]).await;
        let again = Objects::directory(folder.path(), "ours").await.unwrap();
        assert_eq!(read(&again, &name, 0..4).await.unwrap(), b"kept");
        // Another instance in the same place sees nothing of it.
        let theirs = Objects::directory(folder.path(), "theirs").await.unwrap();
        assert!(older_than(&theirs, UnixTime(u64::MAX)).await.is_empty());
        behaves(&theirs).await;
    }

    #[tokio::test]
    async fn what_a_crash_has_left_in_a_directory_is_found_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::directory(folder.path(), "ours").await.unwrap();
        let left = folder.path().join("ours/new/0123456789abcdef0123456789abcdef");
        std::fs::write(&left, "half").unwrap();
        let found = older_than(&objects, UnixTime(u64::MAX)).await;
        assert_eq!(found, ["ours/01/23456789abcdef0123456789abcdef"]);
        objects.remove(&found[0]).await.unwrap();
        assert!(!left.exists());
    }

    #[tokio::test]
    async fn a_file_that_is_shorter_than_it_was_is_a_failure_not_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::directory(folder.path(), "ours").await.unwrap();
        let name = put(&objects, &[&[7; 3 << 20]]).await;
        let mut reader = objects.open(&name, 0..3 << 20).await.unwrap();
        let path = folder.path().join(&name);
        std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(1 << 20).unwrap();
        let mut last = None;
        while let Some(bytes) = reader.next().await {
            last = Some(bytes);
        }
        assert!(matches!(last, Some(Err(ObjectError::Failed(_)))));
    }
}
