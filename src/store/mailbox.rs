//! Mailboxes and the messages in them: questions, changes, and the bytes.
//!
//! Owns: what [`View`] and [`Change`] can do with mailboxes, that a mailbox's load is that of its messages, and the records of all
//! of it. Not here: who may, and how much there is room for.

use redb::{ReadableTable, TableHandle};
use serde::{Deserialize, Serialize};

use super::records::{PasswordV1, Stored, decode, encode};
use super::tables::{
    LOADS, MAILBOX_KEYS, MAILBOXES, MAILBOXES_BY_NAME, MAILBOXES_BY_OWNER, MESSAGES, META_LAST_MAILBOX,
    META_LAST_MESSAGE,
};
use super::{Change, StoreError, View};
use crate::domain::{
    AccountId, Load, MailText, Mailbox, MailboxError, MailboxId, MailboxKeys, MailboxName, Message, Network, UnixTime,
};

/// The greatest number there is, for the end of a range.
const LAST: u64 = u64::MAX;

impl View<'_> {
    /// The mailbox of this name.
    pub fn mailbox_of(&self, name: &MailboxName) -> Result<Option<Mailbox>, StoreError> {
        let id = self.rows(MAILBOXES_BY_NAME)?.get(name.as_str())?.map(|row| row.value());
        id.map(|id| self.indexed(MAILBOXES, id)).transpose()
    }

    /// The mailbox with this number.
    pub fn mailbox(&self, id: MailboxId) -> Result<Option<Mailbox>, StoreError> {
        self.record(MAILBOXES, id.0)
    }

    /// What its owner keeps in a mailbox.
    pub fn mailbox_keys(&self, id: MailboxId) -> Result<Option<MailboxKeys>, StoreError> {
        self.record(MAILBOX_KEYS, id.0)
    }

    /// How many mailboxes an account holds.
    pub fn mailboxes_of(&self, owner: AccountId) -> Result<usize, StoreError> {
        let owner = owner.number();
        Ok(self.rows(MAILBOXES_BY_OWNER)?.range((owner, 0)..=(owner, LAST))?.count())
    }

    /// How many mailboxes no account holds.
    pub fn strangers(&self) -> Result<u64, StoreError> {
        Ok(self.mailboxes()?.saturating_sub(self.rows(MAILBOXES_BY_OWNER)?.len()?))
    }

    /// How many mailboxes there are.
    pub fn mailboxes(&self) -> Result<u64, StoreError> {
        Ok(self.rows(MAILBOXES)?.len()?)
    }

    /// How many messages wait, in all mailboxes.
    pub fn messages_waiting(&self) -> Result<u64, StoreError> {
        Ok(self.rows(MESSAGES)?.len()?)
    }

    /// The messages in a mailbox, the newest first, at most `limit`; only those with a number below `before`, if there is one. It
    /// costs as much as there is to return, however many wait elsewhere.
    pub fn messages(&self, mailbox: MailboxId, before: Option<u64>, limit: usize) -> Result<Vec<Message>, StoreError> {
        // Numbers begin at 1, so nothing lies at the end that is left out.
        let end = (mailbox.0, before.unwrap_or(LAST));
        let rows = self.rows(MESSAGES)?;
        rows.range((mailbox.0, 0)..end)?.rev().take(limit).map(|row| decode(MESSAGES.name(), row?.1.value())).collect()
    }

    /// The messages in a mailbox that have the lowest numbers, the oldest first, at most `limit`.
    pub fn oldest_messages(&self, mailbox: MailboxId, limit: usize) -> Result<Vec<Message>, StoreError> {
        let rows = self.rows(MESSAGES)?;
        let first = rows.range((mailbox.0, 0)..=(mailbox.0, LAST))?.take(limit);
        first.map(|row| decode(MESSAGES.name(), row?.1.value())).collect()
    }

    /// Whether a mailbox has a message that was stored before a second. All may have to be looked at: a clock that was set back has
    /// left later seconds before earlier ones.
    pub fn has_message_before(&self, mailbox: MailboxId, until: UnixTime) -> Result<bool, StoreError> {
        for row in self.rows(MESSAGES)?.range((mailbox.0, 0)..=(mailbox.0, LAST))? {
            let message: Message = decode(MESSAGES.name(), row?.1.value())?;
            if message.sent_at < until {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How much waits in a mailbox.
    pub fn load(&self, mailbox: MailboxId) -> Result<Load, StoreError> {
        let load = self.rows(LOADS)?.get(mailbox.0)?.map(|row| row.value());
        let (messages, bytes) = load.unwrap_or_default();
        Ok(Load { messages, bytes })
    }
}

impl Change<'_> {
    /// A number for a new mailbox, from 1. It is never given again, if the change is committed.
    pub fn new_mailbox_id(&mut self) -> Result<MailboxId, StoreError> {
        Ok(MailboxId(self.next(META_LAST_MAILBOX)?))
    }

    /// A number for a new message, from 1 and higher than all before. It is never given again, if the change is committed.
    pub fn new_message_id(&mut self) -> Result<u64, StoreError> {
        self.next(META_LAST_MESSAGE)
    }

    /// Writes a mailbox, new or with another password; name and owner stay. [`StoreError::Taken`] if another has the name.
    pub fn put_mailbox(&mut self, mailbox: &Mailbox) -> Result<(), StoreError> {
        let id = mailbox.id.0;
        if self.mailbox_of(&mailbox.name)?.is_some_and(|other| other.id != mailbox.id) {
            return Err(StoreError::Taken);
        }
        self.table(MAILBOXES_BY_NAME)?.insert(mailbox.name.as_str(), id)?;
        if let Some(owner) = mailbox.owner {
            self.table(MAILBOXES_BY_OWNER)?.insert((owner.number(), id), ())?;
        }
        self.table(MAILBOXES)?.insert(id, encode(mailbox)?.as_slice())?;
        Ok(())
    }

    /// Writes what its owner keeps in a mailbox, in the place of what was there.
    pub fn put_mailbox_keys(&mut self, id: MailboxId, keys: &MailboxKeys) -> Result<(), StoreError> {
        self.table(MAILBOX_KEYS)?.insert(id.0, encode(keys)?.as_slice())?;
        Ok(())
    }

    /// Puts a new message into a mailbox, which holds `load` with it.
    pub fn put_message(&mut self, mailbox: MailboxId, message: &Message, load: Load) -> Result<(), StoreError> {
        self.table(MESSAGES)?.insert((mailbox.0, message.id), encode(message)?.as_slice())?;
        self.put_load(mailbox, load)
    }

    /// Deletes the messages in a mailbox that were stored before a second. Says how many.
    pub fn remove_messages(&mut self, mailbox: MailboxId, until: UnixTime) -> Result<u64, StoreError> {
        let before = self.load(mailbox)?;
        let mut load = before;
        let mut table = self.table(MESSAGES)?;
        let mut old = vec![];
        // One after the other: all together they could be as much as an operator lets a mailbox hold.
        for row in table.range((mailbox.0, 0)..=(mailbox.0, LAST))? {
            let message: Message = decode(MESSAGES.name(), row?.1.value())?;
            if message.sent_at < until {
                load = load.without(&message.contents);
                old.push(message.id);
            }
        }
        for id in old {
            table.remove((mailbox.0, id))?;
        }
        drop(table);
        if load != before {
            self.put_load(mailbox, load)?;
        }
        Ok(before.messages.saturating_sub(load.messages))
    }

    fn put_load(&self, mailbox: MailboxId, load: Load) -> Result<(), StoreError> {
        self.table(LOADS)?.insert(mailbox.0, (load.messages, load.bytes))?;
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
pub(super) enum MailboxRecord {
    V1 { id: u64, name: String, owner: Option<u64>, password: PasswordV1, since: u64, networks: Vec<Network> },
}

#[derive(Serialize, Deserialize)]
pub(super) enum MailboxKeysRecord {
    V1 { public_key: String, private_key: String, info: String },
}

#[derive(Serialize, Deserialize)]
pub(super) enum MessageRecord {
    V1 { id: u64, from: String, contents: String, sent_at: u64 },
}

impl Stored for Mailbox {
    type Record = MailboxRecord;
}

impl From<&Mailbox> for MailboxRecord {
    fn from(mailbox: &Mailbox) -> Self {
        Self::V1 {
            id: mailbox.id.0,
            name: mailbox.name.as_str().to_owned(),
            owner: mailbox.owner.map(AccountId::number),
            password: (&mailbox.password).into(),
            since: mailbox.since.0,
            networks: mailbox.networks.clone(),
        }
    }
}

impl TryFrom<MailboxRecord> for Mailbox {
    type Error = MailboxError;

    fn try_from(record: MailboxRecord) -> Result<Self, MailboxError> {
        let MailboxRecord::V1 { id, name, owner, password, since, networks } = record;
        Ok(Self {
            id: MailboxId(id),
            name: MailboxName::parse(&name)?,
            owner: owner.map(AccountId::new),
            password: password.into(),
            since: UnixTime(since),
            networks,
        })
    }
}

impl Stored for MailboxKeys {
    type Record = MailboxKeysRecord;
}

impl From<&MailboxKeys> for MailboxKeysRecord {
    fn from(keys: &MailboxKeys) -> Self {
        let owned = |text: &MailText| text.as_str().to_owned();
        Self::V1 { public_key: owned(&keys.public_key), private_key: owned(&keys.private_key), info: owned(&keys.info) }
    }
}

impl TryFrom<MailboxKeysRecord> for MailboxKeys {
    type Error = MailboxError;

    fn try_from(record: MailboxKeysRecord) -> Result<Self, MailboxError> {
        let MailboxKeysRecord::V1 { public_key, private_key, info } = record;
        Ok(Self {
            public_key: MailText::parse(public_key)?,
            private_key: MailText::parse(private_key)?,
            info: MailText::parse(info)?,
        })
    }
}

impl Stored for Message {
    type Record = MessageRecord;
}

impl From<&Message> for MessageRecord {
    fn from(message: &Message) -> Self {
        Self::V1 {
            id: message.id,
            from: message.from.as_str().to_owned(),
            contents: message.contents.as_str().to_owned(),
            sent_at: message.sent_at.0,
        }
    }
}

impl TryFrom<MessageRecord> for Message {
    type Error = MailboxError;

    fn try_from(record: MessageRecord) -> Result<Self, MailboxError> {
        let MessageRecord::V1 { id, from, contents, sent_at } = record;
        let (from, contents) = (MailboxName::parse(&from)?, MailText::parse(contents)?);
        Ok(Self { id, from, contents, sent_at: UnixTime(sent_at) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PasswordHash;
    use crate::store::Store;
    use crate::store::records::tests::golden;

    const MOST: Load = Load { messages: 1000, bytes: 1 << 20 };

    fn text(text: &str) -> MailText {
        MailText::parse(text).unwrap()
    }

    fn name(text: &str) -> MailboxName {
        MailboxName::parse(text).unwrap()
    }

    fn mailbox(id: u64, called: &str, owner: Option<u64>) -> Mailbox {
        let password = PasswordHash { memory_kib: 65536, passes: 3, salt: [1; 16], tag: [2; 32] };
        let owner = owner.map(AccountId::new);
        let networks = vec![Network::V4([192, 0, 2, 1])];
        Mailbox { id: MailboxId(id), name: name(called), owner, password, since: UnixTime(600), networks }
    }

    fn message(id: u64, contents: &str, sent_at: u64) -> Message {
        Message { id, from: name("ada"), contents: text(contents), sent_at: UnixTime(sent_at) }
    }

    fn put(store: &Store, mailbox: u64, contents: &str, sent_at: u64) -> u64 {
        let put = store.write_now(|change| {
            let (id, to) = (change.new_message_id()?, MailboxId(mailbox));
            let load = change.load(to)?.with(&text(contents), MOST).unwrap();
            change.put_message(to, &message(id, contents, sent_at), load)?;
            Ok::<_, StoreError>(id)
        });
        put.unwrap()
    }

    #[test]
    fn the_bytes_of_mailboxes_and_messages_do_not_change() {
        let password = "808004 03 01010101010101010101010101010101 \
            0202020202020202020202020202020202020202020202020202020202020202";
        golden(&mailbox(300, "ada", None), &format!("00 ac02 03616461 00 {password} d804 0100c0000201"));
        golden(&mailbox(300, "ada", Some(7)), &format!("00 ac02 03616461 01 07 {password} d804 0100c0000201"));
        let keys = MailboxKeys { public_key: text("p"), private_key: text("q"), info: text("") };
        golden(&keys, "00 0170 0171 00");
        golden(&message(300, "\u{e9}", 600), "00 ac02 03616461 02c3a9 d804");
    }

    #[test]
    fn a_name_belongs_to_one_mailbox_and_an_account_has_its_own() {
        let store = Store::in_memory().unwrap();
        let put = |mailbox: Mailbox| store.write_now(|change| change.put_mailbox(&mailbox));
        put(mailbox(1, "ada", Some(7))).unwrap();
        put(mailbox(2, "Ada", None)).unwrap();
        put(mailbox(3, "bob", Some(7))).unwrap();
        assert!(matches!(put(mailbox(4, "ada", None)), Err(StoreError::Taken)));
        // With another password it is the same mailbox.
        let changed = Mailbox {
            password: PasswordHash { passes: 4, ..mailbox(1, "ada", None).password },
            ..mailbox(1, "ada", Some(7))
        };
        put(changed.clone()).unwrap();
        let found = store.read(|view| {
            assert_eq!(view.mailbox(MailboxId(1))?, Some(changed.clone()));
            assert_eq!(view.mailbox_of(&name("ada"))?, Some(changed));
            assert_eq!(view.mailbox_of(&name("carol"))?, None);
            let owned = [6, 7, 8].map(AccountId::new).map(|id| view.mailboxes_of(id).unwrap());
            Ok((owned, view.mailboxes()?, view.strangers()?))
        });
        assert_eq!(found.unwrap(), ([0, 2, 0], 3, 1));
    }

    #[test]
    fn messages_come_newest_first_and_those_of_others_do_not() {
        let store = Store::in_memory().unwrap();
        for number in 1..=250_u64 {
            assert_eq!(put(&store, 1 + number % 2, "x", 100), number);
        }
        let ids = |mailbox, before, limit| {
            let found = store.read(|view| view.messages(MailboxId(mailbox), before, limit)).unwrap();
            found.iter().map(|message| message.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(1, None, 100), (52..=250).rev().step_by(2).collect::<Vec<_>>());
        assert_eq!(ids(1, Some(52), 100), (2..=50).rev().step_by(2).collect::<Vec<_>>());
        assert_eq!(ids(2, None, 2), [249, 247]);
        assert_eq!(ids(2, Some(1), 100), [0; 0]);
        assert_eq!(ids(3, None, 100), [0; 0]);
    }

    #[test]
    fn what_is_deleted_gives_its_room_back_and_its_number_never() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.redb");
        let store = Store::open(&path).unwrap();
        for (contents, sent_at) in [("one", 100), ("three", 101), ("late", 99), ("\u{e9}", 102)] {
            put(&store, 1, contents, sent_at);
        }
        put(&store, 2, "another's", 1);
        let oldest = |mailbox| store.read(|view| view.oldest_messages(MailboxId(mailbox), 2)).unwrap();
        let ids = |messages: Vec<Message>| messages.iter().map(|message| message.id).collect::<Vec<_>>();
        assert_eq!((ids(oldest(1)), ids(oldest(3))), (vec![1, 2], vec![]));
        let has = |until| store.read(|view| view.has_message_before(MailboxId(1), UnixTime(until))).unwrap();
        assert_eq!((has(99), has(100)), (false, true), "the late one counts");
        let remove = |until| store.write_now(|change| change.remove_messages(MailboxId(1), UnixTime(until))).unwrap();
        let load = || store.read(|view| view.load(MailboxId(1))).unwrap();
        assert_eq!(load(), Load { messages: 4, bytes: 14 });
        assert_eq!((remove(0), remove(99)), (0, 0));
        assert_eq!((remove(101), load()), (2, Load { messages: 2, bytes: 7 }));
        assert_eq!((remove(u64::MAX), load()), (2, Load::default()));
        assert_eq!(store.read(|view| view.messages_waiting()).unwrap(), 1);
        drop(store);
        let store = Store::open(&path).unwrap();
        assert_eq!(put(&store, 1, "again", 100), 6);
    }
}
