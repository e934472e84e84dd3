//! Permissions for parcels: tokens that name one operation, and signatures by the keys that they are for.
//!
//! Owns: the tokens (JSON Web Tokens, RFC 7519, with HS256) and ECDSA over P-256 (FIPS 186-5). Not here: that a permission is used
//! once (`app`, in its transaction), and how any of it is written in a header (`http`).
//!
//! A token of ours has one header, letter for letter, and nothing is read from a token before its signature has been found good. So
//! there is no algorithm to choose from: `none`, another algorithm and another key are all just another header, as is every other
//! way to write ours. That is why this is forty lines of our own and not a library that parses first.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::elliptic_curve::sec1::ToSec1Point;
use serde::{Deserialize, Serialize};

use super::AuthError;
use crate::config::limits;
use crate::domain::{
    Only, Operation, OperationKind, ParcelId, ParcelUser, Permission, PermitCredential, Signed, UnixTime,
    decode_hex_array, encode_hex,
};
use crate::store::Store;
use crate::vault::{Vault, VaultError, random};

/// What every token begins with: `{"typ":"JWT","alg":"HS256"}` in base64url, and a dot.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.";
const ISSUER: &str = "amo-storage-service";
/// Under which name the secret is kept, and for which purpose it is sealed.
const SECRET: &str = "parcel tokens";
/// Half of the order of P-256's group, rounded down (SP 800-186, section 3.2.1.3).
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xde, 0x73, 0x7d,
    0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

/// Gives out tokens, and says which are good.
#[derive(Clone)]
pub struct Permits(hmac::Key);

impl std::fmt::Debug for Permits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Permits")
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    user: String,
    operation: Claimed,
    jti: String,
    exp: u64,
}

/// An operation as a token says it: by its name, or with the one thing that it is good for.
#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Claimed {
    Any(String),
    Parcel { name: String, id: String },
    Data { name: String, hash: String },
}

impl Permits {
    /// Tokens that are signed with this secret.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The secret that the store has, sealed; it gets one if it has none.
    pub async fn open(store: &Store, vault: &Vault) -> Result<Self, AuthError> {
        let (vault, made) = (vault.clone(), random::<32>()?);
        let sealed = vault.seal(SECRET, &made)?;
        let kept = store.write(move |change| {
            if let Some(kept) = change.sealed_secret(SECRET)? {
                return Ok::<_, AuthError>(kept);
            }
            change.put_sealed_secret(SECRET, &sealed)?;
            Ok(sealed)
        });
        let opened = vault.unseal(SECRET, &kept.await?)?;
        let secret = opened.expose().as_slice().try_into().map_err(|_| VaultError::Sealed)?;
        Ok(Self::new(secret))
    }

    /// A name for this database that no other has and that says nothing about the secret: 16 hexadecimal digits.
    pub fn instance(&self) -> String {
        let tag = hmac::sign(&self.0, b"the name of this instance");
        encode_hex(tag.as_ref()).chars().take(16).collect()
    }

    /// A token for one operation of one user, for [`limits::PERMIT_LIFE`].
    pub fn issue(&self, user: &ParcelUser, operation: &Operation, now: UnixTime) -> Result<String, AuthError> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            user: user.as_str().to_owned(),
            operation: Claimed::from(operation),
            jti: uuid(random()?),
            exp: now.plus(limits::PERMIT_LIFE).0,
        };
        let claims = serde_json::to_vec(&claims).map_err(|error| AuthError::Hash(error.to_string()))?;
        let mut token = format!("{HEADER}{}", URL_SAFE_NO_PAD.encode(claims));
        let tag = hmac::sign(&self.0, token.as_bytes());
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(tag));
        Ok(token)
    }

    /// What a token is good for now, if it is one of ours and the key of its user has signed it.
    pub(super) fn verify(&self, shown: &PermitCredential, now: UnixTime) -> Option<Permission> {
        let token = shown.token.expose();
        let claims = self.claims(token)?;
        let user = ParcelUser::parse(&claims.user)?;
        if claims.iss != ISSUER || claims.exp <= now.0 {
            return None;
        }
        let signer = key_of(&shown.signed, token.as_bytes())?;
        (signer == user).then(|| {
            Some(Permission {
                user,
                operation: claims.operation.parse()?,
                number: number(&claims.jti)?,
                expires: UnixTime(claims.exp),
                high_s: is_high(&shown.signed.signature),
            })
        })?
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        if token.len() > limits::PERMIT_BYTES {
            return None;
        }
        let (said, tag) = token.rsplit_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.0, said.as_bytes(), &tag).ok()?;
        let claims = URL_SAFE_NO_PAD.decode(said.strip_prefix(HEADER)?).ok()?;
        serde_json::from_slice(&claims).ok()
    }
}

