//! Bytes as hexadecimal digits (RFC 4648, section 8).
//!
//! Owns: reading digits of either case and writing them. Not here: what the bytes are.

use std::fmt::Write;

/// The bytes that these digits say. Nothing if there is another character, or half a byte.
pub fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect())?
}

/// Exactly so many bytes.
pub fn decode_hex_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    // The length first: whoever sends a long text does not have it read.
    (text.len() == 2 * N).then(|| decode_hex(text)?.try_into().ok())?
}

/// Small letters.
pub fn encode_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Small letters, quickly, for what is large.
pub fn encode_hex_bytes(bytes: &[u8]) -> Vec<u8> {
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

const fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        b'A'..=b'F' => Some(character - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_the_way_through_digits() {
        let all: Vec<u8> = (0..=u8::MAX).collect();
        let text = encode_hex(&all);
        assert!(text.starts_with("000102") && text.ends_with("fdfeff"));
        assert_eq!(encode_hex_bytes(&all), text.as_bytes());
        assert_eq!(decode_hex(&text), Some(all.clone()));
        assert_eq!(decode_hex(&text.to_uppercase()), Some(all));
        assert_eq!(decode_hex(""), Some(vec![]));
        assert_eq!(decode_hex_array::<2>("aBcD"), Some([0xab, 0xcd]));
    }

    #[test]
    fn nothing_else_is_digits() {
        for wrong in ["0", "0g", "+f", " 0", "0x", "00 ", "\u{ff10}0", "é"] {
            assert_eq!(decode_hex(wrong), None, "{wrong}");
        }
        assert_eq!(decode_hex_array::<2>("abc"), None);
        assert_eq!(decode_hex_array::<2>("abcdef"), None);
    }
}
