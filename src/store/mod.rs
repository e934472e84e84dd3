//! What is kept: accounts, registrations, links, tokens, waiting mails, mailboxes, the audit trail; in one file.
//!
//! Owns: everything that names redb; tables and records, which carry versions; one writer at a time, any number of readers
//! that see a snapshot. Not here: what the rules are (`domain`) and who asks (`auth`, `app`, `mail`). Nothing is sealed here
//! either: TOTP secrets and letters come in sealed by the [`vault`](crate::vault), passwords and tokens hashed.
//!
//! | file | what it knows |
//! |---|---|
//! | `tables` | names and keys |
//! | `records` | the bytes |
//! | `view`, `change` | every question, every change |
//! | `mailbox` | the same for mailboxes and messages |
//! | `parcels`, `parcel_records` | the same of parcels |
//! | `error` | what can go wrong |
//!
//! # What survives
//!
//! [`Store::write`] answers after the commit, so whatever somebody was told is in the file. A commit has two phases: first every
//! changed page, beside the old ones, with the root that names them, then `fsync`; then the one byte that says which of the
//! two roots counts, then `fsync` again. So:
//!
//! - **kill -9** at any moment loses nothing that was answered: it was handed to the kernel, and is on the disk. A change whose
//!   commit was not finished is there whole or not at all, and nobody was told that it is.
//! - **Loss of power** is the same, on a disk that does what `fsync` says.
//! - **A full or failing disk** ends the commit in progress with an error. It is then not known whether that change is in the
//!   file, whole, or not. After that the library refuses all work until the file is opened again.
//! - A process that is killed while it makes the file leaves one without a beginning; it is made again, for there was nothing
//!   in it.
//!
//! The next [`Store::open`] repairs what was left behind, by itself, and checks all checksums. That reads the whole file, at the
//! speed of the disk, and a file that something else has changed is refused, not believed. The tests break a disk at every
//! single operation of a change and look at what is left (`tests/faults`).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use redb::backends::{FileBackend, InMemoryBackend};
use redb::{Builder, Database, DatabaseError, Durability, ReadableDatabase, StorageBackend, WriteTransaction};
use tokio::sync::Mutex;

use crate::config::limits;
use crate::domain::UnixTime;

mod change;
mod error;
mod mailbox;
mod parcel_records;
mod parcels;
mod records;
mod tables;
mod view;

pub use change::Change;
pub use error::StoreError;
pub use parcels::Totals;
pub use records::decode_any_record;
pub use view::View;

/// A waiting mail's number, from 1, never given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailId(pub u64);

/// A waiting mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMail {
    /// The letter, sealed by the vault.
    pub sealed: Vec<u8>,
    /// When it was written.
    pub created: UnixTime,
    /// When it is to be tried next.
    pub next_try: UnixTime,
    /// How often it has been tried.
    pub attempts: u32,
    /// When it is given up.
    pub expires: UnixTime,
}

