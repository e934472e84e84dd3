//! Certificates as they lie in files: what they say, and whether they belong together.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read, Result};
use std::net::IpAddr;
use std::path::Path;

use rcgen::{KeyPair, PublicKeyData};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;

use super::names::Name;
use crate::config::limits;
use crate::domain::UnixTime;

/// What a certificate says, as far as it matters here.
pub(super) struct Certificate {
    der: Vec<u8>,
    pub(super) is_authority: bool,
    pub(super) ends: UnixTime,
    pub(super) names: BTreeSet<Name>,
}

impl Certificate {
    /// Reads the first certificate of a file in PEM form (RFC 7468). Nothing if there is none.
    pub(super) fn parse(pem: &[u8]) -> Option<Self> {
        let pem = first(pem)?;
        let parsed = pem.parse_x509().ok()?;
        let ends = UnixTime(u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or(0));
        let (is_authority, names) = (parsed.is_ca(), names(&parsed));
        Some(Self { der: pem.contents, is_authority, ends, names })
    }

    /// Whether it is for this key.
    pub(super) fn is_of(&self, key: &KeyPair) -> bool {
        let parsed = x509_parser::parse_x509_certificate(&self.der);
        parsed.is_ok_and(|(_, parsed)| parsed.public_key().raw == key.subject_public_key_info())
    }

    /// Whether the authority of this PEM file has signed it.
    pub(super) fn is_signed_by(&self, authority: &[u8]) -> bool {
        let Some(authority) = first(authority) else { return false };
        let (Ok(authority), Ok((_, ours))) = (authority.parse_x509(), x509_parser::parse_x509_certificate(&self.der))
        else {
            return false;
        };
        ours.issuer() == authority.subject() && ours.verify_signature(Some(authority.public_key())).is_ok()
    }
}

fn first(pem: &[u8]) -> Option<Pem> {
    Pem::iter_from_buffer(pem).next()?.ok().filter(|pem| pem.label == "CERTIFICATE")
}

fn names(parsed: &X509Certificate<'_>) -> BTreeSet<Name> {
    let Ok(Some(extension)) = parsed.subject_alternative_name() else { return BTreeSet::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(Name::Host(name.to_ascii_lowercase())),
        GeneralName::IPAddress(bytes) => address(bytes).map(Name::Address),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(name).collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// A file's bytes; nothing if there is no such file.
pub(super) fn file(path: &Path) -> Result<Option<Vec<u8>>> {
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut bytes = vec![];
    file.take(limits::PEM_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// For people.
pub(super) fn date(time: UnixTime) -> String {
    let seconds = i64::try_from(time.0).unwrap_or(i64::MAX);
    time::OffsetDateTime::from_unix_timestamp(seconds).map_or_else(|_| "?".to_owned(), |time| time.date().to_string())
}
