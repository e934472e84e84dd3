//! A test: the store does what plain maps do.
//!
//! Random changes, each kept or given up as chance has it, on a store and on a [`Model`]; then every question is asked of
//! both, and every index is compared with what it must say.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    Account, AccountId, Actor, AuditEntry, Email, Event, Link, LinkPurpose, Load, MailText, MailboxId, MailboxName,
    Message, PasswordHash, Registration, Standing, TokenHash, TokenRecord, TotpStep, UnixTime,
};
use crate::store::tables::{ACCOUNTS_BY_EMAIL, EXPIRIES, Expiring, MAILS_BY_TIME, TOKENS_BY_ACCOUNT};
use crate::store::{Change, MailId, Store, StoreError, StoredMail, View};

/// What should be in the store.
#[derive(Clone, Debug, Default)]
struct Model {
    accounts: BTreeMap<u64, Account>,
    registrations: BTreeMap<String, Registration>,
    links: BTreeMap<TokenHash, Link>,
    tokens: BTreeMap<TokenHash, TokenRecord>,
    mails: BTreeMap<MailId, StoredMail>,
    audit: Vec<AuditEntry>,
    messages: BTreeMap<(u64, u64), Message>,
    last_message: u64,
    last_account: u64,
    last_mail: u64,
}

/// Room for everything.
const ALL: Load = Load { messages: u64::MAX, bytes: u64::MAX };

/// What tokens are made of, so that they meet again.
const BYTES: [u8; 8] = [0, 1, 2, 127, 128, 129, 254, 255];

/// SplitMix64: a test that fails fails again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn size(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap()
    }

    fn time(&mut self) -> UnixTime {
        UnixTime(self.below(50))
    }

    /// One of few, in one of two spellings.
    fn email(&mut self) -> Email {
        let name = ["a", "A", "bb", "Bb", "ccc", "dddd"][self.size(6)];
        Email::parse(&format!("{name}@example.org")).unwrap()
    }

    fn hash(&mut self) -> TokenHash {
        TokenHash([BYTES[self.size(BYTES.len())]; 32])
    }

    fn id(&mut self) -> AccountId {
        AccountId::new(1 + self.below(4))
    }

    fn password(&mut self) -> PasswordHash {
        PasswordHash { memory_kib: 65536, passes: 3, salt: [[0, 1, 2, 3][self.size(4)]; 16], tag: [2; 32] }
    }

    fn account(&mut self, id: AccountId) -> Account {
        Account {
            id,
            email: self.email(),
            password: self.password(),
            totp: vec![7; self.size(64)],
            last_step: (self.below(2) == 0).then_some(TotpStep(5)),
            standing: Standing::ALL[self.size(4)],
            since: self.time(),
            networks: vec![],
        }
    }

    fn link(&mut self) -> Link {
        let purpose = match self.below(3) {
            0 => LinkPurpose::Register(self.email()),
            1 => LinkPurpose::Enrol(self.id()),
            _ => LinkPurpose::Approve(self.id()),
        };
        Link { purpose, expires: self.time() }
    }

    fn mail(&mut self) -> StoredMail {
        let sealed = vec![0xee; self.size(3000)];
        StoredMail { sealed, created: self.time(), next_try: self.time(), attempts: 0, expires: self.time() }
    }
}

impl Model {
    /// One change, to the store and to the model.
    fn step(&mut self, chance: &mut Chance, change: &mut Change<'_>) -> Result<(), StoreError> {
        match chance.below(4) {
            0 => self.step_of_accounts(chance, change),
            1 => self.step_of_tokens(chance, change),
            2 => self.step_of_messages(chance, change),
            _ => self.step_of_mails_or_time(chance, change),
        }
    }

    fn step_of_accounts(&mut self, chance: &mut Chance, change: &mut Change<'_>) -> Result<(), StoreError> {
        match chance.below(4) {
            0 => self.put_account(chance.account(AccountId::new(self.last_account + 1)), true, change)?,
            1 if self.last_account > 0 => {
                let id = AccountId::new(1 + chance.below(self.last_account));
                self.put_account(chance.account(id), false, change)?;
            }
            2 => {
                let email = chance.email();
                change.remove_registration(&email)?;
                self.registrations.remove(&email.key());
            }
            _ => {
                let (email, password, expires) = (chance.email(), chance.password(), chance.time());
                let registration = Registration { email, password, expires };
                change.put_registration(&registration)?;
                self.registrations.insert(registration.email.key(), registration);
            }
        }
        Ok(())
    }

