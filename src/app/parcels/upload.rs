//! Uploading: bytes go to a place where nobody finds them, then one transaction uses the permission up and writes the record.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::super::{App, AppError};
use super::streams::Stream;
use super::take;
use crate::config::limits;
use crate::domain::{
    Credential, Error, Json, Metadata, Network, OperationKind, Outcome, Parcel, ParcelHasher, ParcelId, ParcelOutcome,
    ParcelUser, Permission,
};
use crate::objects::{ObjectError, Objects, Writer};
use crate::store::View;

const NOT_THEIR_OWN: &str = "a parcel is uploaded by its owner: `owner` must be the token's user";

/// A piece of a parcel that is being uploaded.
#[derive(Debug)]
pub enum Piece {
    /// Whose it is to be. Once.
    Owner(ParcelUser),
    /// What they say about it. Once.
    Metadata(Json),
    /// The next bytes of its data. At least one, perhaps empty.
    Data(Bytes),
}

/// Pieces of a parcel, as they come: in any order, but quickest with the data last.
pub trait Pieces {
    /// The next piece; nothing at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Piece>, Error>> + Send;
}

/// What has come so far.
struct Arriving {
    owner: Option<ParcelUser>,
    metadata: Option<Json>,
    name: Option<ParcelHasher>,
    /// SHA-256 of the data, if it was declared.
    data: Option<Sha256>,
    size: u64,
    begun: bool,
    writer: Writer,
}

impl App {
    /// Takes a parcel in. The permission is looked at before the first piece is asked for.
    pub async fn upload(
        &self,
        from: Network,
        credential: &Credential,
        pieces: &mut (impl Pieces + Send),
    ) -> Result<Outcome, Error> {
        let answer = self.take_in(from, credential, pieces).await;
        self.0.metrics.answered("parcel_upload", answer.as_ref().map(drop));
        answer.map(|id| Outcome::Parcel(ParcelOutcome::Uploaded(id)))
    }

    async fn take_in(
        &self,
        from: Network,
        credential: &Credential,
        pieces: &mut (impl Pieces + Send),
    ) -> Result<ParcelId, Error> {
        let permission = self.holder(from, credential, OperationKind::Upload).await?;
        self.0.streams.count(from)?;
        let mut stream = self.0.streams.begin(from)?;
        let room = self.0.rooms.store.read(|view| Ok(self.room(view, &permission.user))).map_err(AppError::from)??;
        let objects = &self.0.rooms.objects;
        let object = objects.name().map_err(AppError::from)?;
        stream.writes(&object);
        let mut arriving = Arriving {
            owner: None,
            metadata: None,
            name: None,
            data: permission.operation.declared().map(|_| Sha256::new()),
            size: 0,
            begun: false,
            writer: objects.create(&object).await.map_err(AppError::from)?,
        };
        while let Some(piece) = pieces.next().await? {
            arriving.take(piece, &permission, room).await?;
            if let Some(upload) = arriving.writer.unnoted() {
                self.note(&object, upload).await?;
                arriving.writer.note();
            }
        }
        self.0.metrics.parcel_bytes_in.inc_by(arriving.size);
        self.keep(arriving, permission, object, stream).await
    }

    /// Writes down what the object store would keep for ever if we died now.
    async fn note(&self, object: &str, upload: &str) -> Result<(), AppError> {
        let (object, upload, now) = (object.to_owned(), upload.to_owned(), self.0.rooms.clock.now());
        let noted = self.0.rooms.store.write(move |change| change.put_upload(&object, &upload, now)).await;
        Ok(noted?)
    }

    /// Bytes that one more parcel of this user may have.
    fn room(&self, view: &View<'_>, user: &ParcelUser) -> Result<u64, Error> {
        let limits = &self.0.settings.parcels;
        let (own, all) =
            (view.user_totals(user).map_err(AppError::from)?, view.parcel_totals().map_err(AppError::from)?);
        if limits.registered_only && !view.is_registered(user).map_err(AppError::from)? {
            return Err(Error::Forbidden("uploads are for users whose key an approved account has registered"));
        }
        if own.parcels >= limits::USER_PARCELS {
            let many = format!("there are {} parcels of this owner, and no more are kept", own.parcels);
            return Err(Error::TooLarge(many));
        }
        let all_room = limits.all_bytes.saturating_sub(all.bytes);
        if all.parcels >= limits::PARCELS || all_room == 0 {
            return Err(Error::Overloaded(limits::FULL_WAIT));
        }
        Ok(limits.bytes.min(limits.user_bytes.saturating_sub(own.bytes)).min(all_room))
    }

