//! How a mail server is reached, and by what it is recognised.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, DnsName, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::MailError;
use super::dialogue::Dialogue;
use super::letter::Parcel;
use super::transport::Failure;
use crate::config::{SmtpSecurity as Security, limits};

/// What an operator says about the mail server.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Its name or address, which its certificate must be for.
    pub host: String,
    /// Its port, if it is not the usual one.
    pub port: Option<u16>,
    /// How what is said is protected.
    pub security: Security,
    /// The user name, if it wants one.
    pub user: Option<String>,
    /// The file that holds the password and nothing else.
    pub password_file: Option<PathBuf>,
    /// Who vouches for the server (PEM). Then nobody else does; otherwise those whom this machine trusts.
    pub ca_file: Option<PathBuf>,
    /// By which name we introduce ourselves; otherwise by our address.
    pub hello: Option<String>,
    /// How long a letter may take, [`limits::SMTP_SESSION`] unless the server is a slow one.
    pub patience: Duration,
}

/// A mail server, and how to talk to it.
#[derive(Clone)]
pub struct Smtp {
    host: String,
    port: u16,
    login: Option<Credentials>,
    protection: Protection,
    hello: Option<ClientId>,
    patience: Duration,
}

#[derive(Clone)]
enum Protection {
    Tls(TlsConnector, ServerName<'static>),
    StartTls(TlsConnector, ServerName<'static>),
    Plain,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Smtp({}:{})", self.host, self.port)
    }
}

impl Smtp {
    /// Reads the files and checks that the settings fit together. The server is not asked. Blocks.
    pub fn new(settings: &SmtpSettings) -> Result<Self, MailError> {
        let SmtpSettings { host, port, security, patience, .. } = settings;
        let protection = match security {
            Security::Plain if !is_here(host) => {
                return Err(setting("mail without TLS goes to a server on this machine only: write tls or starttls"));
            }
            Security::Plain => Protection::Plain,
            Security::Tls => Protection::Tls(connector(settings)?, server_name(host)?),
            Security::StartTls => Protection::StartTls(connector(settings)?, server_name(host)?),
        };
        let hello = settings.hello.as_deref().map(client_id).transpose()?;
        let (login, port) = (login(settings)?, port.unwrap_or(security.port()));
        Ok(Self { host: host.clone(), port, login, protection, hello, patience: *patience })
    }

    pub(super) async fn send(&self, parcel: &Parcel) -> Result<(), Failure> {
        tokio::time::timeout(self.patience, self.session(parcel)).await.unwrap_or(Err(Failure::TooSlow))
    }

    async fn session(&self, parcel: &Parcel) -> Result<(), Failure> {
        let tcp = self.connect().await.map_err(Failure::Unreachable)?;
        let hello = self.hello.clone().unwrap_or_else(|| address_literal(tcp.local_addr().ok()));
        let login = self.login.as_ref();
        match &self.protection {
            Protection::Plain => {
                let mut dialogue = Dialogue::new(tcp);
                dialogue.greeting().await?;
                dialogue.deliver(&hello, login, parcel).await
            }
            Protection::Tls(connector, name) => {
                let mut dialogue = Dialogue::new(protect(tcp, connector, name).await?);
                dialogue.greeting().await?;
                dialogue.deliver(&hello, login, parcel).await
            }
            Protection::StartTls(connector, name) => {
                let mut dialogue = Dialogue::new(tcp);
                dialogue.greeting().await?;
                let tcp = dialogue.start_tls(&hello).await?;
                Dialogue::new(protect(tcp, connector, name).await?).deliver(&hello, login, parcel).await
            }
        }
    }