    fn step_of_tokens(&mut self, chance: &mut Chance, change: &mut Change<'_>) -> Result<(), StoreError> {
        let token = chance.hash();
        match chance.below(8) {
            0 => {
                let (id, before) = (chance.id(), self.tokens.len());
                let removed = change.remove_tokens_of(id)?;
                self.tokens.retain(|_, record| record.account != id);
                assert_eq!(removed, before - self.tokens.len());
            }
            1 => assert_eq!(change.remove_token(&token)?, self.tokens.remove(&token).is_some()),
            2 => {
                change.remove_link(&token)?;
                self.links.remove(&token);
            }
            3 | 4 => {
                let link = chance.link();
                change.put_link(&token, &link)?;
                self.links.insert(token, link);
            }
            _ => {
                let record = TokenRecord { account: chance.id(), expires: chance.time() };
                change.put_token(&token, &record)?;
                self.tokens.insert(token, record);
            }
        }
        Ok(())
    }

    fn step_of_mails_or_time(&mut self, chance: &mut Chance, change: &mut Change<'_>) -> Result<(), StoreError> {
        let (mail, id) = (chance.mail(), MailId(1 + chance.below(self.last_mail + 1)));
        match chance.below(6) {
            0 => self.sweep(chance.time(), change)?,
            1 => self.append_audit(chance.time(), chance.email(), change)?,
            2 => {
                change.set_mail(id, &mail)?;
                self.mails.entry(id).and_modify(|waiting| *waiting = mail);
            }
            3 => {
                change.remove_mail(id)?;
                self.mails.remove(&id);
            }
            _ => {
                self.last_mail += 1;
                assert_eq!(change.put_mail(&mail)?, MailId(self.last_mail));
                self.mails.insert(MailId(self.last_mail), mail);
            }
        }
        Ok(())
    }

    fn step_of_messages(&mut self, chance: &mut Chance, change: &mut Change<'_>) -> Result<(), StoreError> {
        let mailbox = chance.below(3);
        if chance.below(4) == 0 {
            let (until, before) = (chance.time(), self.messages.len());
            let removed = change.remove_messages(MailboxId(mailbox), until)?;
            self.messages.retain(|(of, _), message| *of != mailbox || message.sent_at >= until);
            assert_eq!(removed, (before - self.messages.len()) as u64);
            return Ok(());
        }
        self.last_message += 1;
        assert_eq!(change.new_message_id()?, self.last_message);
        let contents = MailText::parse("\u{e9}".repeat(chance.size(2000))).unwrap();
        let from = MailboxName::parse("ada").unwrap();
        let message = Message { id: self.last_message, from, contents, sent_at: chance.time() };
        let load = change.load(MailboxId(mailbox))?.with(&message.contents, ALL).unwrap();
        change.put_message(MailboxId(mailbox), &message, load)?;
        self.messages.insert((mailbox, self.last_message), message);
        Ok(())
    }

    fn sweep(&mut self, now: UnixTime, change: &mut Change<'_>) -> Result<(), StoreError> {
        change.sweep(now)?;
        self.registrations.retain(|_, registration| registration.expires > now);
        self.links.retain(|_, link| link.expires > now);
        self.tokens.retain(|_, record| record.expires > now);
        Ok(())
    }

    fn append_audit(&mut self, now: UnixTime, email: Email, change: &mut Change<'_>) -> Result<(), StoreError> {
        change.append_audit(now, Actor::Server, Event::Started, Some(&email))?;
        let about = Some(email.as_str().to_owned());
        self.audit.push(AuditEntry::after(self.audit.last(), now, Actor::Server, Event::Started, about));
        Ok(())
    }

