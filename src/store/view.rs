//! Reading, from a snapshot or from within a change.
//!
//! Owns: every question the store answers. Not here: what may be changed (`change`), and whether something that has expired
//! still counts: it is returned until it is swept, so whoever asks compares `expires` with the time.

use std::borrow::Borrow;
use std::ops::RangeBounds;

use redb::{
    AccessGuard, Key, Range, ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata, StorageError, Table,
    TableDefinition, TableHandle, Value, WriteTransaction,
};

use super::records::{self, Stored};
use super::tables::{
    ACCOUNTS, ACCOUNTS_BY_EMAIL, AUDIT, LINKS, MAILS, MAILS_BY_TIME, REGISTRATIONS, Records, SEALED_KEYS, TOKENS,
    TOKENS_BY_ACCOUNT,
};
use super::{MailId, StoreError, StoredMail};
use crate::domain::{
    Account, AccountId, AuditEntry, Email, Link, Registration, SealedEntry, TokenHash, TokenRecord, UserName,
};

/// The store at one moment: what is committed later does not show. A change's own view shows what it has changed so far.
pub struct View<'t>(Source<'t>);

enum Source<'t> {
    Snapshot(&'t ReadTransaction),
    Change(&'t WriteTransaction),
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("View")
    }
}

impl<'t> View<'t> {
    pub(super) fn snapshot(transaction: &'t ReadTransaction) -> Self {
        Self(Source::Snapshot(transaction))
    }

    pub(super) fn change(transaction: &'t WriteTransaction) -> Self {
        Self(Source::Change(transaction))
    }

