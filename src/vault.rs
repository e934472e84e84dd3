//! Secrets: made of random bytes, and sealed where they must be kept but read again.
//!
//! Owns: the key that seals TOTP secrets and waiting mails in the database. The key lies in a file beside the database, not in
//! it: whoever gets hold of a copy of the database alone has nothing. Not here: what needs no reading again and is stored
//! hashed ([`crate::domain::TokenHash`], [`crate::domain::PasswordHash`]).

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;

use crate::disk;
use crate::domain::Secret;

const KEY_BYTES: usize = 32;

/// The vault could not be opened, or what lies in it is not what was put there.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key file cannot be read or written.
    #[error("cannot use the key file {0}: {1}")]
    File(String, #[source] std::io::Error),
    /// The key file is not one.
    #[error("the key file {0} does not hold {KEY_BYTES} bytes: put back the one that was made with the database")]
    Length(String),
    /// The sealed bytes were changed, or sealed with another key, or for another purpose.
    #[error(
        "sealed bytes cannot be opened: the key file is not the one that belongs to this database, or the database was changed"
    )]
    Sealed,
    /// The cryptography refuses to work.
    #[error("the cryptographic library failed")]
    Crypto,
}

impl From<Unspecified> for VaultError {
    fn from(_: Unspecified) -> Self {
        Self::Crypto
    }
}

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<RandomizedNonceKey>);

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

/// Random bytes from the operating system's generator.
pub fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)?;
    Ok(bytes)
}

impl Vault {
    /// Opens the vault whose key is in this file, or makes a key (mode 0600) if there is no file.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        let shown = path.display().to_string();
        let key = match std::fs::read(path) {
            Ok(bytes) => Secret::new(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let made = Secret::new(random::<KEY_BYTES>()?);
                let written = write_key(path, made.expose()).and_then(|()| std::fs::read(path));
                Secret::new(written.map_err(|error| VaultError::File(shown.clone(), error))?)
            }
            Err(error) => return Err(VaultError::File(shown, error)),
        };
        if key.expose().len() != KEY_BYTES {
            return Err(VaultError::Length(shown));
        }
        Self::of_key(key.expose())
    }

    /// A vault whose key is nowhere but in memory.
    pub fn in_memory() -> Result<Self, VaultError> {
        Self::of_key(&random::<KEY_BYTES>()?)
    }

    fn of_key(key: &[u8]) -> Result<Self, VaultError> {
        Ok(Self(Arc::new(RandomizedNonceKey::new(&AES_256_GCM, key)?)))
    }

    /// Seals bytes with AES-256-GCM (NIST SP 800-38D): nonce, ciphertext, tag. `purpose` must be said again to open them, so
    /// that what was sealed for one place is nothing in another.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut bytes = plain.to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut bytes)?;
        Ok([nonce.as_ref().as_slice(), &bytes].concat())
    }

    /// Opens what [`seal`](Self::seal) made for the same purpose.
    pub fn unseal(&self, purpose: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, VaultError> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(VaultError::Sealed)?;
        let mut bytes = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut bytes);
        let length = opened.map_err(|_| VaultError::Sealed)?.len();
        bytes.truncate(length);
        Ok(Secret::new(bytes))
    }
}

/// Writes the key so that it is there whole or not at all, whenever the machine stops. Of two who make one at the same time the
/// first one's stays: linking does not replace.
fn write_key(path: &Path, key: &[u8]) -> std::io::Result<()> {
    let made = path.with_extension(format!("{}.new", std::process::id()));
    disk::put(&made, key, 0o600)?;
    let linked = std::fs::hard_link(&made, path);
    std::fs::remove_file(&made)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => disk::sync_folder(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_by_the_same_key_for_the_same_purpose_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let sealed = Vault::open(&path).unwrap().seal("totp", b"secret").unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        let again = Vault::open(&path).unwrap();
        assert_eq!(again.unseal("totp", &sealed).unwrap().expose(), b"secret");
        assert!(matches!(again.unseal("mail", &sealed), Err(VaultError::Sealed)));
        assert!(matches!(Vault::in_memory().unwrap().unseal("totp", &sealed), Err(VaultError::Sealed)));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(matches!(again.unseal("totp", &changed), Err(VaultError::Sealed)));
            assert!(matches!(again.unseal("totp", &sealed[..at]), Err(VaultError::Sealed)));
        }
    }

    #[test]
    fn the_key_is_for_its_owner_alone_and_a_broken_one_is_not_replaced() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        Vault::open(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, b"short").unwrap();
        assert!(matches!(Vault::open(&path), Err(VaultError::Length(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"short");
    }
}
