//! TLS 1.3 and the certificate that it is spoken with (RFC 8446).
//!
//! Owns: what is offered in a handshake, and noticing that the certificate's files have been renewed. Key exchange prefers
//! X25519MLKEM768: what is recorded today cannot be read by a quantum computer later. There is no resumption (no tickets, no
//! stored sessions), so that no key outlives its connection, and no early data, which could be replayed; a full handshake costs
//! about a millisecond. Not here: making certificates.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;

use super::HttpError;

/// Protocols by preference (RFC 7301).
pub(super) const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// A certificate with its key, from two files that may be renewed at any time.
#[derive(Debug)]
pub(super) struct Certificates {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<ServerConfig>>,
    /// What the files were when they were last read, whether or not that went well.
    seen: Mutex<Stamps>,
}

/// What tells the two files from what they were: a renewed file has another inode, or at least another time or size.
#[derive(Debug, PartialEq, Eq)]
struct Stamps([Option<Stamp>; 2]);

#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Certificates {
    /// Reads both files, in PEM.
    pub(super) fn open(certificate: PathBuf, key: PathBuf) -> Result<Self, HttpError> {
        // Before reading: if they change meanwhile, they are read again.
        let seen = Mutex::new(Stamps::of(&certificate, &key));
        let current = RwLock::new(Arc::new(config(&certificate, &key)?));
        Ok(Self { certificate, key, current, seen })
    }

    /// What to speak with the next connection: the renewed pair if there is one, else the one before. Two looks at the file
    /// system; that the pair is read by a task that others wait behind happens once in its life.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        // Somebody else is reading already: this connection goes on with what there is.
        if let Ok(mut seen) = self.seen.try_lock() {
            let now = Stamps::of(&self.certificate, &self.key);
            if *seen != now {
                *seen = now;
                self.read_again();
            }
        }
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A pair that is broken, perhaps because its second file has not been written yet, changes nothing.
    fn read_again(&self) {
        match config(&self.certificate, &self.key) {
            Ok(config) => *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config),
            Err(error) => {
                crate::telemetry::warn_sparingly!("the renewed certificate is not used, the old one stays: {error}");
            }
        }
    }
}

impl Stamps {
    fn of(certificate: &Path, key: &Path) -> Self {
        Self([certificate, key].map(|path| std::fs::metadata(path).ok().map(|found| Stamp::of(&found))))
    }
}

impl Stamp {
    fn of(found: &std::fs::Metadata) -> Self {
        Self { inode: found.ino(), size: found.size(), changed: (found.mtime(), found.mtime_nsec()) }
    }
}

fn config(certificate: &Path, key: &Path) -> Result<ServerConfig, HttpError> {
    let unreadable =
        |path: &Path, why: &dyn std::fmt::Display| HttpError::Certificate(path.to_owned(), why.to_string());
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unreadable(certificate, &error))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_protocol_versions(&[&rustls::version::TLS13]).map_err(HttpError::Tls)?;
    let mut config = builder
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| unreadable(certificate, &error))?;
    config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}
