//! The keys of the sealed channel: Ed448 (RFC 8032), by which each end knows the other, and X448 (RFC 7748), by which the two
//! agree on a key for a session.
//!
//! Owns: everything that names the libraries for these curves, and that a key is a good one: a public key of low order, for which
//! anybody could sign, is none. How keys lie in files is `pem`'s. Not here: whose a key is (`store`), and what is done with the key
//! that was agreed on (`sealed`).
//!
//! Both curves are computed in constant time where a secret is involved. Verifying has no secret.

mod own;
mod pem;

use ed448_goldilocks::elliptic_curve::Group;
use ed448_goldilocks::{Signature, SigningKey, VerifyingKey};
use subtle::ConstantTimeEq;

use crate::domain::{SIGNATURE_BYTES, SealedKey, Secret};
use crate::vault::{VaultError, random};

pub use own::OwnKeyError;
pub use pem::{KeyError, PrivateKeyFile};

/// Bytes of an X448 public key, private key, and shared secret.
pub const SHARE_BYTES: usize = 56;

/// A long-term key that signs.
#[derive(Clone)]
pub struct PrivateKey(SigningKey);

/// The public half of one, which is not of low order.
#[derive(Clone, Debug, PartialEq)]
pub struct PublicKey(VerifyingKey);

/// The private half of what one end contributes to the key of a session. It is used once.
#[derive(Debug)]
pub struct Share(Secret<[u8; SHARE_BYTES]>);

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey")
    }
}

impl PrivateKey {
    /// A new one.
    pub fn make() -> Result<Self, VaultError> {
        let seed = Secret::new(random::<{ SealedKey::BYTES }>()?);
        Ok(Self::of_seed(seed.expose()))
    }

    fn of_seed(seed: &[u8; SealedKey::BYTES]) -> Self {
        Self(SigningKey::from(ed448_goldilocks::SecretKey::from(*seed)))
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs with Ed448, without a context.
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign_raw(message).to_bytes()
    }
}

impl PublicKey {
    /// Takes a point of the curve's prime-order group that is not the neutral one.
    pub fn of(key: &SealedKey) -> Option<Self> {
        let key = VerifyingKey::from_bytes(key.bytes()).ok()?;
        let point = key.to_edwards();
        (bool::from(point.is_torsion_free()) && !bool::from(point.is_identity())).then_some(Self(key))
    }

    /// Its bytes (RFC 8032, section 5.2.2).
    pub fn key(&self) -> SealedKey {
        SealedKey::new(self.0.to_bytes())
    }

    /// Whether this key's private half has signed this.
    pub fn has_signed(&self, message: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
        self.0.verify_raw(&Signature::from_bytes(signature), message).is_ok()
    }
}

impl Share {
    /// A fresh one.
    pub fn make() -> Result<Self, VaultError> {
        Ok(Self(Secret::new(random()?)))
    }

    /// One of these bytes.
    pub const fn new(bytes: [u8; SHARE_BYTES]) -> Self {
        Self(Secret::new(bytes))
    }

    /// What the other end is told.
    pub fn public(&self) -> [u8; SHARE_BYTES] {
        x448::x448_unchecked(*self.0.expose(), x448::X448_BASEPOINT_BYTES)
    }

    /// The secret that both ends have. Nothing if the other end's share is of low order: the secret would be all zeros, and no secret
    /// (RFC 7748, section 6.2). Takes the same time either way.
    pub fn agree(&self, theirs: &[u8; SHARE_BYTES]) -> Option<Secret<[u8; SHARE_BYTES]>> {
        let shared = Secret::new(x448::x448_unchecked(*self.0.expose(), *theirs));
        (!bool::from(shared.expose().ct_eq(&[0; SHARE_BYTES]))).then_some(shared)
    }
}

