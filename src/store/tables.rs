//! The tables of the file: their names, which carry a version, and what their keys are.
//!
//! Owns: everything that a later version must still find. Not here: what a record says (`records`). A table whose keys must
//! change gets a new name and a step that moves the old one's rows over; a record that must change gets a new variant.

use redb::{ReadableTable, TableDefinition, WriteTransaction};

use super::StoreError;
use crate::domain::TokenHash;

/// The format of the whole file. It is raised when an older program would do harm to the file, not when a table or a variant
/// is added that it does not look at.
pub(super) const FORMAT: u64 = 1;

/// A table of records, under keys of type `K`.
pub(super) type Records<K> = TableDefinition<'static, K, &'static [u8]>;

/// Small numbers about the file itself.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta.1");
/// In [`META`]: the [`FORMAT`] that wrote the file.
const META_FORMAT: &str = "format";
/// In [`META`]: the last account number that was given away.
pub(super) const META_LAST_ACCOUNT: &str = "last account";
/// In [`META`]: the last number of a mail.
pub(super) const META_LAST_MAIL: &str = "last mail";
/// In [`META`]: the bytes of all parcels' data.
pub(super) const META_PARCEL_BYTES: &str = "parcel bytes";

/// Accounts by their number.
pub(super) const ACCOUNTS: Records<u64> = TableDefinition::new("accounts.1");
/// Index: an address's [`key`](crate::domain::Email::key) to the account's number.
pub(super) const ACCOUNTS_BY_EMAIL: TableDefinition<'_, &str, u64> = TableDefinition::new("accounts-by-email.1");
/// Registrations by their address's [`key`](crate::domain::Email::key).
pub(super) const REGISTRATIONS: Records<&str> = TableDefinition::new("registrations.1");
/// Links by the hash of their token.
pub(super) const LINKS: Records<&[u8; 32]> = TableDefinition::new("links.1");
/// Bearer tokens by their hash.
pub(super) const TOKENS: Records<&[u8; 32]> = TableDefinition::new("tokens.1");
/// Index: an account's number and the hashes of its tokens.
pub(super) const TOKENS_BY_ACCOUNT: TableDefinition<'_, (u64, &[u8; 32]), ()> =
    TableDefinition::new("tokens-by-account.1");
/// Index: when which [`Expiring`] thing ends.
pub(super) const EXPIRIES: TableDefinition<'_, (u64, u8, &[u8]), ()> = TableDefinition::new("expiries.1");
/// Waiting mails by their number.
pub(super) const MAILS: Records<u64> = TableDefinition::new("mails.1");
/// Index: when a mail is tried next, and its number.
pub(super) const MAILS_BY_TIME: TableDefinition<'_, (u64, u64), ()> = TableDefinition::new("mails-by-time.1");
/// In [`META`]: the last number of a mailbox.
pub(super) const META_LAST_MAILBOX: &str = "last mailbox";
/// In [`META`]: the last number of a message.
pub(super) const META_LAST_MESSAGE: &str = "last message";
/// Mailboxes by their number. What is looked at with every request, and no more.
pub(super) const MAILBOXES: Records<u64> = TableDefinition::new("mailboxes.1");
/// Index: a mailbox's name to its number.
pub(super) const MAILBOXES_BY_NAME: TableDefinition<'_, &str, u64> = TableDefinition::new("mailboxes-by-name.1");
/// Index: an account's number and the numbers of its mailboxes.
pub(super) const MAILBOXES_BY_OWNER: TableDefinition<'_, (u64, u64), ()> = TableDefinition::new("mailboxes-by-owner.1");
/// What owners keep in their mailboxes, by the mailbox's number.
pub(super) const MAILBOX_KEYS: Records<u64> = TableDefinition::new("mailbox-keys.1");
/// Messages by the number of the mailbox they wait in, and their own.
pub(super) const MESSAGES: Records<(u64, u64)> = TableDefinition::new("messages.1");
/// How many messages wait in a mailbox, and bytes of contents, by its number. No row where nothing has ever waited.
pub(super) const LOADS: TableDefinition<'_, u64, (u64, u64)> = TableDefinition::new("loads.1");
/// Users of the sealed channel by their names.
pub(super) const SEALED_KEYS: Records<&str> = TableDefinition::new("sealed-keys.1");
/// The audit trail by the entries' numbers.
pub(super) const AUDIT: Records<u64> = TableDefinition::new("audit.1");

