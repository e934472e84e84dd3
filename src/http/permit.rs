//! The head fields with which somebody shows that they may do something with a parcel.
//!
//! Owns: `X-Auth-Token`, `X-Public-Key` and `X-Signature`, and the two ways to write bytes in them: base64url (RFC 4648, section 5,
//! with padding or without) and hexadecimal digits. Not here: whether they are good (`auth`).

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hyper::header::HeaderName;

use super::head::Head;
use super::reply::Refusal;
use crate::domain::{Credential, Error, PermitCredential, Secret, Signed, decode_hex};

const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
const KEY: HeaderName = HeaderName::from_static("x-public-key");
const SIGNATURE: HeaderName = HeaderName::from_static("x-signature");

/// With padding or without, and with nothing in the bits that stand for nothing.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Head {
    /// What a caller shows to be let in to a parcel. Whatever is missing or cannot be read is like what is not good.
    pub(super) fn permit(&self) -> Result<Credential, Refusal> {
        let text = |name| Ok::<_, Refusal>(self.only(name)?.and_then(|value| value.to_str().ok()));
        let (token, key, signature) = (text(&TOKEN)?, text(&KEY)?, text(&SIGNATURE)?);
        let signed = key.zip(signature).and_then(|(key, signature)| signed(key, signature));
        match token.zip(signed) {
            Some((token, signed)) => {
                Ok(Credential::Permit(PermitCredential { token: Secret::new(token.to_owned()), signed }))
            }
            None => Err(Refusal::Error(Error::Unauthorized)),
        }
    }
}

/// A key and a signature, each written in either way.
pub(super) fn signed(key: &str, signature: &str) -> Option<Signed> {
    let point = bytes(key, 65).or_else(|| bytes(key, 33))?;
    let signature = bytes(signature, 64)?.try_into().ok()?;
    Some(Signed { point, signature })
}

/// Exactly so many bytes. Which way they are written in is seen by their length.
fn bytes(text: &str, length: usize) -> Option<Vec<u8>> {
    let decoded = if text.len() == 2 * length { decode_hex(text) } else { base64(text, length) };
    decoded.filter(|bytes| bytes.len() == length)
}

fn base64(text: &str, length: usize) -> Option<Vec<u8>> {
    // The length first: whoever sends a long text does not have it read.
    (text.len() <= length.div_ceil(3) * 4).then(|| BASE64URL.decode(text).ok())?
}

/// For the fuzzer: whatever is taken is of the right length, and written in hex it is the same.
pub fn read_any_signed(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (key, signature) = text.split_once('\n').unwrap_or((text, ""));
    let Some(read) = signed(key, signature) else { return };
    assert!(matches!(read.point.len(), 33 | 65), "{}", read.point.len());
    let hex = crate::domain::encode_hex;
    let again = signed(&hex(&read.point), &hex(&read.signature).to_uppercase());
    assert!(again.is_some_and(|again| again.point == read.point && again.signature == read.signature));
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE as PADDED, URL_SAFE_NO_PAD};

    use super::*;
    use crate::domain::encode_hex;

    #[test]
    fn both_ways_of_writing_are_read_and_no_other() {
        for length in [33, 65] {
            let (point, signature) = (vec![0xfb; length], vec![0xff; 64]);
            let written = |bytes: &[u8]| {
                [
                    PADDED.encode(bytes),
                    URL_SAFE_NO_PAD.encode(bytes),
                    encode_hex(bytes),
                    encode_hex(bytes).to_uppercase(),
                ]
            };
            for key in written(&point) {
                for signature in written(&signature) {
                    let read = signed(&key, &signature).unwrap();
                    assert_eq!((&read.point, read.signature), (&point, [0xff; 64]));
                }
            }
            assert!(signed(&STANDARD.encode(&point), &encode_hex(&signature)).is_none(), "the other alphabet");
        }
        let good = (encode_hex(&[2; 33]), encode_hex(&[1; 64]));
        for (key, signature) in [
            ("", ""),
            ("00", &good.1),
            (&good.0[1..], &good.1),
            (&good.0, &good.1[2..]),
            (&good.0, &format!("{}00", good.1)),
            (&format!("{}zz", &good.0[2..]), &good.1),
            (&"A".repeat(100_000), &good.1),
        ] {
            assert!(signed(key, signature).is_none(), "{key:.80}");
        }
        // One text for some bytes: what stands for nothing is nothing.
        let odd = format!("{}B", "A".repeat(85));
        assert!(signed(&good.0, &odd).is_none());
    }
}