/// Whether a share is one with which nobody agrees on a secret, whatever the other is.
pub fn is_low_order(share: &[u8; SHARE_BYTES]) -> bool {
    // Any scalar is a multiple of the cofactor once it is clamped.
    Share::new([0x55; SHARE_BYTES]).agree(share).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn hex<const N: usize>(text: &str) -> [u8; N] {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let bytes: Vec<u8> =
            digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect();
        bytes.try_into().unwrap()
    }

    /// RFC 8032, section 7.4, as far as there is no context: seed, public key, message, signature.
    const SIGNATURES: [(&str, &str, &[u8], &str); 3] = [
        ("6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b", "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180", b"", "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600"),
        ("c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e", "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c235160627b4c3a9480", b"\x03", "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cbcee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0ff3348ab21aa4adafd1d234441cf807c03a00"),
        ("2ec5fe3c17045abdb136a5e6a913e32ab75ae68b53d2fc149b77e504132d37569b7e766ba74a19bd6162343a21c8590aa9cebca9014c636df5", "79756f014dcfe2079f5dd9e718be4171e2ef2486a08f25186f6bff43a9936b9bfe12402b08ae65798a3d81e22e9ec80e7690862ef3d4ed3a00", b"\x15\x77\x75\x32\xb0\xbd\xd0\xd1\x38\x9f\x63\x6c\x5f\x6b\x9b\xa7\x34\xc9\x0a\xf5\x72\x87\x7e\x2d\x27\x2d\xd0\x78\xaa\x1e\x56\x7c\xfa\x80\xe1\x29\x28\xbb\x54\x23\x30\xe8\x40\x9f\x31\x74\x50\x41\x07\xec\xd5\xef\xac\x61\xae\x75\x04\xda\xbe\x2a\x60\x2e\xde\x89\xe5\xcc\xa6\x25\x7a\x7c\x77\xe2\x7a\x70\x2b\x3a\xe3\x9f\xc7\x69\xfc\x54\xf2\x39\x5a\xe6\xa1\x17\x8c\xab\x47\x38\xe5\x43\x07\x2f\xc1\xc1\x77\xfe\x71\xe9\x2e\x25\xbf\x03\xe4\xec\xb7\x2f\x47\xb6\x4d\x04\x65\xaa\xea\x4c\x7f\xad\x37\x25\x36\xc8\xba\x51\x6a\x60\x39\xc3\xc2\xa3\x9f\x0e\x4d\x83\x2b\xe4\x32\xdf\xa9\xa7\x06\xa6\xe5\xc7\xe1\x9f\x39\x79\x64\xca\x42\x58\x00\x2f\x7c\x05\x41\xb5\x90\x31\x6d\xbc\x56\x22\xb6\xb2\xa6\xfe\x7a\x4a\xbf\xfd\x96\x10\x5e\xca\x76\xea\x7b\x98\x81\x6a\xf0\x74\x8c\x10\xdf\x04\x8c\xe0\x12\xd9\x01\x01\x5a\x51\xf1\x89\xf3\x88\x81\x45\xc0\x36\x50\xaa\x23\xce\x89\x4c\x3b\xd8\x89\xe0\x30\xd5\x65\x07\x1c\x59\xf4\x09\xa9\x98\x1b\x51\x87\x8f\xd6\xfc\x11\x06\x24\xdc\xbc\xde\x0b\xf7\xa6\x9c\xcc\xe3\x8f\xab\xdf\x86\xf3\xbe\xf6\x04\x48\x19\xde\x11", "c650ddbb0601c19ca11439e1640dd931f43c518ea5bea70d3dcde5f4191fe53f00cf966546b72bcc7d58be2b9badef28743954e3a44a23f880e8d4f1cfce2d7a61452d26da05896f0a50da66a239a8a188b6d825b3305ad77b73fbac0836ecc60987fd08527c1a8e80d5823e65cafe2a3d00"),
    ];

    #[test]
    fn signatures_are_those_of_rfc_8032() {
        for (seed, public, message, signature) in SIGNATURES {
            let key = PrivateKey::of_seed(&hex(seed));
            assert_eq!(key.public().key().bytes(), &hex::<57>(public));
            assert_eq!(key.sign(message), hex::<114>(signature));
            assert!(key.public().has_signed(message, &hex(signature)));
        }
    }

    #[test]
    fn what_is_not_signed_is_not_believed() {
        let (key, other) = (PrivateKey::make().unwrap(), PrivateKey::make().unwrap());
        let signature = key.sign(b"message");
        assert!(key.public().has_signed(b"message", &signature));
        assert!(!key.public().has_signed(b"massage", &signature));
        assert!(!other.public().has_signed(b"message", &signature));
        for at in 0..signature.len() {
            for bit in 0..8 {
                let mut changed = signature;
                changed[at] ^= 1 << bit;
                assert!(!key.public().has_signed(b"message", &changed), "{at} {bit}");
            }
        }
    }

    /// The order of the group, added to the second half of a signature, gives another signature of the same message if a verifier does
    /// not look (RFC 8032, section 8.4).
    #[test]
    fn a_message_has_one_signature() {
        const ORDER: &str = "f34458ab92c27823558fc58d72c26c219036d6ae49db4ec4e923ca7cffffffffffffffffffffffffffffffffffffffffffffffffffffff3f00";
        let key = PrivateKey::make().unwrap();
        let mut signature = key.sign(b"message");
        let mut carry = 0;
        for (byte, order) in signature[57..].iter_mut().zip(hex::<57>(ORDER)) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
        }
        assert!(!key.public().has_signed(b"message", &signature));
    }

    #[test]
    fn a_key_of_low_order_is_none() {
        let mut neutral = [0; 57];
        neutral[0] = 1;
        let mut minus = [0xff; 57];
        (minus[0], minus[28], minus[56]) = (0xfe, 0xfe, 0);
        for low in [neutral, minus, [0; 57], [0xff; 57]] {
            assert!(PublicKey::of(&SealedKey::new(low)).is_none(), "{low:?}");
        }
        let made = PrivateKey::make().unwrap().public();
        assert_eq!(PublicKey::of(&made.key()), Some(made));
    }

    #[test]
    fn shares_are_those_of_rfc_7748() {
        let vectors = [
            (
                "3d262fddf9ec8e88495266fea19a34d28882acef045104d0d1aae121700a779c984c24f8cdd78fbff44943eba368f54b29259a4f1c600ad3",
                "06fce640fa3487bfda5f6cf2d5263f8aad88334cbd07437f020f08f9814dc031ddbdc38c19c6da2583fa5429db94ada18aa7a7fb4ef8a086",
                "ce3e4ff95a60dc6697da1db1d85e6afbdf79b50a2412d7546d5f239fe14fbaadeb445fc66a01b0779d98223961111e21766282f73dd96b6f",
            ),
            (
                "203d494428b8399352665ddca42f9de8fef600908e0d461cb021f8c538345dd77c3e4806e25f46d3315c44e0a5b4371282dd2c8d5be3095f",
                "0fbcc2f993cd56d3305b0b7d9e55d4c1a8fb5dbb52f8e9a1e9b6201b165d015894e56c4d3570bee52fe205e28a78b91cdfbde71ce8d157db",
                "884a02576239ff7a2f2f63b2db6a9ff37047ac13568e1e30fe63c4a7ad1b3ee3a5700df34321d62077e63633c575c1c954514e99da7c179d",
            ),
        ];
        for (scalar, point, expected) in vectors {
            let shared = Share::new(hex(scalar)).agree(&hex(point)).unwrap();
            assert_eq!(shared.expose(), &hex::<56>(expected));
        }
        let alice = Share::new(hex(
            "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
        ));
        let bob = Share::new(hex(
            "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d",
        ));
        assert_eq!(
            alice.public(),
            hex(
                "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0"
            )
        );
        let expected = hex::<56>(
            "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a449a5037514a879d",
        );
        assert_eq!(alice.agree(&bob.public()).unwrap().expose(), &expected);
        assert_eq!(bob.agree(&alice.public()).unwrap().expose(), &expected);
    }

    #[test]
    fn a_thousand_agreements_come_out_as_in_rfc_7748() {
        let mut base = [0; 56];
        base[0] = 5;
        let (mut scalar, mut point) = (base, base);
        for _ in 0..1000 {
            (scalar, point) = (*Share::new(scalar).agree(&point).unwrap().expose(), scalar);
        }
        let expected = hex::<56>(
            "aa3b4749d55b9daf1e5b00288826c467274ce3ebbdd5c17b975e09d4af6c67cf10d087202db88286e2b79fceea3ec353ef54faa26e219f38",
        );
        assert_eq!(scalar, expected);
    }

    /// 0, 1 and -1, each also with the prime added to it: a share need not be reduced.
    #[test]
    fn nobody_agrees_with_a_share_of_low_order() {
        let mut one = [0; 56];
        one[0] = 1;
        let mut prime = [0xff; 56];
        prime[28] = 0xfe;
        let (mut minus, mut more) = (prime, [0; 56]);
        minus[0] = 0xfe;
        // The prime and 1: 2^448 - 2^224.
        more[28..].fill(0xff);
        for low in [[0; 56], one, minus, prime, more] {
            assert!(is_low_order(&low), "{low:?}");
            assert!(Share::make().unwrap().agree(&low).is_none());
        }
        assert!(!is_low_order(&Share::make().unwrap().public()));
    }
}
