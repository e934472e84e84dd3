//! The handshake of `/auth`: two shares, two signatures, one key.
//!
//! Owns: what is sent each way, and how the key follows from the secret that both ends have. Not here: whose the signature is (`auth`).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::domain::{SealedProof, Secret};
use crate::keys::{PrivateKey, SHARE_BYTES, Share};

/// What the key is for, in its derivation.
const OTHER_INFO: &[u8] = b"remo_serv";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hello {
    user: String,
    key: String,
    sign: String,
}

/// Reads what a client sends: its user's name, its share, and their signature over both, in JSON. Nothing if it is malformed. A
/// signature of a wrong length is a wrong signature.
pub(super) fn proof(body: &[u8]) -> Option<SealedProof> {
    let Hello { user, key, sign } = serde_json::from_slice(body).ok()?;
    let share = URL_SAFE.decode(key).ok()?.try_into().ok()?;
    let signature: Option<Box<[u8; _]>> = URL_SAFE.decode(sign).ok()?.into_boxed_slice().try_into().ok();
    Some(SealedProof { user, share, signature })
}

/// What the handshake has come to.
pub(super) struct Agreed {
    /// What the client is told: our share and our signature over it.
    pub(super) answer: String,
    /// The session's key. Nothing if the client's share is of low order.
    pub(super) key: Option<Secret<[u8; 32]>>,
}

/// Does our part.
pub(super) fn agree(signer: &PrivateKey, ours: &Share, theirs: &[u8; SHARE_BYTES]) -> Agreed {
    let share = ours.public();
    let answer = format!("{}\r\n{}", URL_SAFE.encode(share), URL_SAFE.encode(signer.sign(&share)));
    Agreed { answer, key: ours.agree(theirs).map(|secret| session_key(&secret)) }
}

/// The key of a session, of the secret that both ends have.
pub(crate) fn session_key(secret: &Secret<[u8; SHARE_BYTES]>) -> Secret<[u8; 32]> {
    derive(secret.expose(), OTHER_INFO)
}

/// The one-step key derivation of NIST SP 800-56C (revision 2, section 4.1, option 1) with SHA-256, for 32 bytes: one round.
fn derive(secret: &[u8], other_info: &[u8]) -> Secret<[u8; 32]> {
    let mut hash = Sha256::new_with_prefix(1u32.to_be_bytes());
    hash.update(secret);
    hash.update(other_info);
    Secret::new(hash.finalize().into())
}

/// For the fuzzer: whatever passes for a hello is three strings in JSON, and is answered in two lines of known length.
pub fn read_any_hello(bytes: &[u8]) {
    let Some(proof) = proof(bytes) else { return };
    let json: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    let said = |name| json.get(name).and_then(serde_json::Value::as_str);
    assert_eq!(said("user"), Some(proof.user.as_str()));
    assert_eq!(said("key"), Some(URL_SAFE.encode(proof.share).as_str()));
    assert_eq!(proof.message().len(), proof.user.len() + SHARE_BYTES);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        text.as_bytes()
            .chunks(2)
            .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
            .collect()
    }

    /// The first vector that the `cryptography` package has for its ConcatKDFHash, and appendix C of RFC 7518. Both want 16 bytes,
    /// which are the first of the 32.
    #[test]
    fn keys_are_derived_as_others_do() {
        let secret = unhex("52169af5c485dcc2321eb8d26d5efa21fb9b93c98e38412ee2484cf14f0d0d23");
        let info =
            unhex("a1b2c3d4e53728157e634612c12d6d5223e204aeea4341565369647bd184bcd246f72971f292badaa2fe4124612cba");
        assert_eq!(derive(&secret, &info).expose()[..16], unhex("1c3bc9e7c4547c5191c0d478cccaed55"));
        let secret = [
            158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128,
            106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
        ];
        let info =
            [&[0, 0, 0, 7][..], b"A128GCM", &[0, 0, 0, 5], b"Alice", &[0, 0, 0, 3], b"Bob", &[0, 0, 0, 128]].concat();
        let expected = [86, 170, 141, 234, 248, 35, 109, 32, 92, 34, 40, 205, 113, 167, 16, 26];
        assert_eq!(derive(&secret, &info).expose()[..16], expected);
    }

    #[test]
    fn both_ends_have_one_key_and_the_answer_has_two_lines() {
        let (signer, ours, theirs) = (PrivateKey::make().unwrap(), Share::make().unwrap(), Share::make().unwrap());
        let agreed = agree(&signer, &ours, &theirs.public());
        let (share, signature) = agreed.answer.split_once("\r\n").unwrap();
        assert_eq!((share.len(), signature.len()), (76, 152));
        let share: [u8; 56] = URL_SAFE.decode(share).unwrap().try_into().unwrap();
        assert!(signer.public().has_signed(&share, &URL_SAFE.decode(signature).unwrap().try_into().unwrap()));
        let key = derive(theirs.agree(&share).unwrap().expose(), b"remo_serv");
        assert_eq!(key.expose(), agreed.key.unwrap().expose());
        assert!(agree(&signer, &ours, &[0; 56]).key.is_none());
    }

    #[test]
    fn a_hello_is_three_strings_and_nothing_else() {
        let (key, sign) = (URL_SAFE.encode([1; 56]), URL_SAFE.encode([2; 114]));
        let hello = |text: String| proof(text.as_bytes());
        let whole = hello(format!(r#"{{"user":"ada","key":"{key}","sign":"{sign}"}}"#)).unwrap();
        assert_eq!((whole.user.as_str(), whole.share), ("ada", [1; 56]));
        assert_eq!(whole.signature.as_deref(), Some(&[2; 114]));
        assert_eq!(whole.message(), [&b"ada"[..], &[1; 56]].concat());
        let short = hello(format!(r#"{{"user":"ada","key":"{key}","sign":""}}"#)).unwrap();
        assert!(short.signature.is_none());
        for wrong in [
            "{}".to_owned(),
            "[]".to_owned(),
            "ada".to_owned(),
            format!(r#"{{"user":"ada","key":"{key}"}}"#),
            format!(r#"{{"user":1,"key":"{key}","sign":"{sign}"}}"#),
            format!(r#"{{"user":"ada","key":"AAAA","sign":"{sign}"}}"#),
            format!(r#"{{"user":"ada","key":"{key}","sign":"!"}}"#),
            format!(r#"{{"user":"ada","key":"{key}","sign":"{sign}","more":1}}"#),
            format!(r#"{{"user":"ada","user":"bob","key":"{key}","sign":"{sign}"}}"#),
            format!(r#"{{"user":"ada","key":"{key}","sign":"{sign}"}}{{}}"#),
        ] {
            assert!(hello(wrong.clone()).is_none(), "{wrong}");
        }
    }
}
