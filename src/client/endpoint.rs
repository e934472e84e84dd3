//! Where the server is, and the CA that vouches for it.
//!
//! Owns: [`ServerUrl`] and [`CaFile`]; parsing is the only door to both. Not here: connecting.

use std::io::Read;
use std::path::Path;

use hyper::Uri;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{PemObject, SectionKind};

use super::ClientError;
use crate::config::limits;

/// The port of an address without one (RFC 9110, section 4.2.2).
const HTTPS_PORT: u16 = 443;

/// A server, and by which CA it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it is.
    pub url: ServerUrl,
    /// Who vouches for it.
    pub ca: CaFile,
}

/// `https://NAME:PORT`. There is no other scheme, and nothing may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl {
    host: String,
    port: u16,
}

impl ServerUrl {
    /// Takes `https://NAME`, `https://NAME:PORT`, and addresses (IPv6 in brackets) in place of the name.
    pub fn parse(text: &str) -> Result<Self, ClientError> {
        let read = read(text, "https", HTTPS_PORT).map(|(host, port)| Self { host, port });
        read.ok_or_else(|| ClientError::Url(text.to_owned()))
    }

    /// The name or address, without brackets: what the certificate must be for.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// As it stands in a request's `Host` (RFC 9110, section 7.2).
    pub(super) fn authority(&self) -> String {
        authority(&self.host, self.port, HTTPS_PORT)
    }
}

/// Host and port of an address with this scheme, whose port is `usual` if it names none.
pub(super) fn read(text: &str, scheme: &str, usual: u16) -> Option<(String, u16)> {
    // The parser drops what follows a '#'.
    let uri: Uri = (!text.contains('#')).then(|| text.parse().ok())??;
    let authority = uri.authority()?;
    let bare = uri.path() == "/" && uri.query().is_none() && uri.scheme_str() == Some(scheme);
    // Anything beside the host is a port that can be connected to: no user name, no port out of range.
    let port = match uri.port_u16() {
        Some(0) => return None,
        Some(port) => port,
        None if authority.as_str() == authority.host() => usual,
        None => return None,
    };
    let host = authority.host().to_ascii_lowercase();
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&host).to_owned();
    (bare && !host.is_empty() && !authority.as_str().contains('@')).then_some((host, port))
}

/// Host and port as they stand in an address whose port is `usual` if it names none.
pub(super) fn authority(host: &str, port: u16, usual: u16) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    if port == usual { host } else { format!("{host}:{port}") }
}

impl std::fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "https://{}", self.authority())
    }
}

/// The certificates of one PEM file: all that is trusted. The machine's own list of authorities is never looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaFile {
    pem: String,
    certificates: Vec<CertificateDer<'static>>,
}

impl CaFile {
    /// Reads a file of at most [`limits::CA_BYTES`].
    pub fn read(path: &Path) -> Result<Self, ClientError> {
        let unreadable = |error| ClientError::CaRead(path.to_owned(), error);
        let mut pem = vec![];
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(limits::CA_BYTES as u64 + 1).read_to_end(&mut pem).map_err(unreadable)?;
        Self::parse(pem).map_err(|why| ClientError::CaFile(path.to_owned(), why))
    }

    /// Takes certificates in PEM (RFC 7468) and nothing else: a private key would be copied along with them. The reason if it
    /// does not.
    pub fn parse(pem: Vec<u8>) -> Result<Self, &'static str> {
        if pem.len() > limits::CA_BYTES {
            return Err("it is too large");
        }
        let pem = String::from_utf8(pem).map_err(|_| "it is not text (a certificate in PEM is wanted)")?;
        let mut certificates = vec![];
        for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem.as_bytes()) {
            match section.map_err(|_| "it is not well-formed PEM")? {
                (SectionKind::Certificate, der) => certificates.push(CertificateDer::from(der)),
                _ => return Err("it holds something beside certificates: a private key must not leave the server"),
            }
        }
        match certificates.is_empty() {
            true => Err("it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"),
            false => Ok(Self { pem, certificates }),
        }
    }

    /// As it was read.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// What is in it.
    pub(super) fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_a_port() {
        let shown = |text: &str| ServerUrl::parse(text).map(|url| url.to_string()).ok();
        for (text, same) in [
            ("https://127.0.0.1:12344", "https://127.0.0.1:12344"),
            ("https://Example.ORG/", "https://example.org"),
            ("https://example.org:443", "https://example.org"),
            ("HTTPS://example.org", "https://example.org"),
            ("https://[::1]:12344", "https://[::1]:12344"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(same), "{text}");
        }
        assert_eq!(ServerUrl::parse("https://[::1]:1").unwrap().host(), "::1");
    }

    #[test]
    fn nothing_else_is_one() {
        for text in [
            "",
            "example.org",
            "http://example.org",
            "https://",
            "https:///",
            "https://example.org/path",
            "https://example.org/?a=b",
            "https://example.org#f",
            "https://user@example.org",
            "https://user:password@example.org:1",
            "https://example.org:0",
            "https://example.org:99999",
            "https://example.org:",
            "https://exa mple.org",
            "https://example.org\r\nX: y",
            "ftp://example.org",
            "unix:/socket",
        ] {
            assert!(ServerUrl::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_ca_file_holds_certificates_and_nothing_else() {
        let block = |kind: &str| format!("-----BEGIN {kind}-----\nAAEC\n-----END {kind}-----\n");
        let parse = |text: &str| CaFile::parse(text.as_bytes().to_vec());
        let two = format!("a comment\n{}{}", block("CERTIFICATE"), block("CERTIFICATE"));
        assert_eq!(parse(&two).unwrap().certificates().len(), 2);
        assert_eq!(parse(&two).unwrap().pem(), two);
        for wrong in [
            String::new(),
            "hello".to_owned(),
            block("PRIVATE KEY"),
            block("CERTIFICATE") + &block("EC PRIVATE KEY"),
            "-----BEGIN CERTIFICATE-----\nAAEC\n".to_owned(),
            "#".repeat(limits::CA_BYTES + 1),
        ] {
            assert!(parse(&wrong).is_err(), "{wrong:.60}");
        }
    }
}
