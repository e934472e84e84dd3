//! The bytes that mailboxes hold: keys and messages, sealed and opened.
//!
//! Owns: their form, version 1, which [`protocols`](crate::manual::protocols) describes for whoever writes another client. X25519
//! (RFC 7748), HKDF-SHA256 (RFC 5869), AES-256-GCM (NIST SP 800-38D) and Argon2id (RFC 9106). Every AES key is used once, so its nonce
//! is zero. Not here: where the bytes go, and whether a public key is the right one (`known`).

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::client::wire;
use crate::config::limits;
use crate::domain::{MailboxName, Password, Secret, UnixTime};

/// The first byte of everything.
const VERSION: u8 = 1;
/// The second byte of a public key: X25519.
const PUBLIC: u8 = 1;
/// The second byte of a private key: Argon2id, then HKDF-SHA256, then AES-256-GCM.
const PRIVATE: u8 = 2;
/// The second byte of a message: X25519 twice, then HKDF-SHA256, then AES-256-GCM.
const MESSAGE: u8 = 3;
/// KiB of memory of Argon2id, as RFC 9106, section 4, has it second. Part of the form: with another one nobody would get into the
/// mailbox that they have.
const MEMORY_KIB: u32 = 64 * 1024;
/// Passes of Argon2id. Part of the form, too.
const PASSES: u32 = 3;
/// Bytes of every key and of every agreement.
const KEY: usize = 32;
/// Bytes of salt before a sealed private key.
const SALT: usize = 16;
/// Bytes that AES-GCM adds.
const TAG: usize = 16;
/// Bytes before the text of a message: its time and its length.
const FRONT: usize = 10;
/// What the length of a message is a multiple of, so that it does not tell `yes` from `no`.
const BLOCK: usize = 128;
/// Bytes of text in a message: as much as 4096 characters of base64 have room for.
pub const TEXT_BYTES: usize = {
    let sealed = limits::MAILBOX_TEXT_CHARS / 4 * 3 - 2 - KEY - TAG;
    sealed / BLOCK * BLOCK - FRONT
};

/// Bytes that cannot be opened, with what can be said about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not the form of any version that is known here.
    #[error("it is not in a form that this version knows")]
    Form,
    /// Not sealed by whom it should be, for whom it should be, or changed since.
    #[error("it was changed, or is not from and for whom it says")]
    Broken,
    /// The password is not the one, or the key was changed.
    #[error("the private key cannot be opened: it was changed, or sealed with another password")]
    Password,
    /// More text than fits.
    #[error("the message is longer than {TEXT_BYTES} bytes: send it in parts")]
    TooLong,
    /// The cryptography refuses to work.
    #[error("the cryptographic library failed")]
    Crypto,
}

/// What comes of a person's password: neither half tells the other, and the server sees one of them.
pub struct Derived {
    master: Secret<[u8; KEY]>,
}

/// Somebody's public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; KEY]);

/// A key pair, of the person at the keyboard.
pub struct Identity {
    private: PrivateKey,
    public: PublicKey,
}

/// A message that has been opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// When its sender wrote it, by their own clock.
    pub written: UnixTime,
    /// What they wrote.
    pub text: String,
}

impl Derived {
    /// Works for a tenth of a second and with 64 MiB, so that whoever has the sealed private key has to, too, for each guess.
    pub fn of(name: &MailboxName, password: &Password) -> Result<Self, SealError> {
        let salt = Sha256::new_with_prefix(b"cloud-python mailbox 1 salt").chain_update(name.as_str()).finalize();
        let (salt, _) = salt.split_at(SALT);
        let mut master = [0; KEY];
        let params = Params::new(MEMORY_KIB, PASSES, 1, Some(KEY));
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(|_| SealError::Crypto)?);
        argon.hash_password_into(password.bytes(), salt, &mut master).map_err(|_| SealError::Crypto)?;
        Ok(Self { master: Secret::new(master) })
    }

    /// What the server is shown for the password: 43 characters of base64url.
    pub fn token(&self) -> Result<Secret<String>, SealError> {
        let token = expand(&[], self.master.expose(), &[b"cloud-python mailbox 1 token"])?;
        Ok(Secret::new(URL_SAFE_NO_PAD.encode(token.expose())))
    }

    fn key(&self, salt: &[u8]) -> Result<Secret<[u8; KEY]>, SealError> {
        expand(salt, self.master.expose(), &[b"cloud-python mailbox 1 private key"])
    }
}

