//! What a fuzzer calls: one function for each thing that reads a stranger's bytes, which panics when a promise is broken.
//!
//! Owns: the promises. Not here: the fuzzer (`fuzz/`; `fuzz/run` runs it). The inputs in `fuzz/seeds`, from which it starts, are
//! also tested by `cargo test`; an input that has found a bug belongs there.

use crate::domain::{
    BearerToken, Email, Json, LinkToken, ParcelId, Password, TotpCode, TotpSecret, TotpStep, UnixTime, decode_hex,
    encode_hex,
};

pub use crate::auth::read_any_permit as permits;
pub use crate::http::{hear_any_frames as websocket, read_any_body as requests, read_any_multipart as multipart};
pub use crate::sandbox::decode_any_frame as frames;
pub use crate::sealed::{
    open_any_token as fernet, read_any_body as tokens, read_any_cookie as cookies, read_any_hello as handshake,
    read_any_path as paths,
};
pub use crate::store::decode_any_record as records;

/// Looks at some bytes.
pub type Target = fn(&[u8]);

/// Every target by the name of its file and folder.
pub const TARGETS: [(&str, Target); 15] = [
    ("cookies", cookies),
    ("credentials", credentials),
    ("email", email),
    ("fernet", fernet),
    ("frames", frames),
    ("handshake", handshake),
    ("multipart", multipart),
    ("parcels", parcels),
    ("paths", paths),
    ("permits", permits),
    ("records", records),
    ("requests", requests),
    ("tokens", tokens),
    ("websocket", websocket),
    ("words", words),
];

/// What is said about a parcel, in a body or in a head.
pub fn parcels(bytes: &[u8]) {
    crate::http::read_any_parcel_body(bytes);
    crate::http::read_any_signed(bytes);
    crate::http::read_any_range(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(bytes) = decode_hex(text) {
        assert_eq!(encode_hex(&bytes), text.to_ascii_lowercase());
    }
    if let Some(id) = ParcelId::parse(text) {
        assert_eq!(id.to_string(), text.to_ascii_uppercase());
    }
    if let Ok(json) = serde_json::from_str::<Json>(text) {
        let canonical = json.canonical();
        let again = serde_json::from_str::<Json>(&canonical).map(|json| json.canonical());
        assert_eq!(again.as_ref().ok(), Some(&canonical), "a canonical text is its own");
    }
}

/// Whatever passes for an address can stand in a mail's head and in a line of a log, and its key is an address with that key.
pub fn email(bytes: &[u8]) {
    let Some(email) = std::str::from_utf8(bytes).ok().and_then(|text| Email::parse(text).ok()) else { return };
    assert_eq!(email.as_str().as_bytes(), bytes, "an address is kept as it was written");
    assert!(bytes.iter().all(u8::is_ascii_graphic), "{email}");
    assert!(!bytes.iter().any(|byte| b"<>()[]\",:;\\".contains(byte)), "{email}");
    assert_eq!(bytes.iter().filter(|byte| **byte == b'@').count(), 1, "{email}");
    let key = email.key();
    let again = Email::parse(&key);
    assert_eq!(again.as_ref(), Ok(&email), "the key of an address is that address");
    assert_eq!(again.map(|email| email.key()), Ok(key));
}

/// A token has one text; a code is six digits and good for a step in its window, later than the last; no password is too odd
/// to be looked at.
pub fn credentials(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(token) = BearerToken::parse(text) {
        assert_eq!(token.text().expose(), text);
    }
    if let Some(token) = LinkToken::parse(text) {
        assert_eq!(token.text().expose(), text);
    }
    let digits = bytes.len() == 6 && bytes.iter().all(u8::is_ascii_digit);
    assert_eq!(TotpCode::parse(text).is_some(), digits);
    if let Ok(number) = text.parse::<u64>() {
        assert_eq!(TotpCode::of_number(number).is_some(), number < 1_000_000);
    }
    if let Some((code, time)) = text.split_once('@') {
        good_for_one_step(code, time);
    }
    let chosen = Password::chosen(text.to_owned()).is_ok();
    assert!(Password::typed(text.to_owned()).is_ok() || !chosen, "it could be chosen, but never typed");
}

/// The words of a line, each in quotes, are the same words; and a line of letters is split as by anybody.
pub fn words(bytes: &[u8]) {
    if let Ok(words) = crate::domain::words(bytes) {
        let quote = |word: &Vec<u8>| {
            [&b"'"[..], &word.split(|byte| *byte == b'\'').collect::<Vec<_>>().join(&br"'\''"[..]), b"'"].concat()
        };
        let quoted = words.iter().map(quote).collect::<Vec<_>>().join(&b' ');
        assert_eq!(crate::domain::words(&quoted), Ok(words));
    }
    if bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ') {
        let parts = bytes.split(|byte| *byte == b' ').filter(|part| !part.is_empty());
        assert_eq!(crate::domain::words(bytes), Ok(parts.map(<[u8]>::to_vec).collect()));
    }
}

fn good_for_one_step(code: &str, time: &str) {
    let (Some(code), Ok(now)) = (TotpCode::parse(code), time.parse()) else { return };
    let secret = TotpSecret::new(*b"12345678901234567890");
    let Some(step) = secret.step_of(&code, UnixTime(now), None) else { return };
    assert!(step.0.abs_diff(now / 30) <= 1, "{step:?} at {now}");
    let again = secret.step_of(&code, UnixTime(now), Some(step));
    assert!(again.is_none_or(|later| later > step), "{step:?} at {now} is good twice");
    assert_eq!(secret.step_of(&code, UnixTime(now), Some(TotpStep(u64::MAX))), None);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_seed_keeps_its_promises() {
        for (name, target) in TARGETS {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
            let seeds: Vec<_> = std::fs::read_dir(folder).unwrap().map(|seed| seed.unwrap().path()).collect();
            assert!(seeds.len() > 2, "{name} starts from nothing");
            seeds.iter().for_each(|seed| target(&std::fs::read(seed).unwrap()));
        }
    }
}
