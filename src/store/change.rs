//! Writing, within one transaction.
//!
//! Owns: every way in which the store changes, and that each index says what its table says. Not here: when a change may be
//! made (`auth`, `app`), and the transaction itself (`Store::write`).

use std::ops::Deref;

use redb::{Key, ReadableTable, Table, TableDefinition, Value, WriteTransaction};

use super::records;
use super::tables::{
    ACCOUNTS, ACCOUNTS_BY_EMAIL, AUDIT, EXPIRIES, Expiring, LINKS, MAILS, MAILS_BY_TIME, META, META_LAST_ACCOUNT,
    META_LAST_MAIL, REGISTRATIONS, SEALED_KEYS, TOKENS, TOKENS_BY_ACCOUNT,
};
use super::{MailId, StoreError, StoredMail, View};
use crate::domain::{
    Account, AccountId, Actor, AuditEntry, Email, Event, Link, LinkPurpose, Registration, SealedEntry, TokenHash,
    TokenRecord, UnixTime, UserName,
};

/// A transaction in progress. It reads as a [`View`] does, and sees its own changes.
pub struct Change<'t> {
    view: View<'t>,
    transaction: &'t WriteTransaction,
}

impl std::fmt::Debug for Change<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Change")
    }
}

impl<'t> Deref for Change<'t> {
    type Target = View<'t>;

    fn deref(&self) -> &View<'t> {
        &self.view
    }
}

impl<'t> Change<'t> {
    pub(super) fn new(transaction: &'t WriteTransaction) -> Self {
        Self { view: View::change(transaction), transaction }
    }

    /// A number for a new account, from 1. It is never given again, if the change is committed.
    pub fn new_account_id(&mut self) -> Result<AccountId, StoreError> {
        Ok(AccountId::new(self.next(META_LAST_ACCOUNT)?))
    }

    /// Writes an account, new or changed; also its address may have changed. [`StoreError::Taken`] if another has that.
    pub fn put_account(&mut self, account: &Account) -> Result<(), StoreError> {
        let (id, email) = (account.id.number(), account.email.key());
        if self.account_of(&account.email)?.is_some_and(|other| other.id != account.id) {
            return Err(StoreError::Taken);
        }
        let mut index = self.table(ACCOUNTS_BY_EMAIL)?;
        if let Some(before) = self.account(account.id)? {
            index.remove(before.email.key().as_str())?;
        }
        index.insert(email.as_str(), id)?;
        self.table(ACCOUNTS)?.insert(id, records::encode(account)?.as_slice())?;
        Ok(())
    }

    /// Writes a registration, in the place of one for the same address.
    pub fn put_registration(&mut self, registration: &Registration) -> Result<(), StoreError> {
        self.remove_registration(&registration.email)?;
        let key = registration.email.key();
        self.table(REGISTRATIONS)?.insert(key.as_str(), records::encode(registration)?.as_slice())?;
        self.expires(&Expiring::Registration(key), registration.expires)
    }

    /// Forgets a registration, if there is one.
    pub fn remove_registration(&mut self, email: &Email) -> Result<(), StoreError> {
        let Some(registration) = self.registration(email)? else { return Ok(()) };
        self.table(REGISTRATIONS)?.remove(email.key().as_str())?;
        self.expires_no_more(&Expiring::Registration(email.key()), registration.expires)
    }

    /// Writes what the link of a token does.
    pub fn put_link(&mut self, token: &TokenHash, link: &Link) -> Result<(), StoreError> {
        self.remove_link(token)?;
        self.table(LINKS)?.insert(&token.0, records::encode(link)?.as_slice())?;
        self.expires(&Expiring::Link(*token), link.expires)
    }

    /// Forgets a link, if there is one.
    pub fn remove_link(&mut self, token: &TokenHash) -> Result<(), StoreError> {
        let Some(link) = self.link(token)? else { return Ok(()) };
        self.table(LINKS)?.remove(&token.0)?;
        self.expires_no_more(&Expiring::Link(*token), link.expires)
    }

    /// Takes out all links that show this account's secret. Looks at every link there is, which is rare enough: it is for a secret that
    /// was replaced.
    pub fn remove_enrolment_links_of(&mut self, account: AccountId) -> Result<(), StoreError> {
        for (token, link) in self.links()? {
            if link.purpose == LinkPurpose::Enrol(account) {
                self.remove_link(&token)?;
            }
        }
        Ok(())
    }

    /// Writes whose a bearer token is.
    pub fn put_token(&mut self, token: &TokenHash, record: &TokenRecord) -> Result<(), StoreError> {
        self.remove_token(token)?;
        self.table(TOKENS)?.insert(&token.0, records::encode(record)?.as_slice())?;
        self.table(TOKENS_BY_ACCOUNT)?.insert((record.account.number(), &token.0), ())?;
        self.expires(&Expiring::Token(*token), record.expires)
    }

    /// Ends a bearer token. Says whether there was one.
    pub fn remove_token(&mut self, token: &TokenHash) -> Result<bool, StoreError> {
        let Some(record) = self.token(token)? else { return Ok(false) };
        self.table(TOKENS)?.remove(&token.0)?;
        self.table(TOKENS_BY_ACCOUNT)?.remove((record.account.number(), &token.0))?;
        self.expires_no_more(&Expiring::Token(*token), record.expires)?;
        Ok(true)
    }

