//! The users of the sealed channel, by name.
//!
//! Owns: which names they may have. Not here: their keys, and who shows that they hold one (`auth`).

use crate::config::limits;

/// A name that no user can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a user's name must have 1 to {} letters, digits, '_', '-', '.' or '@', and begin with a letter, a digit or '_'",
    limits::USER_NAME_BYTES
)]
pub struct UserNameError;

/// The name of a user of the sealed channel. It is the name of their directory, too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserName(String);

impl UserName {
    /// Takes 1 to [`limits::USER_NAME_BYTES`] ASCII letters, digits, `_`, `-`, `.` and `@`, of which `-`, `.` and `@` do not come
    /// first.
    pub fn parse(name: &str) -> Result<Self, UserNameError> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let begins = name.bytes().next().is_some_and(word);
        let plain = name.bytes().all(|byte| word(byte) || b"-.@".contains(&byte));
        match begins && plain && name.len() <= limits::USER_NAME_BYTES {
            true => Ok(Self(name.to_owned())),
            false => Err(UserNameError),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_plain_name_of_a_directory() {
        for good in ["ada", "Ada_1", "a.b-c@example.org", "_", "7", &"a".repeat(limits::USER_NAME_BYTES)] {
            assert_eq!(UserName::parse(good).unwrap().as_str(), good);
        }
        let long = "a".repeat(limits::USER_NAME_BYTES + 1);
        for bad in ["", ".", "..", ".a", "-a", "@", "a/b", "a b", "a\0", "\u{e9}", "a\n", &long] {
            assert_eq!(UserName::parse(bad), Err(UserNameError), "{bad:?}");
        }
    }
}
