//! Passwords of mailboxes that were right a moment ago, so that a client who asks every second does not cost a hash every second.
//!
//! Owns: the memory of it, which holds no password: a name and a password are remembered as their HMAC-SHA256 (RFC 2104) under a key
//! that was made at the start and is nowhere else, so what the database or a log has of it is nothing. Whoever reads the server's memory has
//! the key, too. Not here: whether a password is right.
//!
//! What is remembered is good for one stored hash and for [`limits::REMEMBERED_FOR`]. A password that was changed has another hash, so
//! the old one is forgotten with the change itself. A wrong password is never remembered.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::hmac;
use tokio::sync::MutexGuard as Turn;

use super::AuthError;
use crate::clock::Clock;
use crate::config::limits;
use crate::domain::{MailboxCredential, PasswordHash};
use crate::vault::random;

/// What stands for a name and a password in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Proof([u8; 32]);

/// How many passwords can be waiting to be hashed for the first time without waiting for each other.
const TURNS: usize = 256;

/// The memory.
#[derive(Debug)]
pub(super) struct Remembered {
    key: hmac::Key,
    clock: Clock,
    memory: Mutex<Memory>,
    turns: Vec<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Default)]
struct Memory {
    right: HashMap<Proof, Right>,
}

/// A password that was right.
#[derive(Debug)]
struct Right {
    until: Duration,
    /// The tag of the hash that it had.
    tag: [u8; 32],
}

impl Remembered {
    pub(super) fn new(clock: Clock) -> Result<Self, AuthError> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &random::<32>()?);
        let turns = (0..TURNS).map(|_| tokio::sync::Mutex::default()).collect();
        Ok(Self { key, clock, memory: Mutex::default(), turns })
    }

    /// What stands for this name and this password.
    pub(super) fn proof(&self, shown: &MailboxCredential) -> Proof {
        let mut hmac = hmac::Context::with_key(&self.key);
        // A name has no zero in it, so no two pairs are the same bytes.
        for part in [shown.name.as_str().as_bytes(), &[0], shown.password.bytes()] {
            hmac.update(part);
        }
        let mut proof = Proof([0; 32]);
        proof.0.copy_from_slice(hmac.sign().as_ref());
        proof
    }

    /// Whether this was right of late, for a mailbox that has this hash now.
    pub(super) fn knows(&self, proof: &Proof, hash: &PasswordHash) -> bool {
        let now = self.clock.elapsed();
        self.memory().right.get(proof).is_some_and(|right| right.until > now && right.tag == hash.tag)
    }

    /// Waits while the same password is being hashed for another request: whoever comes second finds it remembered. Others may have
    /// to wait as well; nobody can choose whom they wait for.
    pub(super) async fn turn(&self, proof: &Proof) -> Option<Turn<'_, ()>> {
        let [first, ..] = proof.0;
        match self.turns.get(usize::from(first) % TURNS) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        }
    }

    /// Remembers that this was right, for this hash.
    pub(super) fn remember(&self, proof: Proof, hash: &PasswordHash) {
        let now = self.clock.elapsed();
        let right = Right { until: now + limits::REMEMBERED_FOR, tag: hash.tag };
        let mut memory = self.memory();
        memory.make_room(now);
        memory.right.insert(proof, right);
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Forgets what is over, and if that is not enough, what is nearest to it.
    fn make_room(&mut self, now: Duration) {
        let right = &mut self.right;
        if right.len() < limits::REMEMBERED {
            return;
        }
        right.retain(|_, right| right.until > now);
        if right.len() >= limits::REMEMBERED {
            let next = right.iter().min_by_key(|(_, right)| right.until).map(|(proof, _)| *proof);
            next.and_then(|proof| right.remove(&proof));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{MailboxName, Password, UnixTime};

    fn shown(name: &str, password: &str) -> MailboxCredential {
        let password = Password::typed(password.to_owned()).unwrap();
        MailboxCredential { name: MailboxName::parse(name).unwrap(), password }
    }

    fn hash(tag: u8) -> PasswordHash {
        PasswordHash { memory_kib: 64, passes: 1, salt: [0; 16], tag: [tag; 32] }
    }

    fn memory() -> (Remembered, Clock) {
        let clock = Clock::manual(UnixTime(1_000_000));
        (Remembered::new(clock.clone()).unwrap(), clock)
    }

    #[test]
    fn a_right_password_is_known_for_minutes_for_its_mailbox_and_its_hash() {
        let (memory, clock) = memory();
        let ada = memory.proof(&shown("ada", "secret"));
        assert!(!memory.knows(&ada, &hash(1)));
        memory.remember(ada, &hash(1));
        assert!(memory.knows(&memory.proof(&shown("ada", "secret")), &hash(1)));
        for (name, password) in
            [("ada", "secre"), ("ada", "secrets"), ("adas", "ecret"), ("bob", "secret"), ("ada", "")]
        {
            assert!(!memory.knows(&memory.proof(&shown(name, password)), &hash(1)), "{name} {password}");
        }
        assert!(!memory.knows(&ada, &hash(2)), "the password was changed");
        clock.advance(limits::REMEMBERED_FOR - Duration::from_secs(1));
        assert!(memory.knows(&ada, &hash(1)));
        clock.advance(Duration::from_secs(1));
        assert!(!memory.knows(&ada, &hash(1)));
    }

    #[test]
    fn another_start_has_another_key_and_no_password_is_kept() {
        let ((one, _), (other, _)) = (memory(), memory());
        let ada = shown("ada", "hunter2-hunter2");
        assert_ne!(one.proof(&ada), other.proof(&ada));
        one.remember(one.proof(&ada), &hash(1));
        assert!(!format!("{one:?}").contains("hunter2"));
    }

    #[test]
    fn the_memory_is_bounded() {
        let (memory, clock) = memory();
        for number in 0..limits::REMEMBERED as u64 {
            let mut proof = Proof([0; 32]);
            proof.0[..8].copy_from_slice(&number.to_be_bytes());
            memory.memory().right.insert(proof, Right { until: Duration::from_secs(100 + number), tag: [1; 32] });
        }
        let ada = memory.proof(&shown("ada", "secret"));
        memory.remember(ada, &hash(1));
        assert_eq!(memory.memory().right.len(), limits::REMEMBERED);
        assert!(memory.knows(&ada, &hash(1)));
        clock.advance(Duration::from_secs(50_000));
        memory.remember(ada, &hash(1));
        assert!(memory.memory().right.len() < 60_000);
    }
}
