//! The private authority that vouches for the server, for operators who have no certificate of their own.
//!
//! Owns: four files of a folder, and when they are made anew; the only room that names rcgen. Not here: the listener that
//! uses them, and certificates that an operator brings.
//!
//! | file | mode | what |
//! |---|---|---|
//! | `ca-key.pem` | 0600 | the authority's key. It is needed for renewals only, so it may be kept elsewhere in between |
//! | `ca.pem` | 0644 | the authority's certificate, good for ten years: what every client is given |
//! | `server-key.pem` | 0600 | the server's key. A renewal keeps it; whoever wants a new one removes it first |
//! | `server.pem` | 0644 | the server's certificate, good for 397 days. The authority signs it directly, so it is the whole chain |
//!
//! A new certificate is for every name of the one before it, too: whoever renews it need not know what was asked for earlier, and no
//! client loses the name by which it reaches the server. Whoever wants a name gone removes `server.pem` first.
//!
//! # What a crash leaves
//!
//! Each file is put in its place whole, and each key before its certificate. A key that has no certificate yet is used for the
//! next one, and a renewal writes `server.pem` alone, so what lies in the folder fits together at every moment, also for a server
//! that reads it meanwhile. One case is left: a removed key was made anew and the machine stopped before its certificate
//! was. That is seen, and a certificate is made for the key that is there.
//!
//! Nothing that somebody else put here is overwritten: files that cannot be read or do not belong together end in a sentence that says
//! what to mend.
//!
//! # No name constraints
//!
//! The authority's certificate could say for which names it vouches (RFC 5280, section 4.2.1.10). Then a server that gets one more
//! name would need a new authority, and every client the new file. `ca.pem` is meant to be pinned by clients of this server, not
//! to be put among those a browser trusts for everything.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::config::limits;
use crate::disk;
use crate::domain::UnixTime;

mod made;
mod names;
mod read;

use made::Signer;
use names::Names;
use read::Certificate;

/// Something about the certificates that an operator has to mend.
#[derive(Debug, thiserror::Error)]
pub enum CertError {
    /// A file or the folder cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A name that no certificate can be made for.
    #[error(
        "{0:?} is not a host name or an address that a certificate can be made for (write it without port, path and *)"
    )]
    Name(String),
    /// The authority's certificate is not one.
    #[error(
        "{} is not a certificate of an authority: put back a copy (every client has one), or remove it, its key and server.pem \
         to begin anew, and give the new ca.pem to every client", .0.display()
    )]
    Authority(PathBuf),
    /// The authority's key is not one, or another one's.
    #[error("{} is not the key of the ca.pem beside it: put back the one that was made with it, or take it away", .0.display())]
    AuthorityKey(PathBuf),
    /// The authority's files are gone, and its certificates are still here.
    #[error(
        "{} is missing, though it has vouched for the server.pem beside it: put back a copy (every client has one), or remove \
         server.pem to begin anew, and give the new ca.pem to every client", .0.display()
    )]
    AuthorityMissing(PathBuf),
    /// The authority's time is over, or nearly.
    #[error(
        "{} ends on {ends}: remove it, its key and server.pem to begin anew, and give the new ca.pem to every client",
        path.display()
    )]
    AuthorityEnds {
        /// The authority's certificate.
        path: PathBuf,
        /// The date.
        ends: String,
    },
    /// A new certificate is needed, and what signs it was taken away.
    #[error("{why}, and {} is not here to sign a new one: put it back, run `cloud-python certs`, and take it away again", path.display())]
    AuthorityKeyMissing {
        /// Where it should be.
        path: PathBuf,
        /// What is wrong with the certificate that is there.
        why: String,
    },
    /// The server's certificate is not one.
    #[error("{} is not a certificate: remove it, and a new one is made", .0.display())]
    Server(PathBuf),
    /// The server's certificate is another authority's.
    #[error(
        "{} was not signed by the ca.pem beside it: if it is your own, keep it elsewhere and name it and its key in the \
         configuration; otherwise remove it, and a new one is made", .0.display()
    )]
    Foreign(PathBuf),
    /// The server's key is not one.
    #[error("{} is not a private key for ECDSA with P-256: remove it, and a new one is made", .0.display())]
    ServerKey(PathBuf),
    /// The library refuses to make a certificate.
    #[error("cannot make a certificate: {0}")]
    Make(String),
}

