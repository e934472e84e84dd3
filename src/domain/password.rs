//! Passwords, as they are chosen and as they are typed.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::Secret;
use crate::config::limits;

/// The most common passwords of leaked collections that are long enough to be taken otherwise, in small letters (the list
/// that Django has, by Royce Williams).
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common-passwords.txt").lines().collect());

/// A password that cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`limits::PASSWORD_BYTES_MIN`] bytes.
    #[error("the password has fewer than {} bytes", limits::PASSWORD_BYTES_MIN)]
    TooShort,
    /// More than [`limits::PASSWORD_BYTES`] bytes.
    #[error("the password has more than {} bytes", limits::PASSWORD_BYTES)]
    TooLong,
    /// On the list.
    #[error("the password is one of the most common ones: choose another")]
    Common,
}

/// A password as it was typed: any bytes, used exactly as they are.
#[derive(Clone, Debug)]
pub struct Password(Secret<Vec<u8>>);

impl Password {
    /// Takes what somebody says their password is. At most [`limits::PASSWORD_BYTES`], for hashing costs time; a short
    /// or common one is simply wrong.
    pub fn typed(text: String) -> Result<Self, PasswordError> {
        match text.len() <= limits::PASSWORD_BYTES {
            true => Ok(Self(Secret::new(text.into_bytes()))),
            false => Err(PasswordError::TooLong),
        }
    }

    /// Takes a new password: [`limits::PASSWORD_BYTES_MIN`] to [`limits::PASSWORD_BYTES`] bytes, not a common one.
    pub fn chosen(text: String) -> Result<Self, PasswordError> {
        if text.len() < limits::PASSWORD_BYTES_MIN {
            return Err(PasswordError::TooShort);
        }
        if COMMON.contains(text.to_lowercase().as_str()) {
            return Err(PasswordError::Common);
        }
        Self::typed(text)
    }

    /// The bytes, for hashing.
    pub fn bytes(&self) -> &[u8] {
        self.0.expose()
    }
}

/// What is stored of a password: Argon2id (RFC 9106) with its parameters, so that they can be raised later.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    /// Memory in KiB (`m`).
    pub memory_kib: u32,
    /// Passes (`t`).
    pub passes: u32,
    /// Random salt.
    pub salt: [u8; 16],
    /// The tag.
    pub tag: [u8; 32],
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PasswordHash(m={} KiB, t={})", self.memory_kib, self.passes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_is_long_enough_and_not_what_everybody_has() {
        let chosen = |text: &str| Password::chosen(text.to_owned()).map(|_| ());
        assert_eq!(chosen("1234567"), Err(PasswordError::TooShort));
        assert_eq!(chosen("password1"), Err(PasswordError::Common));
        assert_eq!(chosen("PassWord1"), Err(PasswordError::Common));
        assert_eq!(chosen(&"x".repeat(1025)), Err(PasswordError::TooLong));
        assert_eq!(chosen(&"x".repeat(1024)), Ok(()));
        assert_eq!(chosen("correct horse"), Ok(()));
        assert!(COMMON.len() > 5000);
    }

    #[test]
    fn a_typed_password_is_not_judged_but_for_its_length() {
        assert!(Password::typed(String::new()).is_ok());
        assert!(Password::typed("x".repeat(1025)).is_err());
    }
}
