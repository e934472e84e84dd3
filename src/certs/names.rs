//! The names that a certificate is for.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustls::pki_types::DnsName;

use super::CertError;
use super::read::Certificate;

/// A host name in lower case, or an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    Host(String),
    Address(IpAddr),
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// What an operator asked for, and the names of the machine itself.
#[derive(Debug)]
pub(super) struct Names(BTreeSet<Name>);

impl Names {
    pub(super) fn parse(texts: &[impl AsRef<str>]) -> Result<Self, CertError> {
        let mut names = BTreeSet::from([
            Name::Host("localhost".to_owned()),
            Name::Address(Ipv4Addr::LOCALHOST.into()),
            Name::Address(Ipv6Addr::LOCALHOST.into()),
        ]);
        for text in texts.iter().map(AsRef::as_ref) {
            names.insert(parse(text).ok_or_else(|| CertError::Name(text.to_owned()))?);
        }
        Ok(Self(names))
    }

    /// These and those of a certificate.
    pub(super) fn and_of(mut self, certificate: Option<&Certificate>) -> Self {
        self.0.extend(certificate.into_iter().flat_map(|certificate| certificate.names.iter().cloned()));
        self
    }

    pub(super) const fn all(&self) -> &BTreeSet<Name> {
        &self.0
    }

    pub(super) fn texts(&self) -> Vec<String> {
        self.0.iter().map(Name::to_string).collect()
    }

    /// The first of ours that is not among these.
    pub(super) fn missing_in(&self, others: &BTreeSet<Name>) -> Option<String> {
        self.0.difference(others).next().map(Name::to_string)
    }
}

fn parse(text: &str) -> Option<Name> {
    if let Ok(address) = text.parse() {
        return Some(Name::Address(address));
    }
    // A last label of digits would be taken for an address by some clients and for a name by others.
    let last = text.rsplit('.').next()?;
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    DnsName::try_from(text).ok().map(|name| Name::Host(name.as_ref().to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            "*.example.org",
            "a b",
            "example.org:443",
            "https://example.org",
            "1.2.3",
            "b\u{fc}cher.example",
            "x\n",
        ] {
            assert!(matches!(Names::parse(&[text]), Err(CertError::Name(name)) if name == text), "{text:?}");
        }
    }

    #[test]
    fn names_are_compared_without_regard_to_case_and_order() {
        let names = Names::parse(&["B.example", "192.0.2.1", "a.example"]).unwrap();
        let others = Names::parse(&["a.EXAMPLE", "b.example", "192.0.2.1", "localhost"]).unwrap();
        assert_eq!(names.all(), others.all());
        assert_eq!(names.missing_in(Names::parse(&["a.example", "192.0.2.1"]).unwrap().all()).unwrap(), "b.example");
    }
}
