//! Parcels: permissions, metadata, removal, grants, and the keys of accounts.
//!
//! | file | what it knows |
//! |---|---|
//! | `upload` | bytes first, then the record |
//! | `given` | parcels as files of a run |
//! | `download` | the bytes, and when a permission is used up |
//! | `streams` | how many are under way, and whose |
//! | `sweep` | bytes without a record |
//!
//! A permission is used up in the transaction that does what it is for, and stays good if that fails by our fault or if the request
//! was malformed. Everything about a parcel but its bytes is in the store, and a parcel whose record is there can be read: the bytes
//! come first when it is made, and go last when it is removed.

mod download;
mod given;
mod streams;
mod sweep;
mod upload;

pub use download::{Broken, Download};
pub(super) use streams::Streams;
pub use upload::{Piece, Pieces};

use super::{App, AppError};
use crate::auth::{Member, Principal, key_of};
use crate::config::limits;
use crate::domain::{
    Actor, Credential, Error, Event, Network, OperationKind, Outcome, Parcel, ParcelAction, ParcelId, ParcelOutcome,
    ParcelUser, Permission, Signed,
};
use crate::store::Change;

const NOT_SIGNED: &str =
    "the key has not signed the words `cloud-python parcel key of EMAIL`, with the account's address";
const NOT_THE_OWNER: &str = "only the owner of a parcel says who may download it";

impl App {
    pub(super) async fn parcel(
        &self,
        from: Network,
        principal: &Principal,
        action: ParcelAction,
    ) -> Result<Outcome, Error> {
        let rooms = &self.0.rooms;
        let outcome = match action {
            ParcelAction::Permit(user, operation) => {
                principal.nobody()?;
                let token = rooms.auth.permits().issue(&user, &operation, rooms.clock.now()).map_err(AppError::from)?;
                ParcelOutcome::Permitted(token)
            }
            ParcelAction::Metadata(id) => ParcelOutcome::Metadata(self.find_parcel(id)?.metadata),
            ParcelAction::Owner(id) => ParcelOutcome::Owner(self.find_parcel(id)?.owner),
            ParcelAction::Remove(id) => self.remove_parcel(from, principal.holder()?, id).await?,
            ParcelAction::Grant(id, user) => self.grant(from, principal.holder()?, id, user).await?,
            ParcelAction::Revoke(id, user) => self.revoke(from, principal.holder()?, id, user).await?,
            ParcelAction::RegisterKey(signed) => self.register_key(principal.member()?, signed).await?,
        };
        Ok(Outcome::Parcel(outcome))
    }

    /// Whoever shows a permission for this kind of call.
    async fn holder(&self, from: Network, credential: &Credential, kind: OperationKind) -> Result<Permission, Error> {
        let permission = self.0.rooms.auth.admit(from, credential).await?.holder()?.clone();
        if permission.high_s {
            self.0.metrics.high_signatures.inc();
        }
        // Looked at again in the transaction that uses it. This is to say no before anything is spent.
        let used = self.0.rooms.store.read(|view| view.is_used(&permission)).map_err(AppError::from)?;
        match !used && permission.operation.kind == kind {
            true => Ok(permission),
            false => Err(Error::Unauthorized),
        }
    }

    fn find_parcel(&self, id: ParcelId) -> Result<Parcel, Error> {
        self.0.rooms.store.read(|view| view.parcel(&id)).map_err(AppError::from)?.ok_or(Error::NotFound)
    }

    /// The record goes first. If the bytes stay, for whatever reason, the sweep finds them.
    async fn remove_parcel(
        &self,
        from: Network,
        permission: &Permission,
        id: ParcelId,
    ) -> Result<ParcelOutcome, Error> {
        let permission = self.check(from, permission, OperationKind::Remove, id)?;
        let removed = self.0.rooms.store.write(move |change| {
            take(change, &permission)?;
            let Some(parcel) = change.parcel(&id)? else { return Ok(Err(Error::Gone)) };
            if parcel.owner != permission.user {
                return Ok(Err(Error::NotTheirs));
            }
            change.remove_parcel(&parcel)?;
            Ok::<_, AppError>(Ok(parcel))
        });
        let parcel = removed.await??;
        if let Err(error) = self.0.rooms.objects.remove(&parcel.object).await {
            crate::telemetry::warn_sparingly!("bytes of a removed parcel stay until the sweep: {error}");
        }
        Ok(ParcelOutcome::Removed)
    }

