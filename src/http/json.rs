//! Strict JSON: one object in UTF-8, every key known and once, nothing after it, and a sentence for whatever is wrong.
//!
//! Owns: reading bytes into the shapes of `body`, and the words for what cannot be read. Not here: what the shapes are.

use std::fmt::Display;

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::domain::Error;

/// Characters of a sentence at most. A stranger's own key may be in it, and could be as long as the body.
const SENTENCE: usize = 300;

/// Reads a body that must be one JSON object of this shape.
///
/// The text of numbers, keys and strings with escapes passes through buffers of the parser that nobody wipes; strings without
/// escapes, which is how passwords mostly come, go straight from the body into their place.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let text = text(body)?;
    let mut parser = serde_json::Deserializer::from_str(text);
    let shape = serde_path_to_error::deserialize(&mut parser).map_err(|error| {
        let path = error.path().to_string();
        malformed(sentence(&path, error.inner()))
    })?;
    parser.end().map_err(|error| malformed(format!("the body goes on after the JSON object: {error}")))?;
    Ok(shape)
}

/// The body as text that begins like an object. The parser would take a list for an object, its fields in order.
fn text(body: &[u8]) -> Result<&str, Error> {
    if let [0xef, 0xbb, 0xbf, ..] | [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [_, 0, ..] | [0, _, ..] = body {
        return Err(malformed("the body must be JSON in UTF-8 without a byte order mark"));
    }
    let text = std::str::from_utf8(body)
        .map_err(|error| malformed(format!("the body is not valid UTF-8 from byte {} on", error.valid_up_to())))?;
    let first = text.trim_start_matches([' ', '\t', '\r', '\n']).chars().next();
    match first {
        Some('{') => Ok(text),
        Some(_) => Err(malformed("the body must be a JSON object: it begins with '{' and ends with '}'")),
        None => Err(malformed("the body is empty; a JSON object is expected")),
    }
}

fn sentence(path: &str, error: &serde_json::Error) -> String {
    let said = error.to_string();
    if error.classify() != Category::Data {
        return format!("the body is not valid JSON: {said}");
    }
    let place = format!(" at line {} column {}", error.line(), error.column());
    let said = said.strip_suffix(&place).unwrap_or(&said);
    match said.rsplit_once(", expected ") {
        // What was sent instead may be a password, and is not repeated.
        Some((wrong, expected)) if wrong.starts_with("invalid ") => format!("`{path}` must be {expected}"),
        Some((wrong, expected)) if wrong.len() > SENTENCE / 2 => format!("unknown field; expected {expected}"),
        _ if said.starts_with("missing ") || said.starts_with("unknown ") || said.starts_with("duplicate ") => {
            said.to_owned()
        }
        _ => format!("`{path}`: {said}"),
    }
}

/// A refusal in one printable line: a key that is a stranger's own may have anything in it.
fn malformed(sentence: impl Display) -> Error {
    let sentence = sentence.to_string().replace(char::is_control, "\u{fffd}");
    match sentence.char_indices().nth(SENTENCE) {
        Some((end, _)) => Error::Malformed(format!("{}...", sentence.get(..end).unwrap_or_default())),
        None => Error::Malformed(sentence),
    }
}
