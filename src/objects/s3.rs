//! Objects in a bucket of an S3 service, such as Ceph's gateway.
//!
//! Owns: one request for what is small, and a multipart upload for what is not, of which one part is gathered while another is on
//! its way. A multipart upload that was never completed is seen by nobody but the bill: whoever begins one writes it down before
//! its first part is sent ([`S3Writer::unnoted`]), and gives it up later if need be ([`S3::abort`]). Not here: the wire.

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{BackoffConfig, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::wire::Wire;
use super::{Found, ObjectError};
use crate::config::{S3Config, limits};
use crate::domain::UnixTime;

/// A bucket.
#[derive(Clone, Debug)]
pub(super) struct S3(Arc<AmazonS3>);

/// An object that is being written.
#[derive(Debug)]
pub(super) struct S3Writer {
    store: S3,
    path: Path,
    gathered: BytesMut,
    multipart: Option<Multipart>,
}

/// An upload in parts. Dropped uncompleted, it is given up.
#[derive(Debug)]
struct Multipart {
    store: S3,
    path: Path,
    id: String,
    noted: bool,
    begun: usize,
    parts: Vec<PartId>,
    sending: Option<JoinHandle<Result<PartId, ObjectError>>>,
    over: bool,
}

/// An object that is being read.
pub(super) struct S3Reader(BoxStream<'static, object_store::Result<Bytes>>);

impl std::fmt::Debug for S3Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("S3Reader")
    }
}

impl S3 {
    /// Opens a bucket, which must be there.
    pub(super) async fn open(config: &S3Config, instance: &str) -> Result<Self, ObjectError> {
        let secure = config.endpoint.starts_with("https://");
        let backoff = BackoffConfig { max_backoff: limits::OBJECT_BACKOFF, ..BackoffConfig::default() };
        let retry =
            RetryConfig { backoff, max_retries: limits::OBJECT_RETRIES, retry_timeout: limits::OBJECT_PATIENCE };
        let store = AmazonS3Builder::new()
            .with_endpoint(&config.endpoint)
            .with_allow_http(!secure)
            .with_bucket_name(&config.bucket)
            .with_region(&config.region)
            .with_access_key_id(&config.access_key)
            .with_secret_access_key(config.secret_key.expose())
            // What TLS protects need not be hashed for the signature, too.
            .with_unsigned_payload(secure)
            .with_disable_bulk_delete(true)
            .with_retry(retry)
            .with_http_connector(Wire::new(secure, config.ca.as_deref(), config.patience)?)
            .build();
        let store = Self(Arc::new(store.map_err(|error| ObjectError::Unusable(error.to_string()))?));
        // Whether it is there and lets us in is better known now than at the first upload.
        store.list(&format!("{instance}/00/")).await.map_err(|error| {
            ObjectError::Unusable(format!("the bucket {} at {}: {error}", config.bucket, config.endpoint))
        })?;
        Ok(store)
    }

    pub(super) fn create(&self, name: &str) -> S3Writer {
        S3Writer { store: self.clone(), path: Path::from(name), gathered: BytesMut::new(), multipart: None }
    }

    pub(super) async fn read(&self, name: &str, bytes: Range<u64>) -> Result<S3Reader, ObjectError> {
        let path = Path::from(name);
        let range = (!bytes.is_empty()).then(|| GetRange::Bounded(bytes.clone()));
        let head = range.is_none();
        let options = GetOptions { range, head, ..GetOptions::default() };
        let found = within(self.0.get_opts(&path, options)).await?;
        match found.range == bytes || (head && bytes.end <= found.meta.size) {
            true if head => Ok(S3Reader(futures_util::stream::empty().boxed())),
            true => Ok(S3Reader(found.into_stream())),
            false => Err(ObjectError::Failed(format!("{name} has {} bytes", found.meta.size))),
        }
    }

    pub(super) async fn remove(&self, name: &str) -> Result<(), ObjectError> {
        match within(self.0.delete(&Path::from(name))).await {
            Err(ObjectError::Absent(_)) => Ok(()),
            other => other,
        }
    }

    /// Gives a multipart upload up. One that is over is given up already.
    pub(super) async fn abort(&self, name: &str, upload: &str) -> Result<(), ObjectError> {
        match within(self.0.abort_multipart(&Path::from(name), &upload.to_owned())).await {
            Err(ObjectError::Absent(_)) => Ok(()),
            other => other,
        }
    }

    pub(super) async fn list(&self, prefix: &str) -> Result<Vec<Found>, ObjectError> {
        let mut all = vec![];
        let mut listed = self.0.list(Some(&Path::from(prefix)));
        while let Some(found) = timeout(limits::OBJECT_OPERATION, listed.next()).await.map_err(|_| slow())? {
            let found = found.map_err(failed)?;
            let modified = UnixTime(found.last_modified.timestamp().try_into().unwrap_or_default());
            all.push(Found { name: found.location.to_string(), modified });
        }
        Ok(all)
    }
}