    /// Tries the host's addresses in turn.
    async fn connect(&self) -> std::io::Result<TcpStream> {
        let mut last = std::io::Error::other("its name has no address");
        for address in tokio::net::lookup_host((self.host.as_str(), self.port)).await? {
            // Whatever the resolver says, what is not protected does not leave this machine.
            if matches!(self.protection, Protection::Plain) && !address.ip().is_loopback() {
                continue;
            }
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

async fn protect(
    tcp: TcpStream,
    connector: &TlsConnector,
    name: &ServerName<'static>,
) -> Result<TlsStream<TcpStream>, Failure> {
    connector.connect(name.clone(), tcp).await.map_err(Failure::Untrusted)
}

fn is_here(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn server_name(host: &str) -> Result<ServerName<'static>, MailError> {
    let name = ServerName::try_from(host.to_owned());
    name.map_err(|_| setting(format!("{host:?} is not the name or the address of a mail server")))
}

/// TLS 1.3, or 1.2 where a mail server has nothing better.
fn connector(settings: &SmtpSettings) -> Result<TlsConnector, MailError> {
    let roots = match &settings.ca_file {
        Some(path) => authorities_of_file(path)?,
        None => authorities_of_machine()?,
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| setting(format!("TLS cannot be set up: {error}")))?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}

fn authorities_of_file(path: &Path) -> Result<RootCertStore, MailError> {
    let failed = |why: &dyn std::fmt::Display| {
        setting(format!("{} does not hold the certificates of mail authorities: {why}", path.display()))
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(&error))? {
        roots.add(certificate.map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
    }
    if roots.is_empty() { Err(failed(&"there is none in it")) } else { Ok(roots) }
}

fn authorities_of_machine() -> Result<RootCertStore, MailError> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 {
        return Err(setting(
            "this machine trusts no certificate authority: install the package ca-certificates, or name the mail server's in a ca_file",
        ));
    }
    Ok(roots)
}

fn login(settings: &SmtpSettings) -> Result<Option<Credentials>, MailError> {
    match (&settings.user, &settings.password_file) {
        (None, None) => Ok(None),
        (Some(user), Some(path)) => {
            let failed = |why: &dyn std::fmt::Display| {
                setting(format!("cannot read the mail password in {}: {why}", path.display()))
            };
            let password = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
            let password = password.strip_suffix('\n').unwrap_or(&password);
            let password = password.strip_suffix('\r').unwrap_or(password);
            if password.is_empty() || password.len() > limits::PASSWORD_BYTES || password.contains(char::is_control) {
                return Err(failed(&"it is not one line of text"));
            }
            Ok(Some(Credentials::new(user.clone(), password.to_owned())))
        }
        _ => Err(setting("a user name for the mail server needs a password_file, and the other way round")),
    }
}

fn client_id(name: &str) -> Result<ClientId, MailError> {
    match DnsName::try_from(name) {
        Ok(_) => Ok(ClientId::Domain(name.to_owned())),
        Err(_) => {
            Err(setting(format!("{name:?} is not a host name by which to introduce ourselves to the mail server")))
        }
    }
}

/// How a machine introduces itself that has no name (RFC 5321, section 4.1.4).
fn address_literal(address: Option<SocketAddr>) -> ClientId {
    match address.map(|address| address.ip().to_canonical()) {
        Some(IpAddr::V6(address)) => ClientId::Ipv6(address),
        Some(IpAddr::V4(address)) => ClientId::Ipv4(address),
        None => ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST),
    }
}

fn setting(text: impl Into<String>) -> MailError {
    MailError::Setting(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str, security: Security) -> SmtpSettings {
        SmtpSettings {
            host: host.to_owned(),
            port: None,
            security,
            user: None,
            password_file: None,
            ca_file: None,
            hello: None,
            patience: limits::SMTP_SESSION,
        }
    }

    fn complaint(settings: &SmtpSettings) -> String {
        Smtp::new(settings).unwrap_err().to_string()
    }

    #[test]
    fn nothing_goes_to_another_machine_in_the_clear() {
        for host in ["mail.example", "192.0.2.1", "localhost.example", "127.0.0.1.example", "0.0.0.0", "::"] {
            assert!(complaint(&settings(host, Security::Plain)).contains("on this machine only"), "{host}");
        }
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1"] {
            assert_eq!(Smtp::new(&settings(host, Security::Plain)).unwrap().port, 25);
        }
    }

    #[test]
    fn settings_that_do_not_work_say_why_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
            Some(folder.path().join(name))
        };
        let plain = settings("localhost", Security::Plain);
        let tls = settings("localhost", Security::Tls);
        let user = Some("user".to_owned());
        let cases = [
            (SmtpSettings { user: user.clone(), ..plain.clone() }, "needs a password_file"),
            (SmtpSettings { password_file: file("p", "x"), ..plain.clone() }, "needs a password_file"),
            (
                SmtpSettings { user: user.clone(), password_file: Some("/nowhere".into()), ..plain.clone() },
                "/nowhere: ",
            ),
            (SmtpSettings { user: user.clone(), password_file: file("e", "\n"), ..plain.clone() }, "not one line"),
            (SmtpSettings { user: user.clone(), password_file: file("t", "a\nb\n"), ..plain.clone() }, "not one line"),
            (SmtpSettings { hello: Some("a b".to_owned()), ..plain.clone() }, "not a host name"),
            (SmtpSettings { hello: Some("a\r\nRSET".to_owned()), ..plain.clone() }, "not a host name"),
            (SmtpSettings { ca_file: Some("/nowhere".into()), ..tls.clone() }, "/nowhere does not hold"),
            (SmtpSettings { ca_file: file("c", "nonsense"), ..tls.clone() }, "there is none in it"),
            (SmtpSettings { host: "a b".to_owned(), ca_file: None, ..tls }, "not the name or the address"),
        ];
        for (settings, expected) in cases {
            // A machine without a list of authorities complains of that first.
            let said = complaint(&settings);
            assert!(said.contains(expected) || said.contains("ca-certificates"), "{said}");
        }
        let fine = SmtpSettings { user, password_file: file("f", "p\u{e4}ss word\r\n"), ..plain };
        let login = Smtp::new(&fine).unwrap().login.unwrap();
        assert!(login == Credentials::new("user".to_owned(), "p\u{e4}ss word".to_owned()));
    }

    #[test]
    fn a_machine_without_a_name_gives_its_address() {
        let literal = |text: &str| address_literal(Some(text.parse().unwrap())).to_string();
        assert_eq!(literal("192.0.2.1:1"), "[192.0.2.1]");
        assert_eq!(literal("[::ffff:192.0.2.1]:1"), "[192.0.2.1]");
        assert_eq!(literal("[2001:db8::1]:1"), "[IPv6:2001:db8::1]");
    }
}