impl PublicKey {
    /// Reads what a mailbox holds.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        match wire::base64(text).ok_or(SealError::Form)?.as_slice() {
            [VERSION, PUBLIC, key @ ..] => Ok(Self(key.try_into().map_err(|_| SealError::Form)?)),
            _ => Err(SealError::Form),
        }
    }

    /// What a mailbox holds.
    pub fn text(&self) -> String {
        wire::to_base64(&[&[VERSION, PUBLIC], &self.0[..]].concat())
    }

    /// What two people read to each other to know that they have the same key: 128 bits of its SHA-256.
    pub fn fingerprint(&self) -> String {
        let hash = Sha256::digest(self.0);
        let (words, _) = hash.as_chunks::<2>();
        let words = words.iter().take(8).map(|word| format!("{:04x}", u16::from_be_bytes(*word)));
        words.collect::<Vec<_>>().join(" ")
    }
}

impl Identity {
    /// A new pair.
    pub fn generate() -> Result<Self, SealError> {
        Self::of(PrivateKey::generate(&X25519).map_err(|_| SealError::Crypto)?)
    }

    fn of(private: PrivateKey) -> Result<Self, SealError> {
        let public = private.compute_public_key().map_err(|_| SealError::Crypto)?;
        let public = PublicKey(public.as_ref().try_into().map_err(|_| SealError::Crypto)?);
        Ok(Self { private, public })
    }

    /// The half for everybody.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// The other half as the owner's mailbox holds it.
    pub fn seal(&self, derived: &Derived, name: &MailboxName) -> Result<String, SealError> {
        let mut salt = [0; SALT];
        aws_lc_rs::rand::fill(&mut salt).map_err(|_| SealError::Crypto)?;
        let seed: Curve25519SeedBin<'_> = self.private.as_be_bytes().map_err(|_| SealError::Crypto)?;
        let head = [&[VERSION, PRIVATE], &salt[..]].concat();
        let sealed = seal(derived.key(&salt)?, &bound(&head, name), seed.as_ref().to_vec())?;
        Ok(wire::to_base64(&[head, sealed].concat()))
    }

    /// Opens what the owner's mailbox holds.
    pub fn open(text: &str, derived: &Derived, name: &MailboxName) -> Result<Self, SealError> {
        let bytes = wire::base64(text).ok_or(SealError::Form)?;
        let (head, sealed) = bytes.split_at_checked(2 + SALT).ok_or(SealError::Form)?;
        let [VERSION, PRIVATE, salt @ ..] = head else { return Err(SealError::Form) };
        let seed = open(derived.key(salt)?, &bound(head, name), sealed).map_err(|_| SealError::Password)?;
        Self::of(PrivateKey::from_private_key(&X25519, seed.expose()).map_err(|_| SealError::Form)?)
    }

    /// Seals a message from `from`, who is us, for `to`, whose key that is.
    pub fn write(
        &self,
        from: &MailboxName,
        to: &MailboxName,
        key: &PublicKey,
        message: &Opened,
    ) -> Result<String, SealError> {
        let once = Self::generate()?;
        let head = [&[VERSION, MESSAGE], &once.public.0[..]].concat();
        let shared = [once.agree(key)?, self.agree(key)?];
        let sealed = seal(message_key(&shared, &head, [(from, &self.public), (to, key)])?, &head, plain(message)?)?;
        Ok(wire::to_base64(&[head, sealed].concat()))
    }