/// The database. Clones share it; the last one closes it.
#[derive(Clone)]
pub struct Store {
    database: Arc<Database>,
    /// Whoever holds it writes. The others wait without a thread each.
    turn: Arc<Mutex<()>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    /// Opens the database in this file, or makes one (mode 0600) if there is none. Repairs what a crash has left. Blocks.
    ///
    /// [`StoreError::InUse`] while it is open anywhere else, [`StoreError::Newer`] if a newer version of the program has
    /// written it, [`StoreError::Damaged`] if it is not what was written.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let shown = path.display().to_string();
        let failed = |why: &dyn std::fmt::Display| StoreError::Open { path: shown.clone(), why: why.to_string() };
        let file = open_file(path).map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(shown)),
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
        begin_again_if_half_made(&file).map_err(|error| failed(&error))?;
        let backend = FileBackend::new(file).map_err(|error| failed(&error))?;
        Self::of(backend, &shown)
    }

    /// A database in memory, by the same code.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::of(InMemoryBackend::new(), "memory")
    }

    fn of(backend: impl StorageBackend, path: &str) -> Result<Self, StoreError> {
        let mut builder = Builder::new();
        builder.set_cache_size(limits::STORE_CACHE_BYTES).set_check_integrity_on_open(true);
        let database = builder.create_with_backend(backend).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => StoreError::InUse(path.to_owned()),
            DatabaseError::Storage(redb::StorageError::Corrupted(why)) => StoreError::damaged(path, why),
            other => StoreError::Open { path: path.to_owned(), why: other.to_string() },
        })?;
        let store = Self { database: Arc::new(database), turn: Arc::default() };
        let transaction = store.begin()?;
        match tables::prepare(&transaction)? {
            tables::FORMAT => transaction.commit()?,
            found => return Err(StoreError::Newer { path: path.to_owned(), found, known: tables::FORMAT }),
        }
        Ok(store)
    }

    /// Looks at a snapshot: all that has been committed, and nothing that will be. It waits for nobody but the disk, so it is
    /// fit for an asynchronous task as long as `look` is short.
    pub fn read<T>(&self, look: impl FnOnce(&View<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let transaction = self.database.begin_read()?;
        look(&View::snapshot(&transaction))
    }

    /// Changes something, in one transaction, when those who came before are done. `change` runs on a thread that may block,
    /// so it must not be long: all others wait. If it returns an error nothing is changed. The answer comes after the commit.
    ///
    /// When the returned future is dropped before its turn has come, nothing happens. From then on the change runs to its end
    /// and is committed whole, though nobody hears of it.
    pub async fn write<T, E>(
        &self,
        change: impl FnOnce(&mut Change<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let store = self.clone();
        let written = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            store.write_now(change)
        });
        written.await.unwrap_or_else(|_| Err(StoreError::Lost.into()))
    }

    fn write_now<T, E: From<StoreError>>(&self, change: impl FnOnce(&mut Change<'_>) -> Result<T, E>) -> Result<T, E> {
        let transaction = self.begin()?;
        // A transaction that is dropped is aborted.
        let changed = change(&mut Change::new(&transaction))?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(changed)
    }

    /// In two phases, because checksums alone tell a finished commit from an unfinished one only where nobody chooses what is
    /// written, and strangers do.
    fn begin(&self) -> Result<WriteTransaction, StoreError> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_two_phase_commit(true);
        Ok(transaction)
    }
}

/// Opens the file, or makes an empty one whose name survives a loss of power.
fn open_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        opened => return opened,
    }
    let file = options.create(true).truncate(false).open(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(file)
}