/// Where a server's certificate lies, in PEM form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCertificate {
    /// The certificate, which is the whole chain.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// What clients are given to check it.
    pub ca: PathBuf,
    /// The names and addresses it is for.
    pub names: Vec<String>,
    /// When it ends.
    pub expires: UnixTime,
}

/// The private authority in a folder. It keeps nothing in memory: an operator may move the key away, or back, at any time.
#[derive(Debug)]
pub struct Authority;

impl Authority {
    /// What the server starts with. Makes what is missing, and renews a certificate that ends within 30 days or is not for all of
    /// these names. Where that cannot be done (the authority's key was taken away, or its time is nearly over) a certificate is
    /// kept as long as it is good for every name. Blocks.
    ///
    /// `names` are host names and addresses by which clients reach the server, beside `localhost`, `127.0.0.1` and `::1`.
    pub fn open_or_make(
        folder: &Path,
        names: &[impl AsRef<str>],
        now: UnixTime,
    ) -> Result<ServerCertificate, CertError> {
        let place = Place::enter(folder)?;
        let (names, signer) = (Names::parse(names)?, place.authority(now)?);
        let served = place.served(&signer)?;
        let names = names.and_of(served.as_ref());
        match place.state(served.as_ref(), &names, now)? {
            State::Good(expires) => Ok(place.result(&names, expires)),
            State::Renewable(expires, _) if !signer.can_sign() || signer.ends_soon(now) => {
                Ok(place.result(&names, expires))
            }
            State::Renewable(_, why) | State::Useless(why) => place.issue(&signer, &names, now, &why),
        }
    }

    /// Makes a new certificate for the server, whether it needs one or not, by the authority that is there. Blocks.
    pub fn renew(folder: &Path, names: &[impl AsRef<str>], now: UnixTime) -> Result<ServerCertificate, CertError> {
        let place = Place::enter(folder)?;
        let (names, signer) = (Names::parse(names)?, place.authority(now)?);
        let names = names.and_of(place.served(&signer)?.as_ref());
        place.issue(&signer, &names, now, "a new certificate was asked for")
    }
}

/// How good the certificate is that is there.
enum State {
    /// Until then.
    Good(UnixTime),
    /// It serves, until then; but a new one would be better.
    Renewable(UnixTime, String),
    /// It is not there, or nobody would take it.
    Useless(String),
}

/// The folder, while nobody else changes it.
struct Place {
    folder: PathBuf,
    _turn: File,
}

