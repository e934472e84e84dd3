//! What is remembered of each user, in whichever session it was said.
//!
//! Owns: which hellos have begun a session, so that each begins one at most, and how many tokens the sessions of a user remember
//! together. Not here: the tokens (`seen`), the sessions (`sessions`).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use sha2::{Digest, Sha256};

use crate::config::limits;
use crate::domain::AccountId;
use crate::keys::SHARE_BYTES;

/// All users who have had a session since the start. There are no more than the operator has registered.
#[derive(Debug, Default)]
pub(super) struct People(HashMap<AccountId, Person>);

/// One user.
#[derive(Debug, Default)]
pub(super) struct Person {
    /// The tokens that their sessions remember.
    pub(super) tokens: Arc<AtomicUsize>,
    /// Hashes of the shares that have begun their sessions, the oldest first.
    hellos: VecDeque<[u8; 16]>,
}

impl People {
    /// This user, who may be new.
    pub(super) fn person(&mut self, account: AccountId) -> &mut Person {
        self.0.entry(account).or_default()
    }
}

impl Person {
    /// Whether a session has begun with this share. A client makes a fresh one for each, so whoever sends it again has seen it.
    pub(super) fn has_begun_with(&self, share: &[u8; SHARE_BYTES]) -> bool {
        self.hellos.contains(&hash(share))
    }

    /// A session has begun with this share.
    pub(super) fn begins_with(&mut self, share: &[u8; SHARE_BYTES]) {
        if self.hellos.len() >= limits::SEALED_HELLOS {
            self.hellos.pop_front();
        }
        self.hellos.push_back(hash(share));
    }
}

fn hash(share: &[u8; SHARE_BYTES]) -> [u8; 16] {
    let mut short = [0; 16];
    short.iter_mut().zip(Sha256::digest(share)).for_each(|(to, from)| *to = from);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_hellos_of_each_user_are_remembered() {
        let share = |number: usize| {
            let mut share = [0; SHARE_BYTES];
            share[..8].copy_from_slice(&number.to_le_bytes());
            share
        };
        let mut people = People::default();
        let ada = people.person(AccountId::new(1));
        for number in 0..=limits::SEALED_HELLOS {
            assert!(!ada.has_begun_with(&share(number)));
            ada.begins_with(&share(number));
        }
        assert!(!ada.has_begun_with(&share(0)), "the oldest is forgotten");
        assert!((1..=limits::SEALED_HELLOS).all(|number| ada.has_begun_with(&share(number))));
        assert!(!people.person(AccountId::new(2)).has_begun_with(&share(1)));
        assert!(people.person(AccountId::new(1)).has_begun_with(&share(1)));
    }
}
