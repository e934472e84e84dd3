//! Parcels in the store: what is kept of them, who was let in, and which permissions are used up.
//!
//! Owns: every question and every change about them, with their indexes and sums. Not here: their bytes (`objects`), and when a
//! change may be made (`app`).

use redb::TableHandle;

use super::records::{self, encode};
use super::tables::{
    GRANTS, META, META_PARCEL_BYTES, PARCEL_KEYS, PARCEL_USERS, PARCELS, PARCELS_BY_OBJECT, SECRETS, UPLOADS,
    USED_PERMITS,
};
use super::{Change, StoreError, View};
use crate::domain::{AccountId, Parcel, ParcelId, ParcelUser, Permission, Standing, UnixTime};

/// How much there is of somebody, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many parcels.
    pub parcels: u64,
    /// Bytes of their data.
    pub bytes: u64,
}

/// Bytes that the vault has sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sealed(pub(super) Vec<u8>);

/// The address of the key that an account has shown to be its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParcelKey(pub(super) [u8; 20]);

/// An upload in parts that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upload {
    /// What the object store calls it.
    pub(super) id: String,
    /// Since when.
    pub(super) since: UnixTime,
}

impl View<'_> {
    /// The parcel of this name.
    pub fn parcel(&self, id: &ParcelId) -> Result<Option<Parcel>, StoreError> {
        self.record(PARCELS, id.bytes())
    }

    /// Every parcel, in the order of their names: for whoever checks that they can be read.
    pub fn parcels(&self) -> Result<Vec<Parcel>, StoreError> {
        let rows = self.rows(PARCELS)?;
        rows.range::<&[u8; 36]>(..)?.map(|row| records::decode(PARCELS.name(), row?.1.value())).collect()
    }

    /// Whether this user owns the parcel or has been let in.
    pub fn may_download(&self, parcel: &Parcel, user: &ParcelUser) -> Result<bool, StoreError> {
        Ok(parcel.owner == *user || self.rows(GRANTS)?.get((parcel.id.bytes(), user.address()))?.is_some())
    }

    /// How many users have been let in.
    pub fn grants(&self, id: &ParcelId) -> Result<usize, StoreError> {
        let (first, last) = ((id.bytes(), &[0; 20]), (id.bytes(), &[u8::MAX; 20]));
        let rows = self.rows(GRANTS)?;
        rows.range(first..=last)?.try_fold(0, |count, row| row.map(|_| count + 1).map_err(StoreError::from))
    }

    /// How many users have been let in to parcels, all together.
    pub fn all_grants(&self) -> Result<u64, StoreError> {
        Ok(self.rows(GRANTS)?.len()?)
    }

    /// Whether some parcel's data is in this object.
    pub fn has_object(&self, object: &str) -> Result<bool, StoreError> {
        Ok(self.rows(PARCELS_BY_OBJECT)?.get(object)?.is_some())
    }

    /// The uploads in parts that were begun at `before` or earlier: objects' keys, and what the object store calls the uploads.
    pub fn uploads_before(&self, before: UnixTime) -> Result<Vec<(String, String)>, StoreError> {
        let rows = self.rows(UPLOADS)?;
        let mut all = vec![];
        for row in rows.range::<&str>(..)? {
            let (object, upload) = row?;
            let upload: Upload = records::decode(UPLOADS.name(), upload.value())?;
            if upload.since <= before {
                all.push((object.value().to_owned(), upload.id));
            }
        }
        Ok(all)
    }

    /// How much one user has.
    pub fn user_totals(&self, user: &ParcelUser) -> Result<Totals, StoreError> {
        Ok(self.record(PARCEL_USERS, user.address())?.unwrap_or_default())
    }

    /// How much there is.
    pub fn parcel_totals(&self) -> Result<Totals, StoreError> {
        let bytes = self.rows(META)?.get(META_PARCEL_BYTES)?.map_or(0, |bytes| bytes.value());
        Ok(Totals { parcels: self.rows(PARCELS)?.len()?, bytes })
    }

    /// Whether a permission has been used.
    pub fn is_used(&self, permission: &Permission) -> Result<bool, StoreError> {
        Ok(self.rows(USED_PERMITS)?.get((permission.expires.0, &permission.number))?.is_some())
    }

    /// The user whose key this account has shown to have.
    pub fn parcel_user(&self, account: AccountId) -> Result<Option<ParcelUser>, StoreError> {
        let key: Option<ParcelKey> = self.record(PARCEL_KEYS, account.number())?;
        Ok(key.map(|key| ParcelUser::of_address(key.0)))
    }

    /// Whether this user's key is that of an approved account. Looks at all keys there are, which are fewer than accounts.
    pub fn is_registered(&self, user: &ParcelUser) -> Result<bool, StoreError> {
        let rows = self.rows(PARCEL_KEYS)?;
        for row in rows.range::<u64>(..)? {
            let (account, key) = row?;
            let key: ParcelKey = records::decode(PARCEL_KEYS.name(), key.value())?;
            if key.0 == *user.address() {
                let account = self.account(AccountId::new(account.value()))?;
                if account.is_some_and(|account| account.standing == Standing::Approved) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// A secret that the vault has sealed.
    pub fn sealed_secret(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let sealed: Option<Sealed> = self.record(SECRETS, name)?;
        Ok(sealed.map(|sealed| sealed.0))
    }
}

impl Change<'_> {
    /// Uses a permission up. Says whether it had not been.
    pub fn use_permit(&mut self, permission: &Permission) -> Result<bool, StoreError> {
        let mut table = self.table(USED_PERMITS)?;
        let before = table.insert((permission.expires.0, &permission.number), ())?;
        Ok(before.is_none())
    }

    /// Gives a permission back.
    pub fn return_permit(&mut self, permission: &Permission) -> Result<(), StoreError> {
        self.table(USED_PERMITS)?.remove((permission.expires.0, &permission.number))?;
        Ok(())
    }

    /// Forgets the permissions that had ended by then.
    pub fn forget_permits(&mut self, then: UnixTime) -> Result<(), StoreError> {
        let mut table = self.table(USED_PERMITS)?;
        table.retain_in(..=(then.0, &[u8::MAX; 16]), |_, ()| false)?;
        Ok(())
    }

    /// Writes down an upload in parts.
    pub fn put_upload(&mut self, object: &str, id: &str, since: UnixTime) -> Result<(), StoreError> {
        let upload = Upload { id: id.to_owned(), since };
        self.table(UPLOADS)?.insert(object, encode(&upload)?.as_slice())?;
        Ok(())
    }

    /// Forgets an upload in parts: it is over.
    pub fn remove_upload(&mut self, object: &str) -> Result<(), StoreError> {
        self.table(UPLOADS)?.remove(object)?;
        Ok(())
    }

    /// Writes a new parcel, and that its upload is over. [`StoreError::Taken`] if there is one of this name, or its object is another's.
    pub fn put_parcel(&mut self, parcel: &Parcel) -> Result<(), StoreError> {
        if self.parcel(&parcel.id)?.is_some() || self.has_object(&parcel.object)? {
            return Err(StoreError::Taken);
        }
        self.table(PARCELS)?.insert(parcel.id.bytes(), encode(parcel)?.as_slice())?;
        self.remove_upload(&parcel.object)?;
        self.table(PARCELS_BY_OBJECT)?.insert(parcel.object.as_str(), parcel.id.bytes())?;
        let Totals { parcels, bytes } = self.user_totals(&parcel.owner)?;
        let (parcels, bytes) = (parcels.saturating_add(1), bytes.saturating_add(parcel.size));
        self.put_totals(&parcel.owner, Totals { parcels, bytes })?;
        let all = self.parcel_totals()?.bytes.saturating_add(parcel.size);
        self.table(META)?.insert(META_PARCEL_BYTES, all)?;
        Ok(())
    }

    /// Takes a parcel out, and whoever was let in to it. Its data stays where it is.
    pub fn remove_parcel(&mut self, parcel: &Parcel) -> Result<(), StoreError> {
        if self.table(PARCELS)?.remove(parcel.id.bytes())?.is_none() {
            return Ok(());
        }
        self.table(PARCELS_BY_OBJECT)?.remove(parcel.object.as_str())?;
        let (first, last) = ((parcel.id.bytes(), &[0; 20]), (parcel.id.bytes(), &[u8::MAX; 20]));
        self.table(GRANTS)?.retain_in(first..=last, |_, ()| false)?;
        let Totals { parcels, bytes } = self.user_totals(&parcel.owner)?;
        let (parcels, bytes) = (parcels.saturating_sub(1), bytes.saturating_sub(parcel.size));
        self.put_totals(&parcel.owner, Totals { parcels, bytes })?;
        let all = self.parcel_totals()?.bytes.saturating_sub(parcel.size);
        self.table(META)?.insert(META_PARCEL_BYTES, all)?;
        Ok(())
    }

    /// Lets a user in.
    pub fn grant(&mut self, id: &ParcelId, user: &ParcelUser) -> Result<(), StoreError> {
        self.table(GRANTS)?.insert((id.bytes(), user.address()), ())?;
        Ok(())
    }

    /// Lets a user in no more.
    pub fn revoke(&mut self, id: &ParcelId, user: &ParcelUser) -> Result<(), StoreError> {
        self.table(GRANTS)?.remove((id.bytes(), user.address()))?;
        Ok(())
    }

    /// Writes whose key an account has, in the place of another.
    pub fn put_parcel_user(&mut self, account: AccountId, user: &ParcelUser) -> Result<(), StoreError> {
        let key = ParcelKey(*user.address());
        self.table(PARCEL_KEYS)?.insert(account.number(), encode(&key)?.as_slice())?;
        Ok(())
    }

    /// Writes a secret that the vault has sealed.
    pub fn put_sealed_secret(&mut self, name: &str, sealed: &[u8]) -> Result<(), StoreError> {
        self.table(SECRETS)?.insert(name, encode(&Sealed(sealed.to_vec()))?.as_slice())?;
        Ok(())
    }

    fn put_totals(&self, user: &ParcelUser, totals: Totals) -> Result<(), StoreError> {
        let mut table = self.table(PARCEL_USERS)?;
        match totals.parcels {
            0 => table.remove(user.address())?,
            _ => table.insert(user.address(), encode(&totals)?.as_slice())?,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Metadata, Operation, OperationKind};
    use crate::store::Store;

    fn user(digit: char) -> ParcelUser {
        ParcelUser::parse(&digit.to_string().repeat(40)).unwrap()
    }

    fn parcel(number: u8, owner: char, size: u64) -> Parcel {
        Parcel {
            id: ParcelId::new([number; 36]),
            owner: user(owner),
            metadata: Metadata::written("{}".to_owned()),
            size,
            object: format!("x/{number}"),
            created: UnixTime(7),
        }
    }

    fn permission(number: u8, expires: u64) -> Permission {
        let operation = Operation::new(OperationKind::Remove, None, None).unwrap();
        Permission { user: user('a'), operation, number: [number; 16], expires: UnixTime(expires), high_s: false }
    }

    async fn write<T: Send + 'static>(
        store: &Store,
        change: impl FnOnce(&mut Change<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        store.write(change).await.unwrap()
    }

    #[tokio::test]
    async fn sums_and_indexes_say_what_the_parcels_say() {
        let store = Store::in_memory().unwrap();
        write(&store, |change| {
            change.put_parcel(&parcel(1, 'a', 10))?;
            change.put_parcel(&parcel(2, 'a', 5))?;
            change.put_parcel(&parcel(3, 'b', 1))?;
            change.grant(&ParcelId::new([1; 36]), &user('b'))?;
            change.grant(&ParcelId::new([2; 36]), &user('b'))
        })
        .await;
        store
            .read(|view| {
                assert_eq!(view.user_totals(&user('A'))?, Totals { parcels: 2, bytes: 15 });
                assert_eq!(view.parcel_totals()?, Totals { parcels: 3, bytes: 16 });
                assert!(view.may_download(&parcel(1, 'a', 10), &user('a'))?);
                assert!(view.may_download(&parcel(1, 'a', 10), &user('b'))?);
                assert!(!view.may_download(&parcel(1, 'a', 10), &user('c'))?);
                assert!(view.has_object("x/2")? && !view.has_object("x/4")?);
                assert_eq!(view.parcels()?.len(), 3);
                assert_eq!(view.grants(&ParcelId::new([1; 36]))?, 1);
                Ok(())
            })
            .unwrap();
        write(&store, |change| {
            change.remove_parcel(&parcel(1, 'a', 10))?;
            change.remove_parcel(&parcel(1, 'a', 10))?;
            change.remove_parcel(&parcel(3, 'b', 1))
        })
        .await;
        store
            .read(|view| {
                assert_eq!(view.user_totals(&user('a'))?, Totals { parcels: 1, bytes: 5 });
                assert_eq!(view.user_totals(&user('b'))?, Totals::default());
                assert_eq!(view.parcel_totals()?, Totals { parcels: 1, bytes: 5 });
                assert!(!view.has_object("x/1")?);
                assert_eq!(view.grants(&ParcelId::new([1; 36]))?, 0);
                assert_eq!(view.grants(&ParcelId::new([2; 36]))?, 1);
                Ok(())
            })
            .unwrap();
    }

    #[tokio::test]
    async fn no_parcel_and_no_object_is_written_over() {
        let store = Store::in_memory().unwrap();
        write(&store, |change| change.put_parcel(&parcel(1, 'a', 10))).await;
        for taken in [parcel(1, 'a', 10), Parcel { id: ParcelId::new([9; 36]), ..parcel(1, 'b', 1) }] {
            let again = store.write(move |change| change.put_parcel(&taken)).await;
            assert!(matches!(again, Err(StoreError::Taken)));
        }
    }

    #[tokio::test]
    async fn a_permission_is_used_once_until_it_is_given_back_or_has_ended() {
        let store = Store::in_memory().unwrap();
        assert!(write(&store, |change| change.use_permit(&permission(1, 100))).await);
        assert!(!write(&store, |change| change.use_permit(&permission(1, 100))).await);
        assert!(write(&store, |change| change.use_permit(&permission(2, 101))).await);
        write(&store, |change| change.return_permit(&permission(1, 100))).await;
        assert!(write(&store, |change| change.use_permit(&permission(1, 100))).await);
        write(&store, |change| change.forget_permits(UnixTime(100))).await;
        let used = |number, expires| store.read(|view| view.is_used(&permission(number, expires))).unwrap();
        assert!(!used(1, 100) && used(2, 101));
    }

    #[tokio::test]
    async fn an_upload_is_known_until_it_is_over() {
        let store = Store::in_memory().unwrap();
        write(&store, |change| {
            change.put_upload("x/1", "one", UnixTime(5))?;
            change.put_upload("x/2", "two", UnixTime(6))?;
            change.put_upload("x/3", "three", UnixTime(5))
        })
        .await;
        write(&store, |change| change.put_parcel(&parcel(1, 'a', 10))).await;
        write(&store, |change| change.remove_upload("x/4")).await;
        let left = store.read(|view| view.uploads_before(UnixTime(5))).unwrap();
        assert_eq!(left, [("x/3".to_owned(), "three".to_owned())]);
    }

    #[tokio::test]
    async fn keys_and_secrets_are_found_again() {
        let store = Store::in_memory().unwrap();
        write(&store, |change| {
            change.put_parcel_user(AccountId::new(1), &user('a'))?;
            change.put_parcel_user(AccountId::new(1), &user('b'))?;
            change.put_sealed_secret("one", b"sealed")
        })
        .await;
        store
            .read(|view| {
                assert_eq!(view.parcel_user(AccountId::new(1))?, Some(user('b')));
                assert_eq!(view.parcel_user(AccountId::new(2))?, None);
                assert_eq!(view.sealed_secret("one")?.as_deref(), Some(&b"sealed"[..]));
                assert_eq!(view.sealed_secret("two")?, None);
                Ok(())
            })
            .unwrap();
    }
}