impl Place {
    fn enter(folder: &Path) -> Result<Self, CertError> {
        let failed = |source| CertError::File { path: folder.to_owned(), source };
        disk::make_folder(folder).map_err(failed)?;
        let turn = File::open(folder).map_err(failed)?;
        // `certs` and `serve` may begin at the same time, and only one of two authorities could stay.
        turn.lock().map_err(failed)?;
        Ok(Self { folder: folder.to_owned(), _turn: turn })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn result(&self, names: &Names, expires: UnixTime) -> ServerCertificate {
        let [certificate, key, ca] = [SERVER, SERVER_KEY, CA].map(|name| self.path(name));
        ServerCertificate { certificate, key, ca, names: names.texts(), expires }
    }

    /// A file's bytes; nothing if it is not there.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, CertError> {
        read::file(&self.path(name)).map_err(|source| CertError::File { path: self.path(name), source })
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> Result<(), CertError> {
        let path = self.path(name);
        disk::put(&path, text.as_bytes(), mode).map_err(|source| CertError::File { path, source })
    }

    /// The authority, made if it has never been there.
    fn authority(&self, now: UnixTime) -> Result<Signer, CertError> {
        let (certificate, key) = (self.read(CA)?, self.read(CA_KEY)?);
        if certificate.is_none() && key.is_none() && self.read(SERVER)?.is_some() {
            return Err(CertError::AuthorityMissing(self.path(CA)));
        }
        let wrong_key = || CertError::AuthorityKey(self.path(CA_KEY));
        let key = match (key, &certificate) {
            (Some(pem), _) => Some(made::key(&pem).ok_or_else(wrong_key)?),
            (None, Some(_)) => None,
            (None, None) => Some(self.new_key(CA_KEY)?),
        };
        let certificate = match (certificate, &key) {
            (None, Some(key)) => self.new_authority(key, now)?,
            (pem, _) => pem.unwrap_or_default(),
        };
        let parsed = Certificate::parse(&certificate).filter(|certificate| certificate.is_authority);
        let parsed = parsed.ok_or_else(|| CertError::Authority(self.path(CA)))?;
        if key.as_ref().is_some_and(|key| !parsed.is_of(key)) {
            return Err(wrong_key());
        }
        Ok(Signer { pem: certificate, certificate: parsed, key })
    }

    fn new_key(&self, name: &str) -> Result<made::KeyPair, CertError> {
        let key = made::new_key()?;
        self.write(name, &key.serialize_pem(), 0o600)?;
        Ok(key)
    }

    fn new_authority(&self, key: &made::KeyPair, now: UnixTime) -> Result<Vec<u8>, CertError> {
        let pem = made::authority(key, now)?;
        self.write(CA, &pem, 0o644)?;
        Ok(pem.into_bytes())
    }

    /// The server's certificate that is there. One that somebody else made is an error, for it must not be overwritten.
    fn served(&self, signer: &Signer) -> Result<Option<Certificate>, CertError> {
        let Some(pem) = self.read(SERVER)? else { return Ok(None) };
        let certificate = Certificate::parse(&pem).ok_or_else(|| CertError::Server(self.path(SERVER)))?;
        match certificate.is_signed_by(&signer.pem) {
            true => Ok(Some(certificate)),
            false => Err(CertError::Foreign(self.path(SERVER))),
        }
    }

    fn state(&self, served: Option<&Certificate>, names: &Names, now: UnixTime) -> Result<State, CertError> {
        let Some(certificate) = served else { return Ok(State::Useless("there is no server.pem".to_owned())) };
        let ends = certificate.ends;
        let missing = names.missing_in(&certificate.names);
        Ok(match self.server_key()? {
            None => State::Useless("there is no server-key.pem".to_owned()),
            Some(key) if !certificate.is_of(&key) => State::Useless("server.pem is for another key".to_owned()),
            _ if ends <= now => State::Useless(format!("server.pem has ended on {}", read::date(ends))),
            _ if missing.is_some() => State::Useless(format!("server.pem is not for {}", missing.unwrap_or_default())),
            _ if now.plus(limits::CERTIFICATE_RENEWAL) >= ends => {
                State::Renewable(ends, format!("server.pem ends on {}", read::date(ends)))
            }
            _ => State::Good(ends),
        })
    }

    fn server_key(&self) -> Result<Option<made::KeyPair>, CertError> {
        let Some(pem) = self.read(SERVER_KEY)? else { return Ok(None) };
        made::key(&pem).map(Some).ok_or_else(|| CertError::ServerKey(self.path(SERVER_KEY)))
    }

    fn issue(&self, signer: &Signer, names: &Names, now: UnixTime, why: &str) -> Result<ServerCertificate, CertError> {
        let ends = signer.certificate.ends;
        if signer.ends_soon(now) {
            return Err(CertError::AuthorityEnds { path: self.path(CA), ends: read::date(ends) });
        }
        if !signer.can_sign() {
            return Err(CertError::AuthorityKeyMissing { path: self.path(CA_KEY), why: why.to_owned() });
        }
        let key = match self.server_key()? {
            Some(key) => key,
            None => self.new_key(SERVER_KEY)?,
        };
        let expires = ends.min(now.plus(limits::CERTIFICATE_LIFE));
        self.write(SERVER, &signer.sign(&key, names, now, expires)?, 0o644)?;
        Ok(self.result(names, expires))
    }
}

const CA: &str = "ca.pem";
const CA_KEY: &str = "ca-key.pem";
const SERVER: &str = "server.pem";
const SERVER_KEY: &str = "server-key.pem";

#[cfg(test)]
mod tests;