    /// Finishes the object and writes the record. What is not needed in the end is removed, now or by the sweep.
    async fn keep(
        &self,
        arriving: Arriving,
        permission: Permission,
        object: String,
        stream: Stream,
    ) -> Result<ParcelId, Error> {
        let objects = &self.0.rooms.objects;
        let (owner, metadata) = arriving.described(&permission)?;
        let Arriving { name, size, writer, .. } = arriving;
        writer.finish().await.map_err(AppError::from)?;
        let kept = async {
            let name = match name {
                Some(name) => name,
                None => hash_again(objects, &object, size, ParcelHasher::new(&owner, &metadata)).await?,
            };
            let (id, created) = (name.finish(self.0.settings.parcels.service), self.0.rooms.clock.now());
            let parcel = Parcel { id, owner, metadata, size, object: object.clone(), created };
            self.write_record(parcel, permission).await
        };
        let kept = kept.await;
        // After any other error it is not known whether there is a record: the sweep finds out when the store works again.
        if matches!(kept, Ok((_, false)) | Err(AppError::Refused(_) | AppError::Objects(_))) {
            let removed = objects.remove(&object).await;
            removed.unwrap_or_else(|error| tracing::debug!(%error, "an object is left to the sweep"));
        }
        drop(stream);
        kept.map(|(id, _)| id).map_err(Error::from)
    }

    /// Says whether it is new. The same content again is the parcel that is there.
    async fn write_record(&self, parcel: Parcel, permission: Permission) -> Result<(ParcelId, bool), AppError> {
        let app = self.clone();
        let written = self.0.rooms.store.write(move |change| {
            take(change, &permission)?;
            if change.parcel(&parcel.id)?.is_some() {
                return Ok((parcel.id, false));
            }
            // Others may have filled the room meanwhile.
            let room = app.room(change, &parcel.owner)?;
            if parcel.size > room {
                return Err(AppError::from(too_large(room)));
            }
            change.put_parcel(&parcel)?;
            Ok((parcel.id, true))
        });
        written.await
    }
}

impl Arriving {
    async fn take(&mut self, piece: Piece, permission: &Permission, room: u64) -> Result<(), Error> {
        match piece {
            Piece::Owner(_) if self.owner.is_some() => Err(malformed("`owner` is there twice")),
            Piece::Owner(owner) if owner != permission.user => Err(Error::Forbidden(NOT_THEIR_OWN)),
            Piece::Owner(owner) => {
                self.owner = Some(owner);
                Ok(())
            }
            Piece::Metadata(_) if self.metadata.is_some() => Err(malformed("`metadata` is there twice")),
            Piece::Metadata(metadata) => {
                self.metadata = Some(metadata);
                Ok(())
            }
            Piece::Data(bytes) => self.take_data(bytes, permission, room).await,
        }
    }

    async fn take_data(&mut self, bytes: Bytes, permission: &Permission, room: u64) -> Result<(), Error> {
        if !self.begun && self.owner.is_some() && self.metadata.is_some() {
            let (owner, metadata) = self.description(permission)?;
            self.name = Some(ParcelHasher::new(&owner, &metadata));
        }
        self.begun = true;
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > room {
            return Err(too_large(room));
        }
        if let Some(name) = &mut self.name {
            name.update(&bytes);
        }
        if let Some(data) = &mut self.data {
            data.update(&bytes);
        }
        Ok(self.writer.write(bytes).await.map_err(AppError::from)?)
    }

    /// Owner and metadata of a parcel that has come whole.
    fn described(&self, permission: &Permission) -> Result<(ParcelUser, Metadata), Error> {
        let description = self.description(permission)?;
        if !self.begun {
            return Err(malformed("missing field `file`: the parcel's data"));
        }
        let hash: Option<[u8; 32]> = self.data.clone().map(|data| data.finalize().into());
        match hash == permission.operation.declared() {
            true => Ok(description),
            false => Err(malformed("the data does not have the hash that was declared for this token")),
        }
    }

    fn description(&self, permission: &Permission) -> Result<(ParcelUser, Metadata), Error> {
        let owner = self.owner.clone().ok_or_else(|| malformed("missing field `owner`"))?;
        let json = self.metadata.as_ref().ok_or_else(|| malformed("missing field `metadata`"))?;
        let metadata = Metadata::of(json, &permission.user);
        let metadata = metadata.map_err(|error| Error::Malformed(format!("`metadata`: {error}")))?;
        Ok((owner, metadata))
    }
}

/// The name of a parcel whose data came before it was known whose it is.
async fn hash_again(
    objects: &Objects,
    object: &str,
    size: u64,
    mut name: ParcelHasher,
) -> Result<ParcelHasher, ObjectError> {
    let mut reader = objects.open(object, 0..size).await?;
    while let Some(bytes) = reader.next().await {
        name.update(&bytes?);
    }
    Ok(name)
}

fn malformed(sentence: &str) -> Error {
    Error::Malformed(sentence.to_owned())
}

fn too_large(room: u64) -> Error {
    Error::TooLarge(format!("the parcel's data is larger than {room} bytes, which is what there is room for"))
}