/// Parcels by their name.
pub(super) const PARCELS: Records<&[u8; 36]> = TableDefinition::new("parcels.1");
/// Index: an object's key to the name of the parcel whose data is in it.
pub(super) const PARCELS_BY_OBJECT: TableDefinition<'_, &str, &[u8; 36]> = TableDefinition::new("parcels-by-object.1");
/// Sums: how much the user with this address has.
pub(super) const PARCEL_USERS: Records<&[u8; 20]> = TableDefinition::new("parcel-users.1");
/// A parcel's name and the address of a user who has been let in.
pub(super) const GRANTS: TableDefinition<'_, (&[u8; 36], &[u8; 20]), ()> = TableDefinition::new("grants.1");
/// When a permission that was used ends by itself, and its number.
pub(super) const USED_PERMITS: TableDefinition<'_, (u64, &[u8; 16]), ()> = TableDefinition::new("used-permits.1");
/// Uploads in parts that an object store would keep for ever, by the object's key.
pub(super) const UPLOADS: Records<&str> = TableDefinition::new("uploads.1");
/// The keys of accounts for parcels, by the account's number.
pub(super) const PARCEL_KEYS: Records<u64> = TableDefinition::new("parcel-keys.1");
/// Secrets of the server, sealed, by their name.
pub(super) const SECRETS: Records<&str> = TableDefinition::new("secrets.1");

/// What ends by itself, as the key of [`EXPIRIES`] names it. The numbers are in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expiring {
    Registration(String),
    Link(TokenHash),
    Token(TokenHash),
}

impl Expiring {
    pub(super) fn key(&self, expires: u64) -> (u64, u8, &[u8]) {
        match self {
            Self::Registration(email) => (expires, 1, email.as_bytes()),
            Self::Link(token) => (expires, 2, &token.0),
            Self::Token(token) => (expires, 3, &token.0),
        }
    }

    pub(super) fn parse(kind: u8, name: &[u8]) -> Option<Self> {
        match kind {
            1 => Some(Self::Registration(String::from_utf8(name.to_vec()).ok()?)),
            2 => Some(Self::Link(TokenHash(name.try_into().ok()?))),
            3 => Some(Self::Token(TokenHash(name.try_into().ok()?))),
            _ => None,
        }
    }
}

/// Makes the tables that are missing, and says which format the file has. Nothing is touched in a file of a newer format.
pub(super) fn prepare(transaction: &WriteTransaction) -> Result<u64, StoreError> {
    let mut meta = transaction.open_table(META)?;
    let found = meta.get(META_FORMAT)?.map(|format| format.value());
    if let Some(newer) = found.filter(|format| *format > FORMAT) {
        return Ok(newer);
    }
    meta.insert(META_FORMAT, FORMAT)?;
    transaction.open_table(ACCOUNTS)?;
    transaction.open_table(ACCOUNTS_BY_EMAIL)?;
    transaction.open_table(REGISTRATIONS)?;
    transaction.open_table(LINKS)?;
    transaction.open_table(TOKENS)?;
    transaction.open_table(TOKENS_BY_ACCOUNT)?;
    transaction.open_table(EXPIRIES)?;
    transaction.open_table(MAILS)?;
    transaction.open_table(MAILS_BY_TIME)?;
    transaction.open_table(AUDIT)?;
    transaction.open_table(MAILBOXES)?;
    transaction.open_table(MAILBOXES_BY_NAME)?;
    transaction.open_table(MAILBOXES_BY_OWNER)?;
    transaction.open_table(MAILBOX_KEYS)?;
    transaction.open_table(MESSAGES)?;
    transaction.open_table(LOADS)?;
    transaction.open_table(PARCELS)?;
    transaction.open_table(PARCELS_BY_OBJECT)?;
    transaction.open_table(PARCEL_USERS)?;
    transaction.open_table(GRANTS)?;
    transaction.open_table(USED_PERMITS)?;
    transaction.open_table(UPLOADS)?;
    transaction.open_table(PARCEL_KEYS)?;
    transaction.open_table(SECRETS)?;
    transaction.open_table(SEALED_KEYS)?;
    Ok(FORMAT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_expires_is_named_in_the_file_as_it_always_was() {
        let all = [
            (Expiring::Registration("ada@example.org".to_owned()), 1),
            (Expiring::Link(TokenHash([7; 32])), 2),
            (Expiring::Token(TokenHash([9; 32])), 3),
        ];
        for (expiring, number) in all {
            let (expires, kind, name) = expiring.key(5);
            assert_eq!((expires, kind), (5, number));
            assert_eq!(Expiring::parse(kind, name), Some(expiring.clone()));
        }
        for (kind, name) in [(0, &[][..]), (4, &[0; 32]), (1, &[0xff]), (2, &[0; 31]), (3, &[0; 33])] {
            assert_eq!(Expiring::parse(kind, name), None);
        }
    }
}
