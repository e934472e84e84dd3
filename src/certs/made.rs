//! Keys and certificates as rcgen makes them.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, SerialNumber,
};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::CertError;
use super::names::{Name, Names};
use super::read::Certificate;
use crate::config::limits;
use crate::domain::UnixTime;
use crate::vault;

pub(super) use rcgen::KeyPair;

/// The authority, with its key unless that was taken away.
pub(super) struct Signer {
    pub(super) pem: Vec<u8>,
    pub(super) certificate: Certificate,
    pub(super) key: Option<KeyPair>,
}

impl Signer {
    pub(super) const fn can_sign(&self) -> bool {
        self.key.is_some()
    }

    /// Whether what it signs now would have to be renewed soon.
    pub(super) fn ends_soon(&self, now: UnixTime) -> bool {
        self.certificate.ends <= now.plus(limits::CERTIFICATE_RENEWAL)
    }

    /// A certificate for a server with this key (RFC 5280), in PEM form.
    pub(super) fn sign(
        &self,
        key: &KeyPair,
        names: &Names,
        now: UnixTime,
        expires: UnixTime,
    ) -> Result<String, CertError> {
        let pem = String::from_utf8_lossy(&self.pem);
        let signer = self.key.as_ref().ok_or_else(|| CertError::Make("the authority's key is not here".to_owned()))?;
        let issuer = Issuer::from_ca_cert_pem(&pem, signer)?;
        let mut params = params("Cloud Python", now, expires)?;
        params.subject_alt_names = names.all().iter().map(alternative).collect::<Result<_, _>>()?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        Ok(params.signed_by(key, &issuer)?.pem())
    }
}

/// The certificate of an authority with this key, in PEM form. It vouches for servers and for no other authority.
pub(super) fn authority(key: &KeyPair, now: UnixTime) -> Result<String, CertError> {
    // The name follows from the key: two authorities can be told apart, and one that is signed again is still the same.
    let mark: String = Sha256::digest(key.der_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let mut params = params(&format!("Cloud Python authority {mark}"), now, now.plus(limits::AUTHORITY_LIFE))?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params.self_signed(key)?.pem())
}

/// A new key for ECDSA with P-256.
pub(super) fn new_key() -> Result<KeyPair, CertError> {
    Ok(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?)
}

/// A key in PEM form (PKCS #8); nothing if it is no such key.
pub(super) fn key(pem: &[u8]) -> Option<KeyPair> {
    KeyPair::from_pem_and_sign_algo(std::str::from_utf8(pem).ok()?, &PKCS_ECDSA_P256_SHA256).ok()
}

fn params(name: &str, now: UnixTime, expires: UnixTime) -> Result<CertificateParams, CertError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    // A client whose clock is a little late takes it, too.
    params.not_before = date(UnixTime(now.0.saturating_sub(limits::CERTIFICATE_BACKDATED.as_secs())))?;
    params.not_after = date(expires)?;
    params.serial_number = Some(serial()?);
    Ok(params)
}

/// 127 random bits: a certificate that is renewed for the same key is another one (RFC 5280, section 4.1.2.2).
fn serial() -> Result<SerialNumber, CertError> {
    let mut bytes: [u8; 16] = vault::random().map_err(|error| CertError::Make(error.to_string()))?;
    bytes[0] &= 0x7f;
    Ok(SerialNumber::from_slice(&bytes))
}

fn alternative(name: &Name) -> Result<SanType, CertError> {
    Ok(match name {
        Name::Host(name) => SanType::DnsName(name.as_str().try_into()?),
        Name::Address(address) => SanType::IpAddress(*address),
    })
}

fn date(time: UnixTime) -> Result<OffsetDateTime, CertError> {
    let seconds = i64::try_from(time.0).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|error| CertError::Make(error.to_string()))
}

impl From<rcgen::Error> for CertError {
    fn from(error: rcgen::Error) -> Self {
        Self::Make(error.to_string())
    }
}
