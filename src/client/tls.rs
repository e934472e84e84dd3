//! The secure connection: TLS 1.3 and nothing older, one CA file and nobody else.
//!
//! Owns: the settings of rustls, and what its errors mean for a person. Not here: HTTP.

use std::io;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, RootCertStore};
use tokio_rustls::TlsConnector;

use super::{CaFile, ClientError, ServerUrl, terminal};

/// Connects to servers that this CA vouches for. The name in the certificate is checked by rustls, always.
pub(super) fn connector(ca: &CaFile) -> Result<TlsConnector, ClientError> {
    let mut roots = RootCertStore::empty();
    for certificate in ca.certificates() {
        roots.add(certificate.clone()).map_err(|error| ClientError::CaCertificate(error.to_string()))?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_protocol_versions(&[&rustls::version::TLS13]);
    let builder = builder.map_err(|error| ClientError::CaCertificate(error.to_string()))?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // One connection is all there will be.
    config.resumption = Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// What a failed handshake means.
pub(super) fn explain(url: &ServerUrl, error: &io::Error) -> ClientError {
    let url = url.clone();
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(wrong)) => certificate(url, wrong),
        Some(Error::InvalidMessage(_)) => ClientError::NoTls(url),
        Some(Error::PeerIncompatible(_) | Error::AlertReceived(AlertDescription::ProtocolVersion)) => {
            ClientError::OldTls(url)
        }
        // Some of the texts carry names that the certificate brought along.
        Some(other) => ClientError::Tls(url, terminal::sentence(&other.to_string())),
        None if error.kind() == io::ErrorKind::UnexpectedEof => ClientError::NoTls(url),
        None => ClientError::Tls(url, terminal::sentence(&error.to_string())),
    }
}

fn certificate(url: ServerUrl, wrong: &CertificateError) -> ClientError {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
        NotValidYetContext, UnknownIssuer,
    };
    match wrong {
        // A CA of the same name with another key is another CA.
        UnknownIssuer | BadSignature => ClientError::UnknownCa(url),
        Expired | ExpiredContext { .. } => ClientError::Expired(url),
        NotValidYet | NotValidYetContext { .. } => ClientError::NotYetValid(url),
        NotValidForName | NotValidForNameContext { .. } => ClientError::WrongName(url),
        other => ClientError::Certificate(url, terminal::sentence(&other.to_string())),
    }
}