    fn put_account(&mut self, account: Account, new: bool, change: &mut Change<'_>) -> Result<(), StoreError> {
        if new {
            self.last_account += 1;
            assert_eq!(change.new_account_id()?, account.id);
        }
        let taken = self.accounts.values().any(|other| other.email == account.email && other.id != account.id);
        match change.put_account(&account) {
            Err(StoreError::Taken) if taken => {}
            Ok(()) if !taken => drop(self.accounts.insert(account.id.number(), account)),
            other => panic!("{other:?}, taken: {taken}"),
        }
        Ok(())
    }

    /// Asks everything.
    fn check(&self, view: &View<'_>) -> Result<(), StoreError> {
        assert_eq!(view.accounts()?, self.accounts.values().cloned().collect::<Vec<_>>());
        for id in 1..=self.last_account + 1 {
            assert_eq!(view.account(AccountId::new(id))?.as_ref(), self.accounts.get(&id));
        }
        for name in ["a", "bB", "CCC", "dddd", "nobody"] {
            let email = Email::parse(&format!("{name}@example.org")).unwrap();
            let account = self.accounts.values().find(|account| account.email == email);
            assert_eq!(view.account_of(&email)?.as_ref(), account);
            assert_eq!(view.registration(&email)?.as_ref(), self.registrations.get(&email.key()));
        }
        assert_eq!(view.registrations()?, self.registrations.len() as u64);
        for token in BYTES.map(|byte| TokenHash([byte; 32])) {
            assert_eq!(view.link(&token)?.as_ref(), self.links.get(&token));
            assert_eq!(view.token(&token)?.as_ref(), self.tokens.get(&token));
        }
        for id in (0..=5).map(AccountId::new) {
            let tokens = self.tokens.iter().filter(|(_, record)| record.account == id);
            assert_eq!(view.tokens_of(id)?, tokens.map(|(token, record)| (*token, *record)).collect::<Vec<_>>());
        }
        self.check_messages(view)?;
        self.check_mails(view)?;
        self.check_audit(view)?;
        self.check_indexes(view)
    }

    fn check_messages(&self, view: &View<'_>) -> Result<(), StoreError> {
        assert_eq!(view.messages_waiting()?, self.messages.len() as u64);
        for mailbox in 0..4 {
            let (id, all) = (MailboxId(mailbox), self.messages.range((mailbox, 0)..=(mailbox, u64::MAX)));
            let newest: Vec<Message> = all.rev().map(|(_, message)| message.clone()).collect();
            assert_eq!(view.messages(id, None, usize::MAX)?, newest);
            assert_eq!(view.messages(id, None, 3)?, newest[..newest.len().min(3)]);
            let oldest: Vec<Message> = newest.iter().rev().take(3).cloned().collect();
            assert_eq!(view.oldest_messages(id, 3)?, oldest);
            for until in (0..50).map(UnixTime) {
                let has = newest.iter().any(|message| message.sent_at < until);
                assert_eq!(view.has_message_before(id, until)?, has);
            }
            if let Some(third) = newest.get(2) {
                assert_eq!(view.messages(id, Some(third.id), usize::MAX)?, newest[3..]);
            }
            let bytes = newest.iter().map(|message| message.contents.as_str().len() as u64).sum();
            assert_eq!(view.load(id)?, Load { messages: newest.len() as u64, bytes });
        }
        Ok(())
    }

    fn check_mails(&self, view: &View<'_>) -> Result<(), StoreError> {
        assert_eq!(view.mail_count()?, self.mails.len() as u64);
        let mut waiting: Vec<(MailId, StoredMail)> = self.mails.clone().into_iter().collect();
        waiting.sort_by_key(|(id, mail)| (mail.next_try, *id));
        assert_eq!(view.mails(usize::MAX)?, waiting);
        assert_eq!(view.mails(3)?, waiting[..waiting.len().min(3)]);
        for id in (0..=self.last_mail + 1).map(MailId) {
            assert_eq!(view.mail(id)?.as_ref(), self.mails.get(&id));
        }
        Ok(())
    }

    fn check_audit(&self, view: &View<'_>) -> Result<(), StoreError> {
        assert_eq!(view.last_audit()?.as_ref(), self.audit.last());
        let trail = view.audit(0, usize::MAX)?;
        assert_eq!(trail, self.audit);
        assert_eq!(AuditEntry::verify(&trail), Ok(()));
        assert_eq!(view.audit(3, 2)?, self.audit.iter().skip(2).take(2).cloned().collect::<Vec<_>>());
        Ok(())
    }