/// However often it is tried again, it ends.
async fn within<T>(work: impl Future<Output = object_store::Result<T>>) -> Result<T, ObjectError> {
    timeout(limits::OBJECT_OPERATION, work).await.map_err(|_| slow())?.map_err(failed)
}

fn slow() -> ObjectError {
    ObjectError::Failed(format!("no answer within {} s", limits::OBJECT_OPERATION.as_secs()))
}

/// What the store says. Its answers, addresses and headers may be in it, but no key: what is signed has none.
fn failed(error: object_store::Error) -> ObjectError {
    match error {
        object_store::Error::NotFound { path, .. } => ObjectError::Absent(path),
        other => {
            let said = other.to_string();
            match said.contains("QuotaExceeded") || said.contains("507 Insufficient Storage") {
                true => ObjectError::Full(said),
                false => ObjectError::Failed(said),
            }
        }
    }
}

impl S3Writer {
    pub(super) async fn write(&mut self, bytes: Bytes) -> Result<(), ObjectError> {
        self.gathered.extend_from_slice(&bytes);
        if self.gathered.len() < limits::OBJECT_PART_BYTES {
            return Ok(());
        }
        match &mut self.multipart {
            // It is to be written down before its first part is sent.
            None => {
                let id = within(self.store.0.create_multipart(&self.path)).await?;
                let (store, path) = (self.store.clone(), self.path.clone());
                let (noted, over) = (false, false);
                self.multipart =
                    Some(Multipart { store, path, id, noted, begun: 0, parts: vec![], sending: None, over });
                Ok(())
            }
            Some(multipart) => {
                while self.gathered.len() >= limits::OBJECT_PART_BYTES {
                    multipart.send(self.gathered.split_to(limits::OBJECT_PART_BYTES).freeze()).await?;
                }
                Ok(())
            }
        }
    }

    /// A multipart upload that has begun and is written down nowhere.
    pub(super) fn unnoted(&self) -> Option<&str> {
        self.multipart.as_ref().filter(|multipart| !multipart.noted).map(|multipart| multipart.id.as_str())
    }

    pub(super) fn note(&mut self) {
        if let Some(multipart) = &mut self.multipart {
            multipart.noted = true;
        }
    }

    pub(super) async fn finish(self) -> Result<(), ObjectError> {
        let Self { store, path, mut gathered, multipart } = self;
        let Some(mut multipart) = multipart else {
            within(store.0.put(&path, PutPayload::from(gathered.freeze()))).await?;
            return Ok(());
        };
        while !gathered.is_empty() {
            let part = gathered.len().min(limits::OBJECT_PART_BYTES);
            multipart.send(gathered.split_to(part).freeze()).await?;
        }
        multipart.wait().await?;
        let parts = std::mem::take(&mut multipart.parts);
        within(store.0.complete_multipart(&path, &multipart.id, parts)).await?;
        multipart.over = true;
        Ok(())
    }
}

impl Multipart {
    /// Begins to send a part, once the one before it has arrived.
    async fn send(&mut self, part: Bytes) -> Result<(), ObjectError> {
        if !self.noted {
            return Err(ObjectError::Failed("a multipart upload is not written down".to_owned()));
        }
        self.wait().await?;
        let (store, path, id, number) = (self.store.clone(), self.path.clone(), self.id.clone(), self.begun);
        self.begun += 1;
        self.sending =
            Some(tokio::spawn(
                async move { within(store.0.put_part(&path, &id, number, PutPayload::from(part))).await },
            ));
        Ok(())
    }

    async fn wait(&mut self) -> Result<(), ObjectError> {
        if let Some(sending) = self.sending.take() {
            self.parts.push(sending.await.map_err(|error| ObjectError::Failed(error.to_string()))??);
        }
        Ok(())
    }
}

impl Drop for Multipart {
    fn drop(&mut self) {
        if let Some(sending) = self.sending.take() {
            sending.abort();
        }
        if self.over {
            return;
        }
        // If this does not come to its end, the sweep does it.
        let (store, path, id) = (self.store.clone(), self.path.to_string(), std::mem::take(&mut self.id));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { store.abort(&path, &id).await });
        }
    }
}

impl S3Reader {
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, ObjectError>> {
        match timeout(limits::OBJECT_PATIENCE, self.0.next()).await {
            Ok(next) => next.map(|bytes| bytes.map_err(failed)),
            Err(_) => Some(Err(slow())),
        }
    }
}