impl Claimed {
    fn parse(&self) -> Option<Operation> {
        let kind = |name: &str| OperationKind::parse(name);
        match self {
            Self::Any(name) => Operation::new(kind(name)?, None, None),
            Self::Parcel { name, id } => Operation::new(kind(name)?, Some(ParcelId::parse(id)?), None),
            Self::Data { name, hash } => Operation::new(kind(name)?, None, Some(decode_hex_array(hash)?)),
        }
    }
}

impl From<&Operation> for Claimed {
    fn from(operation: &Operation) -> Self {
        let name = operation.kind.name().to_owned();
        match operation.only {
            None => Self::Any(name),
            Some(Only::Parcel(id)) => Self::Parcel { name, id: id.to_string() },
            Some(Only::Data(hash)) => Self::Data { name, hash: encode_hex(&hash) },
        }
    }
}

/// The user whose key has signed this, if it has. Both signatures that say the same are taken (r, s and r, n - s): which of them
/// was sent makes no difference to a token that is used once.
pub fn key_of(signed: &Signed, message: &[u8]) -> Option<ParcelUser> {
    let point = unfold(&signed.point)?;
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    key.verify(message, &signed.signature).ok()?;
    Some(ParcelUser::of_point(&point))
}

/// The uncompressed form of a point that is on the curve, and not its zero (SEC 1, section 2.3.4). The hybrid form is nobody's.
fn unfold(point: &[u8]) -> Option<[u8; 65]> {
    match (point.first()?, point.len()) {
        (4, 65) | (2 | 3, 33) => {}
        _ => return None,
    }
    let key = p256::PublicKey::from_sec1_bytes(point).ok()?;
    key.to_sec1_point(false).as_bytes().try_into().ok()
}

fn is_high(signature: &[u8; 64]) -> bool {
    signature.last_chunk::<32>().is_some_and(|s| *s > HALF_ORDER)
}

