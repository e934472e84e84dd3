//! The key that signs for parcels.
//!
//! Owns: [`ParcelKey`] and its file. Not here: what is signed (`parcels`).

use std::io::Read;
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::ClientError;
use crate::config::limits;
use crate::disk;
use crate::domain::{ParcelUser, encode_hex};

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----\n";
const END: &str = "-----END PRIVATE KEY-----\n";

/// A P-256 key that owns parcels.
pub struct ParcelKey {
    pair: EcdsaKeyPair,
    user: ParcelUser,
}

impl std::fmt::Debug for ParcelKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParcelKey({})", self.user.as_str())
    }
}

impl ParcelKey {
    /// Makes a key and writes it into a file of its own (PEM of PKCS#8, mode 0600). One that is there is left alone.
    pub fn make(path: &Path) -> Result<Self, ClientError> {
        let failed = |error| ClientError::KeyFile(path.to_owned(), error);
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let made = made.map_err(|_| failed(std::io::Error::other("no key could be made")))?;
        let mut pem = Zeroizing::new(BEGIN.to_owned());
        for line in Zeroizing::new(STANDARD.encode(made.as_ref())).as_bytes().chunks(64) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str(END);
        disk::put_new(path, pem.as_bytes(), 0o600).map_err(failed)?;
        Self::read(path)
    }

    /// Reads a key that was made so.
    pub fn read(path: &Path) -> Result<Self, ClientError> {
        let failed = |error| ClientError::KeyFile(path.to_owned(), error);
        let mut text = Zeroizing::new(String::new());
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(limits::CA_BYTES as u64).read_to_string(&mut text).map_err(failed)?;
        let base64 = text.trim().strip_prefix(BEGIN.trim()).and_then(|text| text.strip_suffix(END.trim()));
        let base64 = base64.map(|text| Zeroizing::new(text.split_ascii_whitespace().collect::<String>()));
        let pkcs8 = base64.and_then(|text| STANDARD.decode(text.as_bytes()).ok()).map(Zeroizing::new);
        let pair = pkcs8.and_then(|pkcs8| EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).ok());
        let pair = pair.ok_or_else(|| ClientError::NotAKey(path.to_owned()))?;
        let point = pair.public_key().as_ref().try_into().map_err(|_| ClientError::NotAKey(path.to_owned()))?;
        Ok(Self { user: ParcelUser::of_point(&point), pair })
    }

    /// The key's address.
    pub fn user(&self) -> &ParcelUser {
        &self.user
    }

    pub(super) fn point(&self) -> String {
        encode_hex(self.pair.public_key().as_ref())
    }

    pub(super) fn sign(&self, words: &str) -> Result<String, ClientError> {
        let signature = self.pair.sign(&SystemRandom::new(), words.as_bytes());
        signature
            .map(|signature| encode_hex(signature.as_ref()))
            .map_err(|_| ClientError::Unexpected("a signature that cannot be made".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_read_as_it_was_written_and_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let made = ParcelKey::make(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(ParcelKey::read(&path).unwrap().user(), made.user());
        assert!(matches!(ParcelKey::make(&path), Err(ClientError::KeyFile(..))));
        let (link, aim) = (folder.path().join("link.pem"), folder.path().join("aim"));
        std::os::unix::fs::symlink(&aim, &link).unwrap();
        assert!(matches!(ParcelKey::make(&link), Err(ClientError::KeyFile(..))) && !aim.exists());
        assert_eq!(ParcelKey::read(&path).unwrap().user(), made.user());
        std::fs::write(&path, "hello").unwrap();
        assert!(matches!(ParcelKey::read(&path), Err(ClientError::NotAKey(_))));
    }
}
