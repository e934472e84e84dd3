//! A test: whatever moment the process is killed at, or the power fails, a change is there whole or not at all, and if it was
//! answered it is there.
//!
//! The disk is in memory and breaks at a chosen operation. What a killed process leaves is all that it had handed over by then;
//! what a loss of power leaves is all that was there at the last `fsync`, and of the writes after it any.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

use super::{fill, is_filled};
use crate::domain::{AccountId, Actor, AuditEntry, Email, Event, TokenHash, TokenRecord, UnixTime};
use crate::store::{Change, Store, StoreError, View};

#[derive(Clone, Debug)]
struct Disk(Arc<Mutex<Inside>>);

#[derive(Debug)]
struct Inside {
    now: Vec<u8>,
    synced: Vec<u8>,
    since: Vec<Step>,
    /// Operations until it breaks.
    left: usize,
}

#[derive(Clone, Debug)]
enum Step {
    Length(usize),
    Write(usize, Vec<u8>),
}

impl Step {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Length(length) => bytes.resize(*length, 0),
            Self::Write(at, data) => {
                bytes.resize(bytes.len().max(at + data.len()), 0);
                bytes[*at..at + data.len()].copy_from_slice(data);
            }
        }
    }
}

impl Disk {
    fn of(bytes: Vec<u8>) -> Self {
        let inside = Inside { now: bytes.clone(), synced: bytes, since: vec![], left: usize::MAX };
        Self(Arc::new(Mutex::new(inside)))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn operation(&self) -> io::Result<MutexGuard<'_, Inside>> {
        let mut inside = self.inside();
        inside.left = inside.left.checked_sub(1).ok_or_else(|| io::Error::other("the disk is broken"))?;
        Ok(inside)
    }

    fn step(&self, step: Step) -> io::Result<()> {
        let mut inside = self.operation()?;
        step.apply(&mut inside.now);
        inside.since.push(step);
        Ok(())
    }

    /// What is left when the process is killed.
    fn after_kill(&self) -> Vec<u8> {
        self.inside().now.clone()
    }

    /// What may be left when the power fails: every write since the last sync whose bit is set.
    fn after_power_loss(&self, bits: u64) -> Vec<u8> {
        let inside = self.inside();
        let mut bytes = inside.synced.clone();
        let kept = inside.since.iter().enumerate().filter(|(number, _)| bits >> (number % 64) & 1 == 1);
        kept.for_each(|(_, step)| step.apply(&mut bytes));
        bytes
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.inside().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let at = usize::try_from(offset).unwrap();
        out.copy_from_slice(&self.inside().now[at..at + out.len()]);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.step(Step::Length(usize::try_from(length).unwrap()))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut inside = self.operation()?;
        inside.synced = inside.now.clone();
        inside.since.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.step(Step::Write(usize::try_from(offset).unwrap(), data.to_vec()))
    }
}

fn open(disk: Disk) -> Store {
    Store::of(disk, "the disk").unwrap()
}

/// What comes on top of what [`fill`] has put there.
fn change(change: &mut Change<'_>) -> Result<(), StoreError> {
    let account = AccountId::new(1);
    change.new_account_id()?;
    change.remove_registration(&Email::parse("grace@example.org").unwrap())?;
    change.put_token(&TokenHash([5; 32]), &TokenRecord { account, expires: UnixTime(9) })?;
    change.append_audit(UnixTime(3), Actor::Server, Event::LoggedIn, None)
}

/// Whether the change is there. Panics if it is there in part.
fn is_there(view: &View<'_>) -> Result<bool, StoreError> {
    let trail = view.audit(1, 10)?;
    assert_eq!(AuditEntry::verify(&trail), Ok(()));
    let found = (view.registrations()?, view.tokens_of(AccountId::new(1))?.len(), trail.len());
    match found {
        (1, 1, 2) => is_filled(view).map(|()| false),
        (0, 2, 3) => Ok(true),
        partly => panic!("{partly:?}"),
    }
}

#[test]
fn a_change_is_there_whole_or_not_at_all_and_if_it_was_answered_it_is_there() {
    let base = Disk::of(vec![]);
    open(base.clone()).write_now(fill).unwrap();
    let base = base.after_kill();
    let mut seen = [0, 0];
    for operations in 0.. {
        let disk = Disk::of(base.clone());
        let store = open(disk.clone());
        disk.inside().left = operations;
        let answered = store.write_now(change).is_ok();
        if !answered {
            // It takes nothing more, and says so.
            assert!(matches!(store.write_now(change), Err(StoreError::Failed(_) | StoreError::Io(_))));
        }
        let power = [0, u64::MAX, 0x5555_5555_5555_5555, 0x9d5c_7f3a_1e08_b264].map(|bits| disk.after_power_loss(bits));
        for left in power.into_iter().chain([disk.after_kill()]) {
            let there = open(Disk::of(left)).read(is_there).unwrap();
            assert!(there || !answered, "{operations}");
            seen[usize::from(there)] += 1;
        }
        drop(store);
        if disk.inside().left > 0 {
            break;
        }
    }
    assert!(seen[0] > 20 && seen[1] > 20, "{seen:?}");
}

#[test]
fn a_file_is_made_whole_or_made_again() {
    for operations in 0.. {
        let disk = Disk::of(vec![]);
        disk.inside().left = operations;
        let made = Store::of(disk.clone(), "the disk").is_ok();
        let folder = tempfile::tempdir().unwrap();
        for left in [disk.after_kill(), disk.after_power_loss(0), disk.after_power_loss(0x5555_5555_5555_5555)] {
            let path = folder.path().join("store.redb");
            std::fs::write(&path, left).unwrap();
            Store::open(&path).unwrap().write_now(fill).unwrap();
        }
        if made {
            assert!(operations > 5, "{operations}");
            break;
        }
    }
}