    /// Opens a message from `from`, whose key that is, for `to`, who is us.
    pub fn read(&self, from: &MailboxName, to: &MailboxName, key: &PublicKey, text: &str) -> Result<Opened, SealError> {
        let bytes = wire::base64(text).ok_or(SealError::Form)?;
        let (head, sealed) = bytes.split_at_checked(2 + KEY).ok_or(SealError::Form)?;
        let [VERSION, MESSAGE, once @ ..] = head else { return Err(SealError::Form) };
        let once = PublicKey(once.try_into().map_err(|_| SealError::Form)?);
        let shared = [self.agree(&once)?, self.agree(key)?];
        let opened = open(message_key(&shared, head, [(from, key), (to, &self.public)])?, head, sealed)?;
        unpadded(opened.expose()).ok_or(SealError::Form)
    }

    /// Fails for a key that makes every agreement the same.
    fn agree(&self, with: &PublicKey) -> Result<Secret<[u8; KEY]>, SealError> {
        let with = UnparsedPublicKey::new(&X25519, with.0);
        agree(&self.private, with, SealError::Broken, |shared| {
            Ok(Secret::new(shared.try_into().map_err(|_| SealError::Crypto)?))
        })
    }
}

/// The key of one message: only who has the sender's or the recipient's private key can have it, and only for these two names.
fn message_key(
    shared: &[Secret<[u8; KEY]>; 2],
    head: &[u8],
    parties: [(&MailboxName, &PublicKey); 2],
) -> Result<Secret<[u8; KEY]>, SealError> {
    let [once, lasting] = shared;
    let both = Secret::new([once.expose().as_slice(), lasting.expose()].concat());
    let mut info = head.to_vec();
    for (name, key) in parties {
        info.extend_from_slice(&key.0);
        info.push(u8::try_from(name.as_str().len()).map_err(|_| SealError::Form)?);
        info.extend_from_slice(name.as_str().as_bytes());
    }
    expand(b"cloud-python mailbox 1 message", both.expose(), &[&info])
}

/// What a private key is sealed for.
fn bound(head: &[u8], name: &MailboxName) -> Vec<u8> {
    [head, name.as_str().as_bytes()].concat()
}

/// Time, length, text, zeros.
fn plain(message: &Opened) -> Result<Vec<u8>, SealError> {
    let length = u16::try_from(message.text.len()).map_err(|_| SealError::TooLong)?;
    if message.text.len() > TEXT_BYTES {
        return Err(SealError::TooLong);
    }
    let mut plain = message.written.0.to_be_bytes().to_vec();
    plain.extend_from_slice(&length.to_be_bytes());
    plain.extend_from_slice(message.text.as_bytes());
    plain.resize(plain.len().next_multiple_of(BLOCK), 0);
    Ok(plain)
}

fn unpadded(plain: &[u8]) -> Option<Opened> {
    let (time, rest) = plain.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (text, padding) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    if padding.iter().any(|byte| *byte != 0) {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?.to_owned();
    Some(Opened { written: UnixTime(u64::from_be_bytes(*time)), text })
}

struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        KEY
    }
}

fn expand(salt: &[u8], secret: &[u8], info: &[&[u8]]) -> Result<Secret<[u8; KEY]>, SealError> {
    let mut key = [0; KEY];
    let made = Salt::new(HKDF_SHA256, salt).extract(secret);
    let filled = made.expand(info, Length).and_then(|okm| okm.fill(&mut key));
    filled.map_err(|_| SealError::Crypto)?;
    Ok(Secret::new(key))
}

fn cipher(key: &Secret<[u8; KEY]>) -> Result<LessSafeKey, SealError> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.expose()).map_err(|_| SealError::Crypto)?))
}

/// The nonce of a key that is used once.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; aws_lc_rs::aead::NONCE_LEN])
}

fn seal(key: Secret<[u8; KEY]>, bound: &[u8], mut plain: Vec<u8>) -> Result<Vec<u8>, SealError> {
    let sealed = cipher(&key)?.seal_in_place_append_tag(nonce(), Aad::from(bound), &mut plain);
    sealed.map_err(|_| SealError::Crypto)?;
    Ok(plain)
}

