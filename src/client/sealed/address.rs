//! Where a sealed channel is.

use super::SealedError;
use crate::client::endpoint::{authority, read};

/// The port of an address without one (RFC 9110, section 4.2.1).
const HTTP_PORT: u16 = 80;

/// `http://NAME:PORT`. There is no other scheme, and nothing may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedUrl {
    host: String,
    port: u16,
}

impl SealedUrl {
    /// Takes `http://NAME`, `http://NAME:PORT`, and addresses (IPv6 in brackets) in place of the name.
    pub fn parse(text: &str) -> Result<Self, SealedError> {
        let read = read(text, "http", HTTP_PORT).map(|(host, port)| Self { host, port });
        read.ok_or_else(|| SealedError::Url(text.to_owned()))
    }

    /// The name or address, without brackets, and the TCP port.
    pub(super) fn place(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// As it stands in a request's `Host` (RFC 9110, section 7.2).
    pub(super) fn authority(&self) -> String {
        authority(&self.host, self.port, HTTP_PORT)
    }
}

impl std::fmt::Display for SealedUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}", self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_http_a_host_and_a_port() {
        for (text, same) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://Example.ORG/", "http://example.org"),
            ("http://[::1]:80", "http://[::1]"),
        ] {
            assert_eq!(SealedUrl::parse(text).unwrap().to_string(), same);
        }
        for text in ["https://example.org", "example.org:80", "http://a:b@c", "http://a/b", "http://a:0", ""] {
            assert!(matches!(SealedUrl::parse(text), Err(SealedError::Url(_))), "{text:?}");
        }
    }
}
