//! Hashing passwords: Argon2id (RFC 9106) on a bounded number of threads with a bounded queue.
//!
//! A hash takes about a tenth of a second and 64 MiB on purpose. Whoever asks for many at once must not take the machine's
//! memory or make others wait for long: beyond the queue's end the answer is "overloaded", at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use super::{AuthError, same};
use crate::config::limits;
use crate::domain::{Error, Password, PasswordHash};
use crate::vault::random;

/// What one hash costs.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Memory in KiB, from [`limits::ARGON2_MEMORY_KIB_MIN`] to [`limits::ARGON2_MEMORY_KIB_MAX`].
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self { memory_kib: limits::ARGON2_MEMORY_KIB, passes: limits::ARGON2_PASSES }
    }
}

/// Hashes passwords and compares them.
#[derive(Clone, Debug)]
pub struct Passwords {
    cost: Cost,
    processors: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

impl Passwords {
    pub(super) fn new(cost: Cost) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self { cost, processors: Arc::new(Semaphore::new(processors)), waiting: Arc::default() }
    }

    /// Hashes a new password with fresh salt.
    pub async fn hash(&self, password: &Password) -> Result<PasswordHash, Error> {
        let salt = random().map_err(AuthError::from)?;
        let tag = self.tag(password, self.cost, salt).await?;
        Ok(PasswordHash { memory_kib: self.cost.memory_kib, passes: self.cost.passes, salt, tag })
    }

    /// Whether a password is the one that was hashed. Costs the same whether it is or not.
    pub(super) async fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<bool, Error> {
        let cost = Cost { memory_kib: hash.memory_kib, passes: hash.passes };
        let tag = self.tag(password, cost, hash.salt).await?;
        Ok(same(&tag, &hash.tag))
    }

    /// Whether a hash costs what hashes cost now. If not, its owner's next log-in replaces it.
    pub(super) fn is_up_to_date(&self, hash: &PasswordHash) -> bool {
        (hash.memory_kib, hash.passes) == (self.cost.memory_kib, self.cost.passes)
    }

    /// A hash that no password has, at the cost of all others.
    pub(super) fn unmatched(&self) -> Result<PasswordHash, AuthError> {
        Ok(PasswordHash { memory_kib: self.cost.memory_kib, passes: self.cost.passes, salt: random()?, tag: random()? })
    }

    async fn tag(&self, password: &Password, cost: Cost, salt: [u8; 16]) -> Result<[u8; 32], Error> {
        let _place = Place::take(&self.waiting)?;
        // Never closed; whoever cannot have a processor has a queue before them.
        let processor = Arc::clone(&self.processors).acquire_owned().await.map_err(|_| overloaded())?;
        let password = password.clone();
        let hashed = tokio::task::spawn_blocking(move || {
            // Given back when the hash is done, not when its caller has gone: the memory is in use until then.
            let _processor = processor;
            let mut tag = [0; 32];
            let params = Params::new(cost.memory_kib, cost.passes, 1, Some(tag.len()))?;
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
                password.bytes(),
                &salt,
                &mut tag,
            )?;
            Ok::<_, argon2::Error>(tag)
        });
        match hashed.await {
            Ok(Ok(tag)) => Ok(tag),
            Ok(Err(error)) => Err(AuthError::Hash(error.to_string()).into()),
            Err(error) => Err(AuthError::Hash(error.to_string()).into()),
        }
    }
}

fn overloaded() -> Error {
    Error::Overloaded(Duration::from_secs(2))
}

/// A place in the queue, or at a processor.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>) -> Result<Self, Error> {
        let place = Self(Arc::clone(waiting));
        match waiting.fetch_add(1, Ordering::Relaxed) < limits::HASHES_WAITING {
            true => Ok(place),
            false => Err(overloaded()),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> Passwords {
        Passwords::new(Cost { memory_kib: 64, passes: 1 })
    }

    fn typed(text: &str) -> Password {
        Password::typed(text.to_owned()).unwrap()
    }

    #[tokio::test]
    async fn the_right_password_is_right_and_no_other() {
        let passwords = cheap();
        let hash = passwords.hash(&typed("correct horse")).await.unwrap();
        assert!(passwords.verify(&typed("correct horse"), &hash).await.unwrap());
        for wrong in ["", "correct hors", "correct horse ", "Correct horse"] {
            assert!(!passwords.verify(&typed(wrong), &hash).await.unwrap(), "{wrong}");
        }
        assert_ne!(hash, passwords.hash(&typed("correct horse")).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_keeps_its_cost_when_the_setting_is_raised() {
        let hash = cheap().hash(&typed("correct horse")).await.unwrap();
        let dearer = Passwords::new(Cost { memory_kib: 128, passes: 2 });
        assert!(dearer.verify(&typed("correct horse"), &hash).await.unwrap());
        assert_eq!(dearer.hash(&typed("correct horse")).await.unwrap().memory_kib, 128);
    }

    #[tokio::test]
    async fn whoever_comes_when_the_queue_is_full_is_told_at_once() {
        let passwords = cheap();
        let all: Vec<_> = (0..limits::HASHES_WAITING).map(|_| Place::take(&passwords.waiting).unwrap()).collect();
        assert!(matches!(passwords.hash(&typed("correct horse")).await, Err(Error::Overloaded(_))));
        drop(all);
        assert!(passwords.hash(&typed("correct horse")).await.is_ok());
    }

    #[test]
    fn the_tag_is_that_of_rfc_9106() {
        // Section 5.3 has a secret and associated data, which we do not use; this vector is the reference implementation's.
        let mut tag = [0; 32];
        let params = Params::new(65536, 2, 1, Some(32)).unwrap();
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon.hash_password_into(b"password", b"somesalt", &mut tag).unwrap();
        let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
    }
}
