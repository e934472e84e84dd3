//! Fernet tokens, as the Fernet specification has them: AES-128-CBC under HMAC-SHA256, with a time stamp, in base64url.
//!
//! ```text
//! 0x80 | time stamp, 8 bytes | IV, 16 bytes | content, padded (PKCS #7) | HMAC-SHA256 of all before, 32 bytes
//! ```
//!
//! Owns: sealing and opening them, and telling our own tokens from the other end's: both ends have the same key, so what we have
//! said could be sent back to us as if it were asked. Our IVs are eight random bytes and eight that only we can make of them. Not
//! here: whether a time stamp is near enough, and whether a token has been seen before (`seen`).

use aws_lc_rs::cipher::{
    AES_128, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;

use crate::domain::{Secret, UnixTime};
use crate::vault::{VaultError, random};

const VERSION: u8 = 0x80;
const IV_BYTES: usize = 16;
const MAC_BYTES: usize = 32;
const BLOCK_BYTES: usize = 16;
const HEAD_BYTES: usize = 1 + 8 + IV_BYTES;
/// Bytes of an IV that are random; the others follow from them.
const NONCE_BYTES: usize = 8;

/// A session's key.
pub(crate) struct Fernet {
    sign: hmac::Key,
    encrypt: PaddedBlockEncryptingKey,
    decrypt: PaddedBlockDecryptingKey,
    /// Marks our own tokens.
    own: hmac::Key,
}

/// What a token says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    /// When it was made, by the clock of whoever made it.
    pub(crate) time: UnixTime,
    /// What tells it from all others of its key.
    pub(crate) id: u64,
    /// Its content.
    pub(crate) content: Vec<u8>,
}

/// No token of this key, or one of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Invalid;

impl std::fmt::Debug for Fernet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fernet")
    }
}

impl Fernet {
    /// Of these 32 bytes: the first half signs, the second encrypts.
    pub(crate) fn new(key: &Secret<[u8; 32]>) -> Result<Self, VaultError> {
        let (sign, encrypt) = key.expose().split_at(16);
        let cipher = || UnboundCipherKey::new(&AES_128, encrypt);
        Ok(Self {
            sign: hmac::Key::new(hmac::HMAC_SHA256, sign),
            encrypt: PaddedBlockEncryptingKey::cbc_pkcs7(cipher()?)?,
            decrypt: PaddedBlockDecryptingKey::cbc_pkcs7(cipher()?)?,
            own: hmac::Key::new(hmac::HMAC_SHA256, Secret::new(random::<32>()?).expose()),
        })
    }

    /// A token of ours.
    pub(crate) fn seal(&self, now: UnixTime, content: &[u8]) -> Result<String, VaultError> {
        let mut iv = [0; IV_BYTES];
        let (nonce, mark) = iv.split_at_mut(NONCE_BYTES);
        nonce.copy_from_slice(&random::<NONCE_BYTES>()?);
        mark.copy_from_slice(&self.mark(nonce));
        Ok(self.seal_with(now, iv, content)?)
    }

    fn seal_with(&self, now: UnixTime, iv: [u8; IV_BYTES], content: &[u8]) -> Result<String, Unspecified> {
        let mut sealed = content.to_vec();
        self.encrypt.less_safe_encrypt(&mut sealed, EncryptionContext::Iv128(FixedLength::from(iv)))?;
        let mut token = Vec::with_capacity(HEAD_BYTES + sealed.len() + MAC_BYTES);
        token.push(VERSION);
        token.extend_from_slice(&now.0.to_be_bytes());
        token.extend_from_slice(&iv);
        token.extend_from_slice(&sealed);
        let mac = hmac::sign(&self.sign, &token);
        token.extend_from_slice(mac.as_ref());
        Ok(URL_SAFE.encode(token))
    }

