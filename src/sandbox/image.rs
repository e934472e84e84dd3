//! The runtime image: where it lies, that it is the one we made, and the precompiled form that is mapped.
//!
//! Owns: the cache folder, the hashes, compiling and loading. Not here: how CPython gets into the image (`python-wasm`,
//! `fetch-runtime.sh`), the snapshot (`snapshot`).
//!
//! Two files. `runtime/python.wasm` is what `fetch-runtime.sh` makes, with its SHA-256 beside it. From it comes, once for
//! each machine, wasmtime version and meter, `prepared/<key>-<BLAKE3 of its bytes>.cwasm`: native code. Loading native code
//! is trusting it, so the folder must be ours alone and the bytes must be those of the name.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::{Engine, Module};

use super::SandboxError;
use super::engine::{self, Meter};
use crate::config::limits;
use crate::disk;

/// No image that could be run.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Nobody has made one yet.
    #[error("there is no runtime image at {0}: make it with ./fetch-runtime.sh")]
    Missing(PathBuf),
    /// Neither `CLOUD_PYTHON_CACHE`, `XDG_CACHE_HOME` nor `HOME` is set.
    #[error("no cache folder: set CLOUD_PYTHON_CACHE, XDG_CACHE_HOME or HOME")]
    NoCache,
    /// The bytes are not those that were made.
    #[error("{0} is not what was made: its hash is wrong. Delete it and run ./fetch-runtime.sh")]
    Hash(PathBuf),
    /// Somebody else could have written native code there.
    #[error("{0} must belong to you and be writable by nobody else (chmod go-w)")]
    Permissions(PathBuf),
    /// The disk said no.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] std::io::Error),
    /// The module is not one that we can run.
    #[error("the runtime image cannot be used: {0}")]
    Module(String),
}

/// Where images are kept: `CLOUD_PYTHON_CACHE`, else `cloud-python` in the user's cache folder.
pub fn cache_folder() -> Result<PathBuf, ImageError> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("CLOUD_PYTHON_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|folder| folder.join("cloud-python")))
        .or_else(|| set("HOME").map(|folder| folder.join(".cache/cloud-python")))
        .ok_or(ImageError::NoCache)
}

/// An image that was made by `fetch-runtime.sh`, not read yet.
#[derive(Clone, Debug)]
pub struct Source {
    cache: PathBuf,
    wasm: PathBuf,
    sha256: String,
}

impl Source {
    /// Finds the image in a cache folder. Its hash is checked when it is compiled.
    pub fn find(cache: &Path) -> Result<Self, ImageError> {
        let wasm = cache.join("runtime/python.wasm");
        let beside = cache.join("runtime/python.wasm.sha256");
        let line = std::fs::read_to_string(&beside).map_err(|_| ImageError::Missing(wasm.clone()))?;
        let sha256 = line.split_whitespace().next().unwrap_or_default().to_owned();
        match sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            true => Ok(Self { cache: cache.to_owned(), wasm, sha256 }),
            false => Err(ImageError::Hash(beside)),
        }
    }

    /// The SHA-256 of the image, in lower-case hex. Goes into `/version` and receipts.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Reads the image's bytes, if they are the right ones.
    pub fn read(&self) -> Result<Vec<u8>, ImageError> {
        let bytes = std::fs::read(&self.wasm).map_err(|e| ImageError::Io(self.wasm.clone(), e))?;
        match hex(&Sha256::digest(&bytes)) == self.sha256 {
            true => Ok(bytes),
            false => Err(ImageError::Hash(self.wasm.clone())),
        }
    }

    /// Opens the precompiled form, checking its hash. Nothing if it has not been made for this meter and wasmtime.
    pub fn open_prepared(&self, meter: Meter) -> Result<Option<Prepared>, ImageError> {
        let folder = self.cache.join("prepared");
        let prefix = format!("{}-", self.key(meter)?);
        let Ok(entries) = std::fs::read_dir(&folder) else { return Ok(None) };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let Some(name) = names.filter(|name| name.starts_with(&prefix) && name.ends_with(".cwasm")).min() else {
            return Ok(None);
        };
        only_ours(&folder)?;
        let hash = name.trim_start_matches(&prefix).trim_end_matches(".cwasm").to_owned();
        Prepared::open(folder.join(name), &hash).map(Some)
    }

    /// Compiles the image and keeps the result. Takes seconds; says so through `progress`.
    pub fn prepare(&self, meter: Meter, progress: impl Fn(&str)) -> Result<Prepared, ImageError> {
        if let Some(prepared) = self.open_prepared(meter)? {
            return Ok(prepared);
        }
        let folder = self.cache.join("prepared");
        private_folder(&folder)?;
        // Whoever comes second waits, and finds it made.
        let _lock = lock(&folder)?;
        if let Some(prepared) = self.open_prepared(meter)? {
            return Ok(prepared);
        }
        progress(&format!("compiling the runtime image (meter: {}), once for this machine ...", meter.name()));
        let wasm = self.read()?;
        let engine = engine::compiling(meter).map_err(|e| ImageError::Module(e.to_string()))?;
        let native = engine.precompile_module(&wasm).map_err(|e| ImageError::Module(e.to_string()))?;
        make_room(&folder);
        let hash = blake3::hash(&native).to_hex().to_string();
        let path = folder.join(format!("{}-{hash}.cwasm", self.key(meter)?));
        disk::put(&path, &native, 0o600).map_err(|e| ImageError::Io(path.clone(), e))?;
        progress("compiled");
        Prepared::open(path, &hash)
    }

    /// What a precompiled form depends on: image, wasmtime version and engine settings.
    fn key(&self, meter: Meter) -> Result<String, ImageError> {
        let engine = engine::compiling(meter).map_err(|e| ImageError::Module(e.to_string()))?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let image = self.sha256.get(..16).unwrap_or_default();
        Ok(format!("{image}-{:016x}-{}", hasher.finish(), meter.name()))
    }
}