    /// The account with this number.
    pub fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.record(ACCOUNTS, id.number())
    }

    /// The account that has this address, however it is spelt.
    pub fn account_of(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let key = email.key();
        let id = self.rows(ACCOUNTS_BY_EMAIL)?.get(key.as_str())?.map(|row| row.value());
        id.map(|id| self.indexed(ACCOUNTS, id)).transpose()
    }

    /// All accounts, in the order of their numbers.
    pub fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let rows = self.rows(ACCOUNTS)?;
        rows.range::<u64>(..)?.map(|row| records::decode(ACCOUNTS.name(), row?.1.value())).collect()
    }

    /// The registration of this address, however it is spelt.
    pub fn registration(&self, email: &Email) -> Result<Option<Registration>, StoreError> {
        self.record(REGISTRATIONS, email.key().as_str())
    }

    /// How many registrations there are.
    pub fn registrations(&self) -> Result<u64, StoreError> {
        Ok(self.rows(REGISTRATIONS)?.len()?)
    }

    /// What the link of this token does.
    pub fn link(&self, token: &TokenHash) -> Result<Option<Link>, StoreError> {
        self.record(LINKS, &token.0)
    }

    /// All links. There are as many as registrations and approvals that wait.
    pub(super) fn links(&self) -> Result<Vec<(TokenHash, Link)>, StoreError> {
        let rows = self.rows(LINKS)?;
        rows.range::<&[u8; 32]>(..)?
            .map(|row| {
                let (token, record) = row?;
                Ok((TokenHash(*token.value()), records::decode(LINKS.name(), record.value())?))
            })
            .collect()
    }

    /// Whose bearer token this is.
    pub fn token(&self, token: &TokenHash) -> Result<Option<TokenRecord>, StoreError> {
        self.record(TOKENS, &token.0)
    }

    /// All bearer tokens of an account, in no order that means anything.
    pub fn tokens_of(&self, account: AccountId) -> Result<Vec<(TokenHash, TokenRecord)>, StoreError> {
        let (first, last) = ((account.number(), &[0; 32]), (account.number(), &[u8::MAX; 32]));
        let rows = self.rows(TOKENS_BY_ACCOUNT)?;
        rows.range(first..=last)?
            .map(|row| {
                let key = row?.0;
                let (_, token) = key.value();
                Ok((TokenHash(*token), self.indexed(TOKENS, token)?))
            })
            .collect()
    }

    /// A waiting mail.
    pub fn mail(&self, id: MailId) -> Result<Option<StoredMail>, StoreError> {
        self.record(MAILS, id.0)
    }

    /// The waiting mails, at most `limit`: those that are to be tried first come first, so a few that cannot be delivered do
    /// not stand before the others.
    pub fn mails(&self, limit: usize) -> Result<Vec<(MailId, StoredMail)>, StoreError> {
        let rows = self.rows(MAILS_BY_TIME)?;
        rows.range::<(u64, u64)>(..)?
            .take(limit)
            .map(|row| {
                let (_, id) = row?.0.value();
                Ok((MailId(id), self.indexed(MAILS, id)?))
            })
            .collect()
    }

    /// How many mails wait.
    pub fn mail_count(&self) -> Result<u64, StoreError> {
        Ok(self.rows(MAILS)?.len()?)
    }

    /// The user of the sealed channel of this name.
    pub fn sealed_entry(&self, user: &UserName) -> Result<Option<SealedEntry>, StoreError> {
        self.record(SEALED_KEYS, user.as_str())
    }

    /// All users of the sealed channel, in the order of their names.
    pub fn sealed_entries(&self) -> Result<Vec<SealedEntry>, StoreError> {
        let rows = self.rows(SEALED_KEYS)?;
        rows.range::<&str>(..)?.map(|row| records::decode(SEALED_KEYS.name(), row?.1.value())).collect()
    }

    /// The end of the audit trail.
    pub fn last_audit(&self) -> Result<Option<AuditEntry>, StoreError> {
        let rows = self.rows(AUDIT)?;
        rows.last()?.map(|(_, entry)| records::decode(AUDIT.name(), entry.value())).transpose()
    }

    /// The audit trail from entry number `from` on (the first is 1), at most `limit` entries.
    pub fn audit(&self, from: u64, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = self.rows(AUDIT)?;
        rows.range(from..)?.take(limit).map(|row| records::decode(AUDIT.name(), row?.1.value())).collect()
    }

    pub(super) fn rows<K: Key, V: Value>(
        &self,
        table: TableDefinition<'static, K, V>,
    ) -> Result<Rows<'t, K, V>, StoreError> {
        match self.0 {
            Source::Snapshot(transaction) => Ok(Rows::Snapshot(transaction.open_table(table)?)),
            Source::Change(transaction) => Ok(Rows::Change(transaction.open_table(table)?)),
        }
    }

    pub(super) fn record<'k, K: Key, T: Stored>(
        &self,
        table: Records<K>,
        key: impl Borrow<K::SelfType<'k>>,
    ) -> Result<Option<T>, StoreError> {
        let rows = self.rows(table)?;
        rows.get(key)?.map(|record| records::decode(table.name(), record.value())).transpose()
    }

    /// A record that an index says is there.
    pub(super) fn indexed<'k, K: Key, T: Stored>(
        &self,
        table: Records<K>,
        key: impl Borrow<K::SelfType<'k>>,
    ) -> Result<T, StoreError> {
        let record = self.record(table, key)?;
        record.ok_or_else(|| StoreError::damaged(table.name(), "an index names a record that is not there"))
    }
}

/// A table that is read, in either kind of transaction. A change can have each table open only once at a time.
pub(super) enum Rows<'t, K: Key + 'static, V: Value + 'static> {
    Snapshot(ReadOnlyTable<K, V>),
    Change(Table<'t, K, V>),
}

impl<K: Key, V: Value> Rows<'_, K, V> {
    pub(super) fn get<'k>(
        &self,
        key: impl Borrow<K::SelfType<'k>>,
    ) -> Result<Option<AccessGuard<'_, V>>, StorageError> {
        match self {
            Self::Snapshot(table) => ReadableTable::get(table, key),
            Self::Change(table) => table.get(key),
        }
    }

    pub(super) fn range<'k, R: Borrow<K::SelfType<'k>> + 'k>(
        &self,
        range: impl RangeBounds<R> + 'k,
    ) -> Result<Range<'_, K, V>, StorageError> {
        match self {
            Self::Snapshot(table) => ReadableTable::range(table, range),
            Self::Change(table) => table.range(range),
        }
    }

    #[expect(clippy::type_complexity, reason = "a row as redb has it")]
    fn last(&self) -> Result<Option<(AccessGuard<'_, K>, AccessGuard<'_, V>)>, StorageError> {
        match self {
            Self::Snapshot(table) => table.last(),
            Self::Change(table) => table.last(),
        }
    }

    pub(super) fn len(&self) -> Result<u64, StorageError> {
        match self {
            Self::Snapshot(table) => table.len(),
            Self::Change(table) => table.len(),
        }
    }
}
