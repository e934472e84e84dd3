//! A person's e-mail address, which is all the identity there is.

use email_address::{EmailAddress, Options};

use crate::config::limits;

/// An address that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Longer than SMTP can carry (RFC 5321, section 4.5.3.1.3).
    #[error("the e-mail address is longer than {} bytes", limits::EMAIL_BYTES)]
    TooLong,
    /// Letters that look alike would let two people pass for one.
    #[error("the e-mail address must be written in ASCII (a domain of other letters has an xn-- form)")]
    NotAscii,
    /// Not what RFC 5321 calls an address.
    #[error("this is not an e-mail address")]
    Malformed,
}

/// An e-mail address, kept as it was written and compared without regard to case.
///
/// The local part's case could matter (RFC 5321, section 2.4); it never does in practice, and two accounts that differ in
/// case only would confuse whoever approves them.
#[derive(Clone, Debug)]
pub struct Email(String);

impl Email {
    /// Takes `local@domain` of at most [`limits::EMAIL_BYTES`] ASCII bytes; no display name, no address literal.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        if text.len() > limits::EMAIL_BYTES {
            return Err(EmailError::TooLong);
        }
        if !text.is_ascii() {
            return Err(EmailError::NotAscii);
        }
        let options = Options::default().without_display_text().without_domain_literal();
        // The library takes an address in brackets for one without a display name if nothing but a space is before them.
        match EmailAddress::parse_with_options(text, options) {
            Ok(address) if address.email() == text && !text.starts_with('"') => Ok(Self(text.to_owned())),
            _ => Err(EmailError::Malformed),
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two spellings of one address have in common.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Email {}

impl std::fmt::Display for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_addresses_are_taken_as_they_are_written() {
        for text in ["user@domain.tld", "User.Name+tag@Sub.Domain.tld", "o'hara@example.org", "x@xn--bcher-kva.example"]
        {
            assert_eq!(Email::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(Email::parse("User@Domain.TLD"), Email::parse("user@domain.tld"));
        assert_eq!(Email::parse("User@Domain.TLD").unwrap().key(), "user@domain.tld");
    }

    #[test]
    fn what_could_be_two_things_is_refused() {
        let long = format!("a@{}.tld", "d".repeat(260));
        for text in [
            "",
            "user",
            "@domain.tld",
            "user@",
            "a b@domain.tld",
            "user@domain.tld\r\nBcc: x@y.z",
            "user@domain.tld\n",
            " user@domain.tld",
            "User <user@domain.tld>",
            " <user@domain.tld>",
            " <user@domain.tld> ",
            "user@[127.0.0.1]",
            "\"a b\"@domain.tld",
            "us\u{e9}r@domain.tld",
            "user@dom\u{430}in.tld",
            "user\0@domain.tld",
            "a@b@c.tld",
            "user@-domain.tld",
            "user@domain..tld",
            &long,
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }
}
