//! The audit trail: what was decided, by whom, in a chain of hashes.
//!
//! Owns: what an entry says, and how one binds all before it. Not here: where entries are kept (`store`). Runs are not in
//! the trail: they change nothing, and a line for each would make a run wait for a disk; they are logged.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::UnixTime;

/// One entry. Its hash covers every field and the hash of the entry before it: one that is changed, taken out or put in later
/// breaks the chain for all that follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its place, from 1.
    pub number: u64,
    /// When, in whole seconds since 1970.
    pub time: u64,
    /// Who decided.
    pub who: Actor,
    /// What was decided.
    pub what: Event,
    /// Whose account it was about, or which mailbox, if about one; or the name of a user of the sealed channel.
    pub about: Option<String>,
    /// SHA-256 over the entry before and this one.
    pub hash: [u8; 32],
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// The owner of the account.
    Owner,
    /// Whoever held the administrator's link.
    ApprovalLink,
    /// The operator on the machine itself.
    Operator,
    /// The server.
    Server,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The server started.
    Started,
    /// The server ended in good order.
    Stopped,
    /// An address was verified and has an account now.
    Verified,
    /// The account was approved.
    Approved,
    /// The account was denied.
    Denied,
    /// The account was suspended and its tokens ended.
    Suspended,
    /// The account was restored.
    Restored,
    /// A token was given out, or a session of the sealed channel begun.
    LoggedIn,
    /// A token, or a session of the sealed channel, was ended by its holder.
    LoggedOut,
    /// All tokens were ended.
    TokensRevoked,
    /// The account has a new TOTP secret.
    TotpReset,
    /// A mailbox was opened.
    MailboxOpened,
    /// The account has shown that a key for parcels is its own.
    ParcelKeyRegistered,
    /// A user of the sealed channel was registered with a key.
    KeyAdded,
    /// The same, with the right to commands of the machine itself.
    HostKeyAdded,
    /// A user of the sealed channel was removed, with their sessions.
    KeyRemoved,
    /// A user of the sealed channel began a command of the machine itself; which one stands behind their name.
    HostCommand,
}

/// A chain that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// An entry is missing, or one too many.
    #[error("entry {0} is missing or out of place")]
    Missing(u64),
    /// An entry, or one before it, was changed.
    #[error("entry {0} is not what was written: it or the one before it was changed")]
    Changed(u64),
}

impl AuditEntry {
    /// The entry that follows `last` (nothing for the first one).
    pub fn after(last: Option<&Self>, time: UnixTime, who: Actor, what: Event, about: Option<String>) -> Self {
        let number = last.map_or(0, |last| last.number).saturating_add(1);
        let mut entry = Self { number, time: time.0, who, what, about, hash: [0; 32] };
        entry.hash = entry.hash_after(last.map_or([0; 32], |last| last.hash));
        entry
    }

    /// Checks a whole trail that is at hand, from its first entry.
    pub fn verify<'a>(trail: impl IntoIterator<Item = &'a Self>) -> Result<(), ChainError> {
        let mut verifier = AuditVerifier::default();
        trail.into_iter().try_for_each(|entry| verifier.check(entry))
    }

    /// Every part with its length before it, so that no two entries have the same bytes.
    fn hash_after(&self, before: [u8; 32]) -> [u8; 32] {
        let (who, what) = (format!("{:?}", self.who), format!("{:?}", self.what));
        let about = self.about.as_deref().unwrap_or_default();
        let mut hash = Sha256::new_with_prefix(b"cloud-python audit 1");
        hash.update(before);
        hash.update(self.number.to_be_bytes());
        hash.update(self.time.to_be_bytes());
        for part in [who.as_str(), what.as_str(), about] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update([u8::from(self.about.is_some())]);
        hash.finalize().into()
    }
}

/// Checks a trail from its first entry on, one at a time, and remembers no more than the last hash: a trail may be longer than the
/// memory.
#[derive(Debug, Default)]
pub struct AuditVerifier {
    entries: u64,
    last: [u8; 32],
}

impl AuditVerifier {
    /// Checks the next entry. After an error nothing that follows proves anything.
    pub fn check(&mut self, entry: &AuditEntry) -> Result<(), ChainError> {
        let number = self.entries.saturating_add(1);
        if entry.number != number {
            return Err(ChainError::Missing(number));
        }
        if entry.hash != entry.hash_after(self.last) {
            return Err(ChainError::Changed(number));
        }
        (self.entries, self.last) = (number, entry.hash);
        Ok(())
    }

    /// How many entries held so far.
    pub const fn entries(&self) -> u64 {
        self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail() -> Vec<AuditEntry> {
        let mut trail: Vec<AuditEntry> = vec![];
        for (time, what) in [Event::Started, Event::Verified, Event::Approved, Event::LoggedIn].into_iter().enumerate()
        {
            let about = (time > 0).then(|| "ada@example.org".to_owned());
            trail.push(AuditEntry::after(trail.last(), UnixTime(time as u64), Actor::Operator, what, about));
        }
        trail
    }

    #[test]
    fn a_trail_that_nobody_touched_holds() {
        assert_eq!(AuditEntry::verify(&trail()), Ok(()));
        let mut verifier = AuditVerifier::default();
        for (entry, count) in trail().iter().zip(1..) {
            assert_eq!((verifier.check(entry), verifier.entries()), (Ok(()), count));
        }
        assert_eq!(AuditEntry::verify(&[]), Ok(()));
    }

    #[test]
    fn every_change_shows() {
        let mut changed = trail();
        changed[2].what = Event::Denied;
        assert_eq!(AuditEntry::verify(&changed), Err(ChainError::Changed(3)));
        let mut changed = trail();
        changed[1].about = None;
        assert_eq!(AuditEntry::verify(&changed), Err(ChainError::Changed(2)));
        let mut shorter = trail();
        shorter.remove(1);
        assert_eq!(AuditEntry::verify(&shorter), Err(ChainError::Missing(2)));
        // Numbered anew, it still does not fit.
        let mut shorter = trail();
        shorter.remove(1);
        shorter.iter_mut().zip(1..).for_each(|(entry, number)| entry.number = number);
        assert_eq!(AuditEntry::verify(&shorter), Err(ChainError::Changed(2)));
    }
}
