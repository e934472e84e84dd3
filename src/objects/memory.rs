//! Objects in memory, for tests: the same promises, but that they end with the process.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::{Found, ObjectError, seconds};
use crate::clock::since_1970;
use crate::domain::UnixTime;

/// Objects by name. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(Arc<Mutex<BTreeMap<String, (Bytes, UnixTime)>>>);

#[derive(Debug)]
pub(super) struct MemoryWriter {
    memory: Memory,
    name: String,
    bytes: Vec<u8>,
}

impl Memory {
    pub(super) fn create(&self, name: &str) -> MemoryWriter {
        MemoryWriter { memory: self.clone(), name: name.to_owned(), bytes: vec![] }
    }

    pub(super) fn open(&self, name: &str, bytes: Range<u64>) -> Result<Bytes, ObjectError> {
        let all = self.all().get(name).map(|(bytes, _)| bytes.clone());
        let all = all.ok_or_else(|| ObjectError::Absent(name.to_owned()))?;
        let range = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        match bytes.end <= all.len() as u64 {
            true => Ok(all.slice(range(bytes.start)..range(bytes.end))),
            false => Err(ObjectError::Failed(format!("{name} has {} bytes", all.len()))),
        }
    }

    pub(super) fn remove(&self, name: &str) {
        self.all().remove(name);
    }

    pub(super) fn list(&self, prefix: &str) -> Vec<Found> {
        let all = self.all();
        let wanted = all.iter().filter(|(name, _)| name.starts_with(prefix));
        wanted.map(|(name, (_, modified))| Found { name: name.clone(), modified: *modified }).collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, (Bytes, UnixTime)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryWriter {
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn finish(self) {
        let Self { memory, name, bytes } = self;
        memory.all().insert(name, (bytes.into(), seconds(since_1970())));
    }
}