/// A random number as a UUID of version 4 (RFC 9562, section 5.4).
fn uuid(mut random: [u8; 16]) -> String {
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut random;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    let digits = encode_hex(&random);
    let mut text = String::with_capacity(36);
    for (place, digit) in digits.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

fn number(uuid: &str) -> Option<[u8; 16]> {
    decode_hex_array(&uuid.replace('-', ""))
}

/// For the fuzzer: bytes as a token, and, cut at its end, as key and signature over it. Nobody but us signs a token, and a key that
/// has signed something is a point in one of its two forms.
pub fn read_any_permit(bytes: &[u8]) {
    let (text, rest) = bytes.split_at(bytes.len().saturating_sub(64));
    let Ok(signature) = rest.try_into() else { return };
    let (point, message) = text.split_at(text.len().min(65));
    let signed = Signed { point: point.to_vec(), signature };
    if key_of(&signed, message).is_some() {
        assert!(unfold(point).is_some());
    }
    if let Some(whole) = unfold(point) {
        assert_eq!(unfold(&whole), Some(whole));
    }
    let token = String::from_utf8_lossy(bytes).into_owned();
    let shown = PermitCredential { token: crate::domain::Secret::new(token), signed };
    assert!(Permits::new(&[7; 32]).verify(&shown, UnixTime(0)).is_none(), "a token that we have not signed");
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;
    use crate::domain::Secret;

    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn key() -> EcdsaKeyPair {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap()
    }

    fn user(key: &EcdsaKeyPair) -> ParcelUser {
        ParcelUser::of_point(key.public_key().as_ref().try_into().unwrap())
    }

    fn sign(key: &EcdsaKeyPair, token: &str) -> PermitCredential {
        let signature = key.sign(&SystemRandom::new(), token.as_bytes()).unwrap();
        let signed =
            Signed { point: key.public_key().as_ref().to_vec(), signature: signature.as_ref().try_into().unwrap() };
        PermitCredential { token: Secret::new(token.to_owned()), signed }
    }

    fn download() -> Operation {
        Operation::new(OperationKind::Download, None, None).unwrap()
    }

    fn jwt(permits: &Permits, header: &str, claims: &str) -> String {
        let said = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let tag = hmac::sign(&permits.0, said.as_bytes());
        format!("{said}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    #[test]
    fn a_token_is_what_the_contract_says() {
        let permits = Permits::new(&[7; 32]);
        let key = key();
        let id = ParcelId::new([0xab; 36]);
        for (operation, written) in [
            (download(), "\"download\"".to_owned()),
            (
                Operation::new(OperationKind::Remove, Some(id), None).unwrap(),
                format!(r#"{{"name":"remove","id":"{id}"}}"#),
            ),
            (
                Operation::new(OperationKind::Upload, None, Some([1; 32])).unwrap(),
                format!(r#"{{"name":"upload","hash":"{}"}}"#, "01".repeat(32)),
            ),
        ] {
            let token = permits.issue(&user(&key), &operation, NOW).unwrap();
            let parts: Vec<&str> = token.split('.').collect();
            assert_eq!(URL_SAFE_NO_PAD.decode(parts[0]).unwrap(), br#"{"typ":"JWT","alg":"HS256"}"#);
            let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
            let jti = claims.split("\"jti\":\"").nth(1).unwrap().split('"').next().unwrap();
            assert_eq!((jti.len(), &jti[14..15]), (36, "4"));
            let expected = format!(
                r#"{{"iss":"amo-storage-service","user":"{}","operation":{written},"jti":"{jti}","exp":1800000300}}"#,
                user(&key).as_str()
            );
            assert_eq!(claims, expected);
            let permission = permits.verify(&sign(&key, &token), NOW).unwrap();
            assert_eq!((permission.operation, &permission.user), (operation, &user(&key)));
            assert_eq!(uuid(permission.number), jti);
        }
    }

    #[test]
    fn nothing_but_our_own_token_is_one() {
        let permits = Permits::new(&[7; 32]);
        let key = key();
        let token = permits.issue(&user(&key), &download(), NOW).unwrap();
        let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap();
        let good = |token: &str, now| permits.verify(&sign(&key, token), now).is_some();
        assert!(good(&token, UnixTime(NOW.0 + 299)));
        assert!(!good(&token, UnixTime(NOW.0 + 300)), "it has ended");
        assert!(good(&jwt(&permits, r#"{"typ":"JWT","alg":"HS256"}"#, &claims), NOW));
        for header in [
            r#"{"typ":"JWT","alg":"none"}"#,
            r#"{"typ":"JWT","alg":"HS512"}"#,
            r#"{"typ":"JWT","alg":"ES256"}"#,
            r#"{"alg":"HS256","typ":"JWT"}"#,
            r#"{"typ":"JWT","alg":"HS256","kid":"x"}"#,
            "{}",
        ] {
            assert!(!good(&jwt(&permits, header, &claims), NOW), "{header}");
        }
        let unsigned =
            format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#), URL_SAFE_NO_PAD.encode(&claims));
        let other = jwt(&Permits::new(&[8; 32]), r#"{"typ":"JWT","alg":"HS256"}"#, &claims);
        for wrong in [
            "",
            ".",
            "..",
            &unsigned,
            &other,
            &format!("{token}="),
            &format!("{token}.x"),
            &token[1..],
            &"x".repeat(9000),
        ] {
            assert!(!good(wrong, NOW), "{wrong}");
        }
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(changed == token || !good(&changed, NOW), "{at}");
        }
        let lies = claims.replace(ISSUER, "somebody-else");
        assert!(!good(&jwt(&permits, r#"{"typ":"JWT","alg":"HS256"}"#, &lies), NOW));
    }

    #[test]
    fn a_token_is_for_the_key_of_its_user_alone() {
        let permits = Permits::new(&[7; 32]);
        let (ada, eve) = (key(), key());
        let token = permits.issue(&user(&ada), &download(), NOW).unwrap();
        assert!(permits.verify(&sign(&eve, &token), NOW).is_none(), "another's key");
        let mut mixed = sign(&eve, &token);
        mixed.signed.point = ada.public_key().as_ref().to_vec();
        assert!(permits.verify(&mixed, NOW).is_none(), "another's signature");
        let other = permits.issue(&user(&ada), &download(), NOW).unwrap();
        let mut moved = sign(&ada, &token);
        moved.token = Secret::new(other);
        assert!(permits.verify(&moved, NOW).is_none(), "a signature of another token");
    }

    /// n - s, which says the same as s.
    fn other_form(mut signature: [u8; 64]) -> [u8; 64] {
        let order = HALF_ORDER.iter().rev().fold((vec![], 1_u16), |(mut digits, carry), byte| {
            let value = u16::from(*byte) * 2 + carry;
            digits.push((value & 0xff) as u8);
            (digits, value >> 8)
        });
        let mut borrow = 0;
        for (place, digit) in order.0.iter().enumerate() {
            let s = &mut signature[63 - place];
            let (value, first) = digit.overflowing_sub(*s);
            let (value, second) = value.overflowing_sub(borrow);
            borrow = u8::from(first || second);
            *s = value;
        }
        signature
    }

    #[test]
    fn both_forms_of_a_signature_and_of_a_point_are_taken() {
        let key = key();
        let shown = sign(&key, "message").signed;
        let turned = Signed { signature: other_form(shown.signature), ..shown.clone() };
        assert_ne!(is_high(&shown.signature), is_high(&turned.signature));
        let uncompressed = shown.point.clone();
        let compressed = [&[2 + (uncompressed[64] & 1)], &uncompressed[1..33]].concat();
        let wrong_side = [&[3 - (uncompressed[64] & 1)], &uncompressed[1..33]].concat();
        for signed in [shown, turned] {
            assert_eq!(key_of(&signed, b"message"), Some(user(&key)));
            let folded = Signed { point: compressed.clone(), ..signed.clone() };
            assert_eq!(key_of(&folded, b"message"), Some(user(&key)));
            let other = Signed { point: wrong_side.clone(), ..signed.clone() };
            assert_eq!(key_of(&other, b"message"), None);
            assert_eq!(key_of(&signed, b"massage"), None);
        }
    }

    /// Vectors of Project Wycheproof, with both forms of each point.
    #[test]
    fn wycheproof_agrees() {
        let vectors = include_str!("../../tests/wycheproof/ecdsa_secp256r1_sha256_p1363.txt");
        let bytes = |text: &str| crate::domain::decode_hex(if text == "-" { "" } else { text }).unwrap();
        let (mut valid, mut invalid) = (0, 0);
        for line in vectors.lines().filter(|line| !line.starts_with('#')) {
            let [key, message, signature, verdict] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            let (key, message) = (bytes(key), bytes(message));
            let folded = [&[2 + (key[64] & 1)], &key[1..33]].concat();
            for point in [key, folded] {
                // Signatures of another length do not get this far.
                let signature = bytes(signature).try_into().ok();
                let taken = signature.is_some_and(|signature| key_of(&Signed { point, signature }, &message).is_some());
                assert_eq!(taken, verdict == "valid", "{line}");
            }
            *if verdict == "valid" { &mut valid } else { &mut invalid } += 1;
        }
        assert_eq!((valid, invalid), (169, 83));
    }

    #[test]
    fn a_point_that_is_none_is_refused() {
        let good = key().public_key().as_ref().to_vec();
        let with = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut point = good.clone();
            change(&mut point);
            unfold(&point)
        };
        assert_eq!(with(&|_| {}).unwrap()[..], good[..]);
        assert_eq!(with(&|point| point[64] ^= 1), None, "not on the curve");
        assert_eq!(with(&|point| point[0] = 6 + (point[64] & 1)), None, "hybrid");
        assert_eq!(with(&|point| point[0] = 0), None);
        assert_eq!(with(&|point| point.truncate(1)), None);
        assert_eq!(with(&|point| point.truncate(33)), None);
        assert_eq!(with(&|point| point.push(0)), None);
        assert_eq!(with(&|point| point.clear()), None);
        assert_eq!(with(&|point| point.fill(0)), None);
        assert_eq!(with(&|point| point[1..].fill(0xff)), None, "beyond the field");
        assert_eq!(unfold(&[0]), None, "the zero");
        let on_curve = (0..=20).filter(|x| {
            let mut point = vec![0; 33];
            (point[0], point[32]) = (2, *x);
            unfold(&point).is_some()
        });
        let on_curve = on_curve.count();
        assert!(on_curve > 0 && on_curve < 20, "about every second x has a point: {on_curve}");
    }
}