/// Empties a file that was never finished: redb writes its first bytes last. Only if nothing can be in it: beyond its head it
/// is all zeros, too.
fn begin_again_if_half_made(mut file: &File) -> std::io::Result<()> {
    const MAGIC: usize = 9;
    const HEAD: u64 = 4096;
    let mut magic = [0; MAGIC];
    if file.metadata()?.len() < HEAD || file.read_exact(&mut magic).is_err() || magic != [0; MAGIC] {
        return Ok(());
    }
    let mut rest = vec![];
    file.seek(std::io::SeekFrom::Start(HEAD))?;
    file.take(limits::EMPTY_STORE_BYTES).read_to_end(&mut rest)?;
    let empty = rest.iter().all(|byte| *byte == 0) && file.stream_position()? == file.metadata()?.len();
    if empty { file.set_len(0) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    mod faults;
    mod model;

    use std::os::unix::fs::PermissionsExt;
    use std::pin::pin;
    use std::task::Poll;

    use super::*;
    use crate::domain::{
        Account, AccountId, Actor, AuditEntry, Email, Event, Link, LinkPurpose, Network, PasswordHash, Registration,
        SealedEntry, SealedKey, Standing, TokenHash, TokenRecord, TotpStep, UserName,
    };

    /// A database of the first format, as it came out of the program of that time: its length, then every page that is not
    /// all zeros, behind its place in the file.
    const V1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/store/v1.pages");
    const PAGE: usize = 4096;

    fn email(text: &str) -> Email {
        Email::parse(text).unwrap()
    }

    fn password() -> PasswordHash {
        PasswordHash { memory_kib: 65536, passes: 3, salt: [1; 16], tag: [2; 32] }
    }

    fn account(id: AccountId) -> Account {
        Account {
            id,
            email: email("Ada@example.org"),
            password: password(),
            totp: b"sealed".to_vec(),
            last_step: Some(TotpStep(58_000_000)),
            standing: Standing::Approved,
            since: UnixTime(1_700_000_000),
            networks: vec![Network::V4([192, 0, 2, 1]), Network::Here],
        }
    }

    fn registration() -> Registration {
        Registration { email: email("grace@example.org"), password: password(), expires: UnixTime(100) }
    }

    fn link() -> Link {
        Link { purpose: LinkPurpose::Register(email("grace@example.org")), expires: UnixTime(100) }
    }

    fn token() -> TokenRecord {
        TokenRecord { account: AccountId::new(1), expires: UnixTime(101) }
    }

    fn mail() -> StoredMail {
        let (created, next_try, expires) = (UnixTime(1), UnixTime(61), UnixTime(601));
        StoredMail { sealed: b"sealed".to_vec(), created, next_try, attempts: 2, expires }
    }

    /// One of each.
    fn fill(change: &mut Change<'_>) -> Result<(), StoreError> {
        let id = change.new_account_id()?;
        change.put_account(&account(id))?;
        change.put_registration(&registration())?;
        change.put_link(&TokenHash([3; 32]), &link())?;
        change.put_token(&TokenHash([4; 32]), &token())?;
        change.put_mail(&mail())?;
        change.append_audit(UnixTime(1), Actor::Server, Event::Started, None)?;
        change.append_audit(UnixTime(2), Actor::Owner, Event::Verified, Some(&email("Ada@example.org")))
    }

    fn is_filled(view: &View<'_>) -> Result<(), StoreError> {
        assert_eq!(view.account(AccountId::new(1))?, Some(account(AccountId::new(1))));
        assert_eq!(view.account_of(&email("ada@EXAMPLE.org"))?, Some(account(AccountId::new(1))));
        assert_eq!(view.registration(&email("grace@example.org"))?, Some(registration()));
        assert_eq!(view.link(&TokenHash([3; 32]))?, Some(link()));
        assert_eq!(view.token(&TokenHash([4; 32]))?, Some(token()));
        assert_eq!(view.tokens_of(AccountId::new(1))?, [(TokenHash([4; 32]), token())]);
        assert_eq!(view.mails(10)?, [(MailId(1), mail())]);
        let trail = view.audit(1, 10)?;
        assert_eq!(trail.len(), 2);
        assert_eq!(AuditEntry::verify(&trail), Ok(()));
        Ok(())
    }

    fn folder_and_path() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.redb");
        (folder, path)
    }

    #[test]
    #[ignore = "writes the file that the next test reads: only ever for a new format"]
    fn a_file_of_this_format_is_written() {
        let (_folder, path) = folder_and_path();
        Store::open(&path).unwrap().write_now(fill).unwrap();
        let file = std::fs::read(&path).unwrap();
        let mut pages = (file.len() as u64).to_le_bytes().to_vec();
        for (page, place) in file.chunks(PAGE).zip((0u64..).step_by(PAGE)).filter(|(page, _)| *page != [0; PAGE]) {
            pages.extend_from_slice(&place.to_le_bytes());
            pages.extend_from_slice(page);
        }
        std::fs::write(V1, pages).unwrap();
    }

    #[test]
    fn a_file_of_the_first_format_is_read_and_goes_on() {
        let (_folder, path) = folder_and_path();
        let pages = std::fs::read(V1).unwrap();
        let number = |bytes: &[u8]| usize::try_from(u64::from_le_bytes(bytes.try_into().unwrap())).unwrap();
        let mut file = vec![0; number(&pages[..8])];
        for page in pages[8..].chunks(8 + PAGE) {
            file[number(&page[..8])..][..PAGE].copy_from_slice(&page[8..]);
        }
        std::fs::write(&path, file).unwrap();
        let store = Store::open(&path).unwrap();
        store.read(is_filled).unwrap();
        let numbers =
            store.write_now(|change| Ok::<_, StoreError>((change.new_account_id()?, change.put_mail(&mail())?)));
        assert_eq!(numbers.unwrap(), (AccountId::new(2), MailId(2)));
    }

    #[test]
    fn the_file_is_for_its_owner_alone_and_for_one_at_a_time() {
        let (_folder, path) = folder_and_path();
        let store = Store::open(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::InUse(_)));
        assert!(error.to_string().starts_with("another server is using "), "{error}");
        store.write_now(fill).unwrap();
        drop(store);
        Store::open(&path).unwrap().read(is_filled).unwrap();
    }

    #[test]
    fn a_file_of_a_newer_format_is_refused_and_left_alone() {
        let (_folder, path) = folder_and_path();
        let store = Store::open(&path).unwrap();
        let transaction = store.begin().unwrap();
        transaction.open_table(tables::META).unwrap().insert("format", tables::FORMAT + 1).unwrap();
        transaction.commit().unwrap();
        drop(store);
        for _ in 0..2 {
            let error = Store::open(&path).unwrap_err();
            assert!(matches!(error, StoreError::Newer { found: 2, known: 1, .. }), "{error}");
        }
    }

    #[test]
    fn a_file_that_was_never_finished_is_begun_again_and_no_other() {
        let (_folder, path) = folder_and_path();
        drop(Store::open(&path).unwrap());
        let begun = std::fs::read(&path).unwrap();
        // As redb leaves it before the second of its first two writes.
        let mut half = vec![0; begun.len()];
        half[9..320].copy_from_slice(&begun[9..320]);
        std::fs::write(&path, &half).unwrap();
        Store::open(&path).unwrap().write_now(fill).unwrap();
        Store::open(&path).unwrap().read(is_filled).unwrap();

        // With its head lost, it is not taken for empty.
        let mut headless = std::fs::read(&path).unwrap();
        headless[..320].fill(0);
        for wrong in [headless, b"SQLite format 3\0".repeat(1000), b"short".to_vec()] {
            std::fs::write(&path, &wrong).unwrap();
            assert!(matches!(Store::open(&path), Err(StoreError::Open { .. })));
            assert_eq!(std::fs::read(&path).unwrap(), wrong);
        }
    }

    #[test]
    fn a_file_that_was_changed_by_something_else_is_not_believed() {
        let (_folder, path) = folder_and_path();
        Store::open(&path).unwrap().write_now(fill).unwrap();
        let good = std::fs::read(&path).unwrap();
        let mut refused = 0;
        for at in good.iter().enumerate().filter(|(_, byte)| **byte != 0).map(|(at, _)| at).skip(400).step_by(811) {
            let mut changed = good.clone();
            changed[at] ^= 0x10;
            std::fs::write(&path, &changed).unwrap();
            match Store::open(&path) {
                Ok(store) => store.read(is_filled).unwrap(),
                Err(error) => {
                    assert!(matches!(error, StoreError::Damaged { .. }), "{at}: {error}");
                    refused += 1;
                }
            }
        }
        assert!(refused > 5, "{refused}");
    }

    #[test]
    fn a_record_that_cannot_be_read_is_named() {
        let store = Store::in_memory().unwrap();
        store.write_now(fill).unwrap();
        let transaction = store.begin().unwrap();
        transaction.open_table(tables::ACCOUNTS).unwrap().insert(1, &[1, 2, 3][..]).unwrap();
        transaction.open_table(tables::TOKENS).unwrap().remove(&[4; 32]).unwrap();
        transaction.commit().unwrap();
        let table = |error: StoreError| match error {
            StoreError::Damaged { table, .. } => table,
            other => panic!("{other}"),
        };
        let id = AccountId::new(1);
        assert_eq!(table(store.read(|view| view.account(id)).unwrap_err()), "accounts.1");
        assert_eq!(table(store.read(|view| view.accounts()).unwrap_err()), "accounts.1");
        assert_eq!(table(store.read(|view| view.tokens_of(id)).unwrap_err()), "tokens.1");
    }

    #[test]
    fn what_expires_now_is_swept_and_what_expires_in_a_second_is_not() {
        let store = Store::in_memory().unwrap();
        store.write_now(fill).unwrap();
        let left = |now| {
            store.write_now(|change| change.sweep(UnixTime(now))).unwrap();
            let found = store.read(|view| {
                let link = view.link(&TokenHash([3; 32]))?.is_some();
                Ok((view.registrations()?, link, view.token(&TokenHash([4; 32]))?.is_some()))
            });
            found.unwrap()
        };
        assert_eq!(left(99), (1, true, true));
        assert_eq!(left(100), (0, false, true));
        assert_eq!(left(101), (0, false, false));
        assert_eq!(left(u64::MAX), (0, false, false));
    }

    #[tokio::test]
    async fn an_error_or_a_panic_leaves_nothing() {
        let store = Store::in_memory().unwrap();
        let failed = store.write(|change| fill(change).and(Err::<(), _>(StoreError::Taken))).await;
        assert!(matches!(failed, Err(StoreError::Taken)));
        let lost = store.write(|change| -> Result<(), StoreError> {
            fill(change)?;
            panic!("a test");
        });
        assert!(matches!(lost.await, Err(StoreError::Lost)));
        store.write(fill).await.unwrap();
        store.read(is_filled).unwrap();
    }

    #[tokio::test]
    async fn many_writers_wait_their_turn() {
        let store = Store::in_memory().unwrap();
        let mut writers = tokio::task::JoinSet::new();
        for _ in 0..600 {
            let store = store.clone();
            writers.spawn(async move { store.write(|change| change.new_account_id()).await.unwrap().number() });
        }
        let mut numbers = writers.join_all().await;
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=600).collect::<Vec<_>>());
    }

    async fn poll_once<T>(future: &mut std::pin::Pin<&mut impl Future<Output = T>>) {
        std::future::poll_fn(|context| {
            assert!(future.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
    }

    #[tokio::test]
    async fn a_writer_who_gives_up_before_its_turn_writes_nothing() {
        let store = Store::in_memory().unwrap();
        let turn = Arc::clone(&store.turn).lock_owned().await;
        {
            let mut write = pin!(store.write(fill));
            poll_once(&mut write).await;
        }
        drop(turn);
        assert_eq!(store.write(|change| change.accounts()).await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_writer_who_gives_up_during_its_turn_has_written_all() {
        let store = Store::in_memory().unwrap();
        let (go, wait) = std::sync::mpsc::channel();
        {
            let mut write = pin!(store.write(move |change| {
                fill(change)?;
                wait.recv().map_err(|_| StoreError::Lost)
            }));
            poll_once(&mut write).await;
        }
        go.send(()).unwrap();
        // Its own turn comes after that one's.
        store.write(|change| is_filled(change)).await.unwrap();
    }

    #[test]
    fn an_address_belongs_to_one_account() {
        let store = Store::in_memory().unwrap();
        store.write_now(fill).unwrap();
        let second = store.write_now(|change| change.put_account(&account(AccountId::new(2))));
        assert!(matches!(second, Err(StoreError::Taken)));
        let moved = Account { email: email("lovelace@example.org"), ..account(AccountId::new(1)) };
        store.write_now(|change| change.put_account(&moved)).unwrap();
        assert_eq!(store.read(|view| view.account_of(&email("ada@example.org"))).unwrap(), None);
        store.write_now(|change| change.put_account(&account(AccountId::new(2)))).unwrap();
    }

    #[test]
    fn users_of_the_sealed_channel_come_back_by_name_and_are_gone_when_they_are_removed() {
        let store = Store::in_memory().unwrap();
        let entry = |name: &str, account| SealedEntry {
            user: UserName::parse(name).unwrap(),
            account: AccountId::new(account),
            key: SealedKey::new([7; 57]),
            host_commands: false,
            since: UnixTime(5),
        };
        let (ada, bob) = (entry("ada", 1), entry("bob", 2));
        store.write_now(|change| change.put_sealed_entry(&bob).and_then(|()| change.put_sealed_entry(&ada))).unwrap();
        assert_eq!(store.read(|view| view.sealed_entries()).unwrap(), [ada.clone(), bob.clone()]);
        assert_eq!(store.read(|view| view.sealed_entry(&bob.user)).unwrap(), Some(bob.clone()));
        let removed = store.write_now(|change| change.remove_sealed_entry(&bob.user)).unwrap();
        assert_eq!(removed, Some(bob.clone()));
        assert_eq!(store.write_now(|change| change.remove_sealed_entry(&bob.user)).unwrap(), None);
        assert_eq!(store.read(|view| view.sealed_entries()).unwrap(), [ada]);
    }

    #[test]
    fn every_table_has_its_version_in_its_name() {
        let store = Store::in_memory().unwrap();
        let transaction = store.database.begin_read().unwrap();
        let names: Vec<String> =
            transaction.list_tables().unwrap().map(|table| redb::TableHandle::name(&table).to_owned()).collect();
        assert_eq!(names.len(), 26, "{names:?}");
        assert!(names.iter().all(|name| name.ends_with(".1")), "{names:?}");
        assert_eq!(transaction.open_table(tables::META).unwrap().get("format").unwrap().unwrap().value(), 1);
    }
}
