//! Keys in files: PKCS#8 (RFC 5958) and SubjectPublicKeyInfo (RFC 5280) as RFC 8410 has them for Ed448, in PEM (RFC 7468).
//!
//! Owns: reading and writing them, and pass phrases. What is written is version 1 of PKCS#8, without the public half, which every
//! OpenSSL can read; under a pass phrase, PBES2 (RFC 8018) with PBKDF2-HMAC-SHA256 and AES-256-CBC. Not here: where files lie.

use ed448_goldilocks::pkcs8::spki::{DecodePublicKey, EncodePublicKey};
use ed448_goldilocks::{SigningKey, VerifyingKey};
use pkcs8::der::SecretDocument;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::pem::PemLabel;
use pkcs8::pkcs5::pbes2::Parameters;
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{DecodePrivateKey, EncryptedPrivateKeyInfoRef, LineEnding, ObjectIdentifier, PrivateKeyInfoRef};

use super::{PrivateKey, PublicKey};
use crate::config::limits;
use crate::domain::{SealedKey, Secret};
use crate::vault::{VaultError, random};

/// Ed448 (RFC 8410, section 3).
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");

/// A file that holds no key that could be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No PEM, or of something else.
    #[error("this is not the PEM file of an Ed448 {0}: {1}")]
    NotOne(&'static str, String),
    /// A public key with which anybody could sign.
    #[error("this public key is of low order: anybody could sign for it")]
    LowOrder,
    /// A private key that wants a pass phrase.
    #[error("the private key is encrypted: a pass phrase is needed")]
    Encrypted,
    /// The pass phrase is not the one.
    #[error("the pass phrase is wrong, or the file is damaged")]
    PassPhrase,
    /// The cryptography failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A key could not be written down.
    #[error("the key cannot be encoded: {0}")]
    Encode(String),
}

/// The text of a private key's file.
#[derive(Debug)]
pub enum PrivateKeyFile {
    /// Anybody who can read the file has the key.
    Plain(PrivateKey),
    /// Whoever knows the pass phrase, too, has it.
    Encrypted(SecretDocument),
}

impl PrivateKeyFile {
    /// Reads the text of a file.
    pub fn read(text: &str) -> Result<Self, KeyError> {
        let wrong = |why: &dyn std::fmt::Display| KeyError::NotOne("private key", why.to_string());
        let (label, document) = SecretDocument::from_pem(text).map_err(|error| wrong(&error))?;
        match label {
            EncryptedPrivateKeyInfoRef::PEM_LABEL => Ok(Self::Encrypted(document)),
            PrivateKeyInfoRef::PEM_LABEL => private(&document).map(Self::Plain).map_err(|error| wrong(&error)),
            other => Err(wrong(&format!("it holds a {}", other.to_lowercase()))),
        }
    }

    /// The key, if the file has it in the open.
    pub fn plain(self) -> Result<PrivateKey, KeyError> {
        match self {
            Self::Plain(key) => Ok(key),
            Self::Encrypted(_) => Err(KeyError::Encrypted),
        }
    }

    /// The key, with the pass phrase if it needs one.
    pub fn open(self, pass_phrase: &[u8]) -> Result<PrivateKey, KeyError> {
        let document = match self {
            Self::Plain(key) => return Ok(key),
            Self::Encrypted(document) => document,
        };
        let sealed = document.decode_msg::<EncryptedPrivateKeyInfoRef<'_>>();
        let sealed = sealed.map_err(|error| KeyError::NotOne("private key", error.to_string()))?;
        let opened = sealed.decrypt(pass_phrase).map_err(|_| KeyError::PassPhrase)?;
        private(&opened).map_err(|_| KeyError::PassPhrase)
    }
}

fn private(document: &SecretDocument) -> pkcs8::Result<PrivateKey> {
    SigningKey::from_pkcs8_der(document.as_bytes()).map(PrivateKey)
}

impl PrivateKey {
    /// Writes the key into the text of a file, under a pass phrase if there is one.
    pub fn to_pem(&self, pass_phrase: Option<&[u8]>) -> Result<Secret<String>, KeyError> {
        let failed = |error: &dyn std::fmt::Display| KeyError::Encode(error.to_string());
        // The key is an octet string inside the octet string (RFC 8410, section 7).
        let inner = Secret::new([&[0x04, 0x39][..], self.0.as_bytes().as_ref()].concat());
        let inner = OctetStringRef::new(inner.expose()).map_err(|error| failed(&error))?;
        let info = PrivateKeyInfoRef::new(AlgorithmIdentifierRef { oid: ED448, parameters: None }, inner);
        let (label, document) = match pass_phrase {
            None => (PrivateKeyInfoRef::PEM_LABEL, SecretDocument::try_from(info)),
            Some(pass_phrase) => {
                let (salt, iv) = (random::<16>()?, random()?);
                let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(limits::PASS_PHRASE_ROUNDS, &salt, iv);
                let sealed =
                    parameters.map_err(pkcs8::Error::from).and_then(|p| info.encrypt_with_params(p, pass_phrase));
                (EncryptedPrivateKeyInfoRef::PEM_LABEL, sealed)
            }
        };
        let pem = document.map_err(|error| failed(&error))?.to_pem(label, LineEnding::LF);
        Ok(Secret::new(pem.map_err(|error| failed(&error))?.to_string()))
    }
}

impl PublicKey {
    /// Reads the text of a file.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let read = VerifyingKey::from_public_key_pem(text);
        let key = read.map_err(|error| KeyError::NotOne("public key", error.to_string()))?;
        Self::of(&SealedKey::new(key.to_bytes())).ok_or(KeyError::LowOrder)
    }

    /// Writes the key into the text of a file.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|error| KeyError::Encode(error.to_string()))
    }
}