    async fn grant(
        &self,
        from: Network,
        permission: &Permission,
        id: ParcelId,
        user: ParcelUser,
    ) -> Result<ParcelOutcome, Error> {
        let permission = self.check(from, permission, OperationKind::Grant, id)?;
        let granted = self.0.rooms.store.write(move |change| {
            if let Err(error) = own(change, &permission, &id)? {
                return Ok(Err(error));
            }
            if change.grants(&id)? >= limits::PARCEL_GRANTS {
                let many = format!("{} users may download this parcel, and no more can", limits::PARCEL_GRANTS);
                return Err(Error::TooLarge(many).into());
            }
            if change.all_grants()? >= limits::ALL_GRANTS {
                return Err(Error::Overloaded(limits::FULL_WAIT).into());
            }
            change.grant(&id, &user)?;
            Ok::<_, AppError>(Ok(ParcelOutcome::Granted(id, user)))
        });
        granted.await?
    }

    async fn revoke(
        &self,
        from: Network,
        permission: &Permission,
        id: ParcelId,
        user: ParcelUser,
    ) -> Result<ParcelOutcome, Error> {
        let permission = self.check(from, permission, OperationKind::Grant, id)?;
        let revoked = self.0.rooms.store.write(move |change| {
            if let Err(error) = own(change, &permission, &id)? {
                return Ok(Err(error));
            }
            change.revoke(&id, &user)?;
            Ok::<_, AppError>(Ok(ParcelOutcome::Revoked))
        });
        revoked.await?
    }

    async fn register_key(&self, member: &Member, signed: Signed) -> Result<ParcelOutcome, Error> {
        let words = ParcelAction::registration(&member.email);
        let user = key_of(&signed, words.as_bytes()).ok_or_else(|| Error::Malformed(NOT_SIGNED.to_owned()))?;
        let (now, id, email, key) = (self.0.rooms.clock.now(), member.id, member.email.clone(), user.clone());
        let registered = self.0.rooms.store.write(move |change| {
            change.put_parcel_user(id, &key)?;
            change.append_audit(now, Actor::Owner, Event::ParcelKeyRegistered, Some(&email))?;
            Ok::<_, AppError>(())
        });
        registered.await?;
        Ok(ParcelOutcome::KeyRegistered(user))
    }

    /// Whether a permission is for this, and this network may use one now.
    fn check(
        &self,
        from: Network,
        permission: &Permission,
        kind: OperationKind,
        id: ParcelId,
    ) -> Result<Permission, Error> {
        if permission.high_s {
            self.0.metrics.high_signatures.inc();
        }
        if !permission.operation.allows(kind, &id) {
            return Err(Error::Unauthorized);
        }
        self.0.streams.count(from)?;
        Ok(permission.clone())
    }
}

/// Uses a permission up. Of two who show the same one, one finds it used.
fn take(change: &mut Change<'_>, permission: &Permission) -> Result<(), AppError> {
    match change.use_permit(permission)? {
        true => Ok(()),
        false => Err(Error::Unauthorized.into()),
    }
}

/// Uses a permission up, and says whether the parcel is its holder's.
fn own(change: &mut Change<'_>, permission: &Permission, id: &ParcelId) -> Result<Result<(), Error>, AppError> {
    take(change, permission)?;
    Ok(match change.parcel(id)? {
        None => Err(Error::NotFound),
        Some(parcel) if parcel.owner != permission.user => Err(Error::Forbidden(NOT_THE_OWNER)),
        Some(_) => Ok(()),
    })
}
