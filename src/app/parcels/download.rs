//! Downloading: the object store must have begun to deliver before the permission is used up.

use std::ops::Range;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::super::{App, AppError};
use super::streams::Stream;
use super::take;
use crate::config::limits;
use crate::domain::{Credential, Error, Network, OperationKind, Parcel, ParcelId, Permission};
use crate::objects::{ObjectError, Reader};

const NOT_ALLOWED: &str = "not allowed to download this parcel: its owner has not let you in";

/// A parcel that is being downloaded. Dropped, it is read no further.
#[derive(Debug)]
pub struct Download {
    /// What is known of it.
    pub parcel: Parcel,
    /// Which of its bytes come.
    pub range: Range<u64>,
    pieces: mpsc::Receiver<Result<Bytes, Broken>>,
    reading: JoinHandle<()>,
}

/// The object store has failed after it had begun. The permission is good again if nothing had come.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the object store failed")]
pub struct Broken;

impl App {
    /// Begins to hand a parcel out: the bytes that `wanted` picks, which knows the parcel by then. If it picks none, nothing has
    /// been used up.
    pub async fn download(
        &self,
        from: Network,
        credential: &Credential,
        id: ParcelId,
        wanted: impl FnOnce(&Parcel) -> Result<Range<u64>, Error> + Send,
    ) -> Result<Download, Error> {
        let answer = self.hand_out(from, credential, id, wanted).await;
        self.0.metrics.answered("parcel_download", answer.as_ref().map(drop));
        answer
    }

    async fn hand_out(
        &self,
        from: Network,
        credential: &Credential,
        id: ParcelId,
        wanted: impl FnOnce(&Parcel) -> Result<Range<u64>, Error> + Send,
    ) -> Result<Download, Error> {
        let permission = self.holder(from, credential, OperationKind::Download).await?;
        if !permission.operation.allows(OperationKind::Download, &id) {
            return Err(Error::Unauthorized);
        }
        self.0.streams.count(from)?;
        let stream = self.0.streams.begin(from)?;
        let parcel = self.0.rooms.store.read(|view| {
            let Some(parcel) = view.parcel(&id)? else { return Ok(None) };
            let may = view.may_download(&parcel, &permission.user)?;
            Ok(Some((parcel, may)))
        });
        let opened = match parcel.map_err(AppError::from)? {
            Some((parcel, true)) => {
                let range = wanted(&parcel)?;
                let opened = self.0.rooms.objects.open(&parcel.object, range.clone()).await;
                Some((parcel, range, opened))
            }
            Some((_, false)) | None => None,
        };
        // Whatever was found is looked at again where it counts.
        let opened = self.use_up(&permission, id, opened).await?;
        let (parcel, range, reader) = opened;
        Ok(self.deliver(parcel, range, reader, permission, stream))
    }

    /// Uses the permission up, unless the object store has failed.
    async fn use_up(
        &self,
        permission: &Permission,
        id: ParcelId,
        opened: Option<(Parcel, Range<u64>, Result<Reader, ObjectError>)>,
    ) -> Result<(Parcel, Range<u64>, Reader), Error> {
        if let Some((_, _, Err(error))) = &opened
            && !matches!(error, ObjectError::Absent(_))
        {
            return Err(Error::Ours(error.to_string()));
        }
        let permission = permission.clone();
        let used = self.0.rooms.store.write(move |change| {
            let Some(parcel) = change.parcel(&id)? else {
                take(change, &permission)?;
                return Ok(Err(Error::NotFound));
            };
            if !change.may_download(&parcel, &permission.user)? {
                take(change, &permission)?;
                return Ok(Err(Error::Forbidden(NOT_ALLOWED)));
            }
            let Some((found, range, Ok(reader))) = opened else {
                return Err(AppError::from(ObjectError::Absent(parcel.object)));
            };
            take(change, &permission)?;
            Ok(Ok((found, range, reader)))
        });
        used.await?
    }

    /// Reads ahead of whoever fetches, a little.
    fn deliver(
        &self,
        parcel: Parcel,
        range: Range<u64>,
        mut reader: Reader,
        permission: Permission,
        stream: Stream,
    ) -> Download {
        let (sender, pieces) = mpsc::channel(limits::DOWNLOAD_AHEAD);
        let app = self.clone();
        let reading = tokio::spawn(async move {
            let (_stream, mut begun) = (stream, false);
            while let Some(piece) = reader.next().await {
                let failed = piece.is_err();
                let piece = match piece {
                    Ok(bytes) => {
                        app.0.metrics.parcel_bytes_out.inc_by(bytes.len() as u64);
                        begun |= !bytes.is_empty();
                        Ok(bytes)
                    }
                    Err(error) => {
                        crate::telemetry::warn_sparingly!("a download broke off: {error}");
                        if !begun {
                            app.give_back(&permission).await;
                        }
                        Err(Broken)
                    }
                };
                if sender.send(piece).await.is_err() || failed {
                    return;
                }
            }
        });
        Download { parcel, range, pieces, reading }
    }

    async fn give_back(&self, permission: &Permission) {
        let permission = permission.clone();
        let back = self.0.rooms.store.write(move |change| change.return_permit(&permission)).await;
        back.unwrap_or_else(|error| crate::telemetry::warn_sparingly!("a permission was not given back: {error}"));
    }
}

impl Download {
    /// The next bytes; nothing at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, Broken>> {
        self.pieces.recv().await
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        // A permission that is being given back is given back: the store brings to its end what it has begun.
        self.reading.abort();
    }
}
