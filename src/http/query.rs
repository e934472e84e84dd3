//! What follows the question mark of a request's target, as HTML forms and most clients write it
//! (`application/x-www-form-urlencoded`).
//!
//! Owns: finding one parameter and undoing its escapes. Not here: what it means. Parameters that nobody asks for are not looked at.

use crate::domain::Error;

/// The value of a parameter; nothing if it is not there. It must not be there twice.
pub(super) fn parameter(query: &str, name: &str) -> Result<Option<String>, Error> {
    let malformed = |what: &str| Error::Malformed(format!("the parameter `{name}` {what}"));
    let mut found = None;
    for pair in query.split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if unescaped(key).as_deref() != Some(name) {
            continue;
        }
        let value = unescaped(value).ok_or_else(|| malformed("has a bad escape in it"))?;
        if found.replace(value).is_some() {
            return Err(malformed("is there twice"));
        }
    }
    Ok(found)
}

/// The same for one that must be there.
pub(super) fn required(query: &str, name: &str) -> Result<String, Error> {
    parameter(query, name)?.ok_or_else(|| Error::Malformed(format!("the parameter `{name}` is missing")))
}

/// Text without `+` and `%XX`.
fn unescaped(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_found_wherever_it_stands_and_however_it_is_written() {
        for query in ["until=1+2", "a=b&until=1%202", "until=1%202&", "&&unt%69l=1+2&c", "until=1%202&Until=3"] {
            assert_eq!(required(query, "until").unwrap(), "1 2", "{query}");
        }
        assert_eq!(parameter("until", "until").unwrap().as_deref(), Some(""));
        for query in ["", "a", "untilx=1", "=until"] {
            assert_eq!(parameter(query, "until").unwrap(), None, "{query}");
        }
    }

    #[test]
    fn what_could_be_two_things_is_refused() {
        for (query, expected) in [
            ("", "the parameter `until` is missing"),
            ("until=1&until=1", "the parameter `until` is there twice"),
            ("until=1&unti%6C=2", "the parameter `until` is there twice"),
            ("until=%", "the parameter `until` has a bad escape in it"),
            ("until=%4", "the parameter `until` has a bad escape in it"),
            ("until=%+1", "the parameter `until` has a bad escape in it"),
            ("until=%zz", "the parameter `until` has a bad escape in it"),
            ("until=%ff", "the parameter `until` has a bad escape in it"),
        ] {
            assert_eq!(required(query, "until").unwrap_err().to_string(), expected, "{query}");
        }
    }
}