    fn check_indexes(&self, view: &View<'_>) -> Result<(), StoreError> {
        let rows = view.rows(ACCOUNTS_BY_EMAIL)?;
        let rows = rows.range::<&str>(..)?.map(Result::unwrap);
        let index: BTreeMap<String, u64> = rows.map(|(key, id)| (key.value().to_owned(), id.value())).collect();
        assert_eq!(index, self.accounts.values().map(|account| (account.email.key(), account.id.number())).collect());

        let rows = view.rows(TOKENS_BY_ACCOUNT)?;
        let rows = rows.range::<(u64, &[u8; 32])>(..)?.map(|row| row.unwrap().0);
        let index: BTreeSet<(u64, [u8; 32])> = rows.map(|key| (key.value().0, *key.value().1)).collect();
        assert_eq!(index, self.tokens.iter().map(|(token, record)| (record.account.number(), token.0)).collect());

        let rows = view.rows(MAILS_BY_TIME)?;
        let index: BTreeSet<(u64, u64)> = rows.range::<(u64, u64)>(..)?.map(|row| row.unwrap().0.value()).collect();
        assert_eq!(index, self.mails.iter().map(|(id, mail)| (mail.next_try.0, id.0)).collect());

        let rows = view.rows(EXPIRIES)?;
        let rows = rows.range::<(u64, u8, &[u8])>(..)?.map(|row| row.unwrap().0);
        let index: BTreeSet<(u64, u8, Vec<u8>)> = rows.map(|key| owned(key.value())).collect();
        let registrations =
            self.registrations.iter().map(|(key, it)| (Expiring::Registration(key.clone()), it.expires));
        let links = self.links.iter().map(|(token, link)| (Expiring::Link(*token), link.expires));
        let tokens = self.tokens.iter().map(|(token, record)| (Expiring::Token(*token), record.expires));
        let expected = registrations.chain(links).chain(tokens);
        assert_eq!(index, expected.map(|(what, expires)| owned(what.key(expires.0))).collect());
        Ok(())
    }
}

fn owned((expires, kind, name): (u64, u8, &[u8])) -> (u64, u8, Vec<u8>) {
    (expires, kind, name.to_vec())
}

/// One transaction of a few steps, kept three times out of four.
fn transaction(store: &Store, model: &mut Model, chance: &mut Chance) {
    let mut after = model.clone();
    let (steps, keep) = (1 + chance.below(5), chance.below(4) > 0);
    let done = store.write_now(|change| {
        for _ in 0..steps {
            after.step(chance, change)?;
        }
        after.check(change)?;
        // Until it is kept, nobody else sees it.
        store.read(|view| model.check(view))?;
        if keep { Ok(()) } else { Err(StoreError::Lost) }
    });
    assert_eq!(done.is_ok(), keep, "{done:?}");
    if keep {
        *model = after;
    }
    store.read(|view| model.check(view)).unwrap();
}

#[test]
fn in_memory_the_store_does_what_maps_do() {
    let (store, mut model) = (Store::in_memory().unwrap(), Model::default());
    let mut chance = Chance(1);
    for _ in 0..200 {
        transaction(&store, &mut model, &mut chance);
    }
    assert!(
        model.accounts.len() > 1 && model.audit.len() > 5 && model.mails.len() > 5 && model.messages.len() > 5,
        "{model:?}"
    );
}

#[test]
fn in_a_file_the_store_does_what_maps_do_however_often_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let (mut model, mut chance) = (Model::default(), Chance(2));
    for _ in 0..10 {
        let store = Store::open(&path).unwrap();
        store.read(|view| model.check(view)).unwrap();
        for _ in 0..8 {
            transaction(&store, &mut model, &mut chance);
            // What the next server finds if this one is killed now.
            let left = folder.path().join("left.redb");
            std::fs::copy(&path, &left).unwrap();
            Store::open(&left).unwrap().read(|view| model.check(view)).unwrap();
        }
    }
}
