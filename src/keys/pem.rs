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
    Plain(Box<PrivateKey>),
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
            PrivateKeyInfoRef::PEM_LABEL => {
                private(&document).map(|key| Self::Plain(Box::new(key))).map_err(|error| wrong(&error))
            }
            other => Err(wrong(&format!("it holds a {}", other.to_lowercase()))),
        }
    }

    /// The key, if the file has it in the open.
    pub fn plain(self) -> Result<PrivateKey, KeyError> {
        match self {
            Self::Plain(key) => Ok(*key),
            Self::Encrypted(_) => Err(KeyError::Encrypted),
        }
    }

    /// The key, with the pass phrase if it needs one.
    pub fn open(self, pass_phrase: &[u8]) -> Result<PrivateKey, KeyError> {
        let document = match self {
            Self::Plain(key) => return Ok(*key),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SIGNATURE_BYTES;

    /// As OpenSSL 3.0 has made them: `openssl genpkey -algorithm ed448`, `openssl pkey -pubout`, and `openssl pkey -aes256` with the
    /// pass phrase `foo`.
    const OPENSSL: &str = "-----BEGIN PRIVATE KEY-----\n\
        MEcCAQAwBQYDK2VxBDsEObXUOjxI83b+tSeBEqmUg47ofwWNCg3BoZpwVK7e3yfE\n\
        O7tK9q118RcSHAhGtCf5qTzBiEiJbJ93SA==\n\
        -----END PRIVATE KEY-----\n";
    const OPENSSL_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MEMwBQYDK2VxAzoAq9MYZoi0grueAetPbR91NMGvDvv/VgHTJmZJ7RA+fwp9FG0e\n\
        qjbgGP7m5bo79ih8AAimej+lefsA\n\
        -----END PUBLIC KEY-----\n";
    const OPENSSL_LOCKED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n\
        MIGrMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiaZX/5q/UybwICCAAw\n\
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEM18jTySZ5sWgAlVOMYuZDYEUAvO\n\
        E6UuSfPHleceMDb5OWa4dqtwxQ0zrKYvW/f7xVl7KdmwFLMKA8eJt5BnMEIoE1y6\n\
        1Zk0icLfasfJcBN9iighzmyia8U1VX+DRNPPuUG+\n\
        -----END ENCRYPTED PRIVATE KEY-----\n";

    fn signature(key: &PrivateKey) -> [u8; SIGNATURE_BYTES] {
        key.sign(b"message")
    }

    #[test]
    fn keys_of_openssl_are_read() {
        let plain = PrivateKeyFile::read(OPENSSL).unwrap().plain().unwrap();
        let public = PublicKey::from_pem(OPENSSL_PUBLIC).unwrap();
        assert_eq!(plain.public(), public);
        assert_eq!(public.to_pem().unwrap(), OPENSSL_PUBLIC);
        assert_eq!(plain.to_pem(None).unwrap().expose(), OPENSSL);
        let locked = PrivateKeyFile::read(OPENSSL_LOCKED).unwrap().open(b"foo").unwrap();
        assert!(public.has_signed(b"message", &signature(&locked)));
    }

    #[test]
    fn a_key_under_a_pass_phrase_is_opened_by_it_alone() {
        let key = PrivateKey::make().unwrap();
        let text = key.to_pem(Some("caf\u{e9}".as_bytes())).unwrap();
        let file = || PrivateKeyFile::read(text.expose()).unwrap();
        assert!(matches!(file().plain(), Err(KeyError::Encrypted)));
        assert!(matches!(file().open(b"cafe"), Err(KeyError::PassPhrase)));
        assert_eq!(file().open("caf\u{e9}".as_bytes()).unwrap().public(), key.public());
    }

    #[test]
    fn what_is_no_key_is_named() {
        let wrong = |text: &str| PrivateKeyFile::read(text).unwrap_err().to_string();
        assert!(wrong("hello").starts_with("this is not the PEM file of an Ed448 private key: "));
        assert!(wrong(OPENSSL_PUBLIC).ends_with("it holds a public key"));
        assert!(PublicKey::from_pem(OPENSSL).unwrap_err().to_string().contains("Ed448 public key"));
        // Ed25519's, which differs in its algorithm and length.
        let other = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        assert!(matches!(PublicKey::from_pem(other), Err(KeyError::NotOne(..))));
        let low = OPENSSL_PUBLIC.lines().next().unwrap();
        let mut der = vec![0x30, 0x43, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x71, 0x03, 0x3a, 0x00, 0x01];
        der.extend([0; 56]);
        let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
        let text = format!("{low}\n{}\n{}\n-----END PUBLIC KEY-----\n", &body[..64], &body[64..]);
        assert!(PublicKey::from_pem(&text).is_err());
    }
}