    /// Ends all bearer tokens of an account. Says how many.
    pub fn remove_tokens_of(&mut self, account: AccountId) -> Result<usize, StoreError> {
        let tokens = self.tokens_of(account)?;
        for (token, _) in &tokens {
            self.remove_token(token)?;
        }
        Ok(tokens.len())
    }

    /// Writes a new mail.
    pub fn put_mail(&mut self, mail: &StoredMail) -> Result<MailId, StoreError> {
        let id = MailId(self.next(META_LAST_MAIL)?);
        self.write_mail(id, mail)?;
        Ok(id)
    }

    /// Writes a mail that waits already. Nothing happens if it waits no more: a mail that was taken out does not come back.
    pub fn set_mail(&mut self, id: MailId, mail: &StoredMail) -> Result<(), StoreError> {
        let Some(before) = self.mail(id)? else { return Ok(()) };
        self.table(MAILS_BY_TIME)?.remove((before.next_try.0, id.0))?;
        self.write_mail(id, mail)
    }

    /// Takes out a mail, if it waits.
    pub fn remove_mail(&mut self, id: MailId) -> Result<(), StoreError> {
        let Some(mail) = self.mail(id)? else { return Ok(()) };
        self.table(MAILS)?.remove(id.0)?;
        self.table(MAILS_BY_TIME)?.remove((mail.next_try.0, id.0))?;
        Ok(())
    }

    /// Writes a user of the sealed channel, in the place of one of the same name.
    pub fn put_sealed_entry(&mut self, entry: &SealedEntry) -> Result<(), StoreError> {
        self.table(SEALED_KEYS)?.insert(entry.user.as_str(), records::encode(entry)?.as_slice())?;
        Ok(())
    }

    /// Forgets a user of the sealed channel. Returns who it was, if there was one.
    pub fn remove_sealed_entry(&mut self, user: &UserName) -> Result<Option<SealedEntry>, StoreError> {
        let entry = self.sealed_entry(user)?;
        self.table(SEALED_KEYS)?.remove(user.as_str())?;
        Ok(entry)
    }

    /// Adds an entry to the audit trail, chained to the last one. It is there if, and only if, what it tells of is.
    pub fn append_audit(
        &mut self,
        time: UnixTime,
        who: Actor,
        what: Event,
        about: Option<&Email>,
    ) -> Result<(), StoreError> {
        self.append_audit_about(time, who, what, about.map(|email| email.as_str().to_owned()))
    }

    /// The same about something that has another name than an address.
    pub fn append_audit_about(
        &mut self,
        time: UnixTime,
        who: Actor,
        what: Event,
        about: Option<String>,
    ) -> Result<(), StoreError> {
        let entry = AuditEntry::after(self.last_audit()?.as_ref(), time, who, what, about);
        self.table(AUDIT)?.insert(entry.number, records::encode(&entry)?.as_slice())?;
        Ok(())
    }

    /// Drops the registrations, links and tokens whose `expires` is `now` or before. It looks at nothing else, so it costs
    /// as much as there is to drop.
    pub fn sweep(&mut self, now: UnixTime) -> Result<(), StoreError> {
        for expiring in self.expired(now)? {
            match expiring {
                Expiring::Registration(key) => {
                    let email = Email::parse(&key).map_err(|error| StoreError::damaged("expiries.1", error))?;
                    self.remove_registration(&email)?;
                }
                Expiring::Link(token) => self.remove_link(&token)?,
                Expiring::Token(token) => drop(self.remove_token(&token)?),
            }
        }
        Ok(())
    }

    fn expired(&self, now: UnixTime) -> Result<Vec<Expiring>, StoreError> {
        let end: (u64, u8, &[u8]) = (now.0.saturating_add(1), 0, &[]);
        let rows = self.rows(EXPIRIES)?;
        rows.range(..end)?
            .map(|row| {
                let key = row?.0;
                let (_, kind, name) = key.value();
                Expiring::parse(kind, name).ok_or_else(|| StoreError::damaged("expiries.1", "an unknown kind"))
            })
            .collect()
    }

    fn expires(&self, what: &Expiring, when: UnixTime) -> Result<(), StoreError> {
        self.table(EXPIRIES)?.insert(what.key(when.0), ())?;
        Ok(())
    }

    fn expires_no_more(&self, what: &Expiring, when: UnixTime) -> Result<(), StoreError> {
        self.table(EXPIRIES)?.remove(what.key(when.0))?;
        Ok(())
    }

    fn write_mail(&self, id: MailId, mail: &StoredMail) -> Result<(), StoreError> {
        self.table(MAILS)?.insert(id.0, records::encode(mail)?.as_slice())?;
        self.table(MAILS_BY_TIME)?.insert((mail.next_try.0, id.0), ())?;
        Ok(())
    }

    /// One more than last time.
    pub(super) fn next(&self, counter: &str) -> Result<u64, StoreError> {
        let mut meta = self.table(META)?;
        let last = meta.get(counter)?.map_or(0, |number| number.value());
        let next = last.checked_add(1).ok_or_else(|| StoreError::damaged("meta.1", "no numbers are left"))?;
        meta.insert(counter, next)?;
        Ok(next)
    }

    pub(super) fn table<K: Key, V: Value>(
        &self,
        table: TableDefinition<'static, K, V>,
    ) -> Result<Table<'t, K, V>, StoreError> {
        Ok(self.transaction.open_table(table)?)
    }
}