    /// Opens a token of the other end.
    pub(crate) fn open(&self, token: &[u8]) -> Result<Opened, Invalid> {
        let mut bytes = URL_SAFE.decode(token).map_err(|_| Invalid)?;
        let (signed, mac) = bytes.split_last_chunk::<MAC_BYTES>().ok_or(Invalid)?;
        let (head, sealed) = signed.split_first_chunk::<HEAD_BYTES>().ok_or(Invalid)?;
        let [VERSION, time @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = head else { return Err(Invalid) };
        hmac::verify(&self.sign, signed, mac).map_err(|_| Invalid)?;
        let iv: [u8; IV_BYTES] = *head.last_chunk().ok_or(Invalid)?;
        if self.is_own(&iv) || sealed.is_empty() || !sealed.len().is_multiple_of(BLOCK_BYTES) {
            return Err(Invalid);
        }
        let id = u64::from_be_bytes(*mac.first_chunk().ok_or(Invalid)?);
        let time = UnixTime(u64::from_be_bytes(*time));
        // Where it is: a token may be large, and its memory is counted.
        bytes.truncate(signed.len());
        let sealed = bytes.get_mut(HEAD_BYTES..).ok_or(Invalid)?;
        let context = DecryptionContext::Iv128(FixedLength::from(iv));
        let length = self.decrypt.decrypt(sealed, context).map_err(|_| Invalid)?.len();
        bytes.truncate(HEAD_BYTES.saturating_add(length));
        bytes.drain(..HEAD_BYTES);
        Ok(Opened { time, id, content: bytes })
    }

    fn is_own(&self, iv: &[u8; IV_BYTES]) -> bool {
        let (nonce, mark) = iv.split_at(NONCE_BYTES);
        mark == self.mark(nonce)
    }

    fn mark(&self, nonce: &[u8]) -> [u8; IV_BYTES - NONCE_BYTES] {
        let mut mark = [0; IV_BYTES - NONCE_BYTES];
        mark.iter_mut().zip(hmac::sign(&self.own, nonce).as_ref()).for_each(|(to, from)| *to = *from);
        mark
    }
}

/// For the fuzzer: what one end has sealed, the other opens; with a byte of it changed, or cut short, nobody does; and whoever has sealed
/// it does not take it back. The first byte says where it is changed.
pub fn open_any_token(bytes: &[u8]) {
    let key = Secret::new([7; 32]);
    let (Ok(ours), Ok(theirs)) = (Fernet::new(&key), Fernet::new(&key)) else { return };
    if let Ok(opened) = ours.open(bytes) {
        assert!(opened.content.len() < bytes.len());
    }
    let Some((at, content)) = bytes.split_first() else { return };
    let time = UnixTime(u64::from(*at));
    let Ok(token) = theirs.seal(time, content) else { return };
    let opened = ours.open(token.as_bytes());
    assert!(opened.is_ok_and(|opened| opened.time == time && opened.content == content));
    assert_eq!(theirs.open(token.as_bytes()), Err(Invalid));
    let at = usize::from(*at) * token.len() / 256;
    let mut changed = token.clone().into_bytes();
    changed.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1);
    assert_eq!(ours.open(&changed), Err(Invalid));
    assert_eq!(ours.open(token.as_bytes().get(..at).unwrap_or_default()), Err(Invalid));
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const TOKEN: &str =
        "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
    const MADE: UnixTime = UnixTime(499_162_800);

    fn fernet() -> Fernet {
        Fernet::new(&Secret::new(URL_SAFE.decode(SECRET).unwrap().try_into().unwrap())).unwrap()
    }

    /// `generate.json` and `verify.json` of the specification.
    #[test]
    fn tokens_are_those_of_the_specification() {
        let iv = std::array::from_fn(|at| u8::try_from(at).unwrap());
        assert_eq!(fernet().seal_with(MADE, iv, b"hello").unwrap(), TOKEN);
        let opened = fernet().open(TOKEN.as_bytes()).unwrap();
        assert_eq!((opened.time, opened.content.as_slice()), (MADE, &b"hello"[..]));
    }

    /// `invalid.json` of the specification; the time stamps are `seen`'s.
    #[test]
    fn what_the_specification_calls_invalid_is() {
        for (what, token) in [
            (
                "MAC",
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==",
            ),
            ("too short", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA=="),
            (
                "base64",
                "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
            ),
            (
                "block size",
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm",
            ),
            (
                "padding",
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==",
            ),
            (
                "IV",
                "gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==",
            ),
        ] {
            assert_eq!(fernet().open(token.as_bytes()), Err(Invalid), "{what}");
        }
    }

    #[test]
    fn every_changed_bit_makes_a_token_invalid() {
        let bytes = URL_SAFE.decode(TOKEN).unwrap();
        for at in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[at / 8] ^= 1 << (at % 8);
            assert_eq!(fernet().open(URL_SAFE.encode(changed).as_bytes()), Err(Invalid), "bit {at}");
        }
        for cut in 0..TOKEN.len() {
            assert_eq!(fernet().open(&TOKEN.as_bytes()[..cut]), Err(Invalid));
        }
        assert_eq!(fernet().open(format!("{TOKEN}\n").as_bytes()), Err(Invalid));
    }

    /// Both ends have one key. What we say must not come back to us as a request.
    #[test]
    fn our_own_tokens_are_not_taken_for_the_other_ends() {
        let (ours, theirs) = (fernet(), fernet());
        for length in [0, 1, 15, 16, 17, 40_000] {
            let content = vec![7; length];
            let token = ours.seal(MADE, &content).unwrap();
            assert_eq!(ours.open(token.as_bytes()), Err(Invalid));
            assert_eq!(theirs.open(token.as_bytes()).unwrap().content, content);
        }
        assert_ne!(ours.seal(MADE, b"x").unwrap(), ours.seal(MADE, b"x").unwrap());
    }
}