/// A precompiled image, open and checked. The launcher maps this very file.
#[derive(Debug)]
pub struct Prepared {
    file: File,
}

impl Prepared {
    fn open(path: PathBuf, hash: &str) -> Result<Self, ImageError> {
        let wrong = |e| ImageError::Io(path.clone(), e);
        let file = File::open(&path).map_err(wrong)?;
        let metadata = file.metadata().map_err(wrong)?;
        if !ours_alone(&metadata) {
            return Err(ImageError::Permissions(path));
        }
        // By the open file, not by its name, which may come to mean another.
        let this = format!("/proc/self/fd/{}", file.as_raw_fd());
        let found = blake3::Hasher::new().update_mmap_rayon(this).map_err(wrong)?.finalize();
        match found.to_hex().as_str() == hash {
            true => Ok(Self { file }),
            false => Err(ImageError::Hash(path)),
        }
    }

    /// The open file.
    pub fn file(&self) -> &File {
        &self.file
    }
}

/// Maps a precompiled image that the server has checked.
pub(super) fn load(engine: &Engine, file: File) -> Result<Module, SandboxError> {
    // SAFETY: the file is one that `Prepared::open` checked against the hash of what we compiled, in a folder that only
    // this user can write to; wasmtime itself checks version, settings and processor.
    unsafe { Module::deserialize_open_file(engine, file) }.map_err(SandboxError::image)
}

fn only_ours(folder: &Path) -> Result<(), ImageError> {
    let metadata = std::fs::metadata(folder).map_err(|e| ImageError::Io(folder.to_owned(), e))?;
    match ours_alone(&metadata) {
        true => Ok(()),
        false => Err(ImageError::Permissions(folder.to_owned())),
    }
}

fn ours_alone(metadata: &std::fs::Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.permissions().mode() & 0o022 == 0
}

fn private_folder(folder: &Path) -> Result<(), ImageError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|e| ImageError::Io(folder.to_owned(), e))?;
    only_ours(folder)
}

/// Held until dropped, by one process at a time.
fn lock(folder: &Path) -> Result<File, ImageError> {
    let path = folder.join("lock");
    let locked = || {
        let file = File::options().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive)?;
        Ok(file)
    };
    locked().map_err(|e| ImageError::Io(path.clone(), e))
}

/// Deletes the oldest precompiled images, 100 MB each. One that is still mapped lives on until it is not.
fn make_room(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut images: Vec<_> = entries.filter(|entry| entry.path().extension().is_some_and(|is| is == "cwasm")).collect();
    images.sort_by_key(|entry| std::cmp::Reverse(entry.metadata().and_then(|data| data.modified()).ok()));
    for entry in images.iter().skip(limits::PREPARED_IMAGES - 1) {
        // One that stays costs room, nothing else.
        let _ = std::fs::remove_file(entry.path());
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