fn open(key: Secret<[u8; KEY]>, bound: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
    let mut bytes = sealed.to_vec();
    let opened = cipher(&key)?.open_in_place(nonce(), Aad::from(bound), &mut bytes);
    let length = opened.map_err(|_| SealError::Broken)?.len();
    bytes.truncate(length);
    Ok(Secret::new(bytes))
}

impl std::fmt::Debug for Derived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Derived")
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.public.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> MailboxName {
        MailboxName::parse(text).unwrap()
    }

    fn derived(who: &str, password: &str) -> Derived {
        Derived::of(&name(who), &Password::typed(password.to_owned()).unwrap()).unwrap()
    }

    /// A pair whose private half everybody knows.
    fn pair(byte: u8) -> Identity {
        Identity::of(PrivateKey::from_private_key(&X25519, &[byte; KEY]).unwrap()).unwrap()
    }

    fn message(text: &str) -> Opened {
        Opened { written: UnixTime(1_800_000_000), text: text.to_owned() }
    }

    /// What another hand makes of the same description, with Python's `cryptography` (`tests/outside/mailbox_vectors.py`).
    #[test]
    fn the_forms_are_those_that_are_described_and_do_not_change() {
        const PRIVATE: &str =
            "AQIAAQIDBAUGBwgJCgsMDQ4PDY0FyX6hDWVk4MHUYAsb6anb5uHISxUSVYwgNzpZMxZfI/zn6eUYI6VOR8O1wtIU";
        const MESSAGE: &str = concat!(
            "AQNX20s1nyOuXhRuTiUSBWcEciUGNIwVDBR1PQyTPQTUIVlkdRU6I7qaLEmudTJjVWuaz/SCUoedFQOqwSb4ldxhWLCKFijZ9EsfHnzy",
            "2MdeuJBLoKzmN0/DqBbtnaTyLdlnY3mp8YYWZ5PmdCoZahl7KfhM1yKR+noTQQJVwLdKzO6z/6dS1dbb6o/K3wTguznNMXlTuQ5Nvr/j",
            "HNwH46UEddpQIgtuvNNmaz1Ln/4rPw==",
        );
        let password = derived("ada", "correct horse battery staple");
        assert_eq!(*password.token().unwrap().expose(), "tOI_KKge8Td_p0R6JFagMCUHrdUf3f6J-ydnj3Ek-6o");
        let ada = Identity::open(PRIVATE, &password, &name("ada")).unwrap();
        assert_eq!(ada.public().text(), "AQGk4JKStlHCeLl3LFafX6m7E9kGtGq2jJ353CtECfiiCQ==");
        let read = pair(2).read(&name("ada"), &name("bob"), &ada.public(), MESSAGE).unwrap();
        assert_eq!(read, message("the secret of the pyramids \u{1f40d}"));
    }

    #[test]
    fn a_message_is_from_one_and_for_one() {
        let (ada, bob, eve) = (pair(1), pair(2), pair(3));
        let [a, b, e] = ["ada", "bob", "eve"].map(name);
        for text in ["", "the secret of the pyramids", "\u{1f40d}\n\0", &"x".repeat(TEXT_BYTES)] {
            let sealed = ada.write(&a, &b, &bob.public(), &message(text)).unwrap();
            assert!(sealed.len() <= limits::MAILBOX_TEXT_CHARS, "{}", sealed.len());
            assert_eq!(bob.read(&a, &b, &ada.public(), &sealed).unwrap(), message(text));
            assert_ne!(sealed, ada.write(&a, &b, &bob.public(), &message(text)).unwrap());
        }
        let sealed = ada.write(&a, &b, &bob.public(), &message("for bob")).unwrap();
        for (reader, from, to, key) in [
            (&eve, &a, &b, &ada),
            (&bob, &e, &b, &eve),
            (&bob, &a, &b, &eve),
            (&bob, &e, &b, &ada),
            (&bob, &a, &e, &ada),
            (&ada, &b, &a, &bob),
        ] {
            assert_eq!(reader.read(from, to, &key.public(), &sealed), Err(SealError::Broken), "{from} {to}");
        }
        assert_eq!(ada.write(&a, &b, &bob.public(), &message(&"x".repeat(TEXT_BYTES + 1))), Err(SealError::TooLong));
        assert_eq!(ada.write(&a, &b, &bob.public(), &message(&"x".repeat(1 << 17))), Err(SealError::TooLong));
    }

    #[test]
    fn messages_of_about_one_length_have_one_length() {
        let (ada, bob) = (pair(1), pair(2));
        let length = |text: &str| ada.write(&name("ada"), &name("bob"), &bob.public(), &message(text)).unwrap().len();
        assert_eq!(length("yes"), length("no"));
        assert_eq!(length(""), length(&"x".repeat(BLOCK - FRONT)));
        assert!(length("") < length(&"x".repeat(BLOCK - FRONT + 1)));
    }

    #[test]
    fn whatever_is_changed_is_noticed() {
        let (ada, bob) = (pair(1), pair(2));
        let sealed = ada.write(&name("ada"), &name("bob"), &bob.public(), &message("hello")).unwrap();
        let bytes = wire::base64(&sealed).unwrap();
        let read = |bytes: &[u8]| bob.read(&name("ada"), &name("bob"), &ada.public(), &wire::to_base64(bytes));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(read(&changed).is_err(), "{at}");
            assert!(read(&bytes[..at]).is_err(), "{at}");
        }
        for rubbish in ["", "hello", "AQ==", "AQM=", &wire::to_base64(&[0; 200])] {
            assert_eq!(bob.read(&name("ada"), &name("bob"), &ada.public(), rubbish), Err(SealError::Form), "{rubbish}");
        }
        // A key for which every agreement is zero.
        let low = PublicKey([0; KEY]);
        assert_eq!(ada.write(&name("ada"), &name("bob"), &low, &message("x")), Err(SealError::Broken));
    }

    #[test]
    fn a_private_key_is_opened_by_its_owners_password_alone() {
        let (ada, password) = (pair(1), derived("ada", "correct horse"));
        let sealed = ada.seal(&password, &name("ada")).unwrap();
        assert!(!wire::base64(&sealed).unwrap().windows(KEY).any(|window| window == [1; KEY]));
        assert_eq!(Identity::open(&sealed, &password, &name("ada")).unwrap().public(), ada.public());
        let wrong =
            |sealed: &str, password: &Derived, who: &str| Identity::open(sealed, password, &name(who)).map(drop);
        assert_eq!(wrong(&sealed, &derived("ada", "correct hors"), "ada"), Err(SealError::Password));
        assert_eq!(wrong(&sealed, &derived("bob", "correct horse"), "ada"), Err(SealError::Password));
        assert_eq!(wrong(&sealed, &password, "bob"), Err(SealError::Password));
        assert_eq!(wrong("", &password, "ada"), Err(SealError::Form));
        assert_eq!(wrong(&ada.public().text(), &password, "ada"), Err(SealError::Form));
    }

    #[test]
    fn what_the_server_is_shown_is_not_the_password_and_does_not_open_the_key() {
        let one = derived("ada", "correct horse");
        let token = one.token().unwrap();
        assert_eq!(token.expose().len(), 43);
        assert_eq!(*token.expose(), *derived("ada", "correct horse").token().unwrap().expose());
        assert_ne!(*token.expose(), *derived("bob", "correct horse").token().unwrap().expose());
        let sealed = pair(1).seal(&one, &name("ada")).unwrap();
        assert!(Identity::open(&sealed, &derived("ada", token.expose()), &name("ada")).is_err());
    }

    #[test]
    fn a_public_key_has_one_text_and_a_fingerprint_to_read_aloud() {
        let key = pair(1).public();
        assert_eq!(PublicKey::parse(&key.text()), Ok(key));
        assert_eq!(key.fingerprint().len(), 39);
        for wrong in ["", "public_key", "AQE=", &wire::to_base64(&[[1; 2].as_slice(), &[0; 31]].concat())] {
            assert_eq!(PublicKey::parse(wrong), Err(SealError::Form), "{wrong}");
        }
    }
}
