//! What an operator may set, and the numbers that bound everything else.
//!
//! Owns: [`Config`], which is valid by construction, and [`limits`]. Not here: anything that acts on a setting, and any
//! setting whose only good value is the default.

mod file;
pub mod limits;
mod mailbox;
mod parcels;

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::Email;
use file::File;
pub use mailbox::{MailboxConfig, MailboxRegistration};

pub use parcels::{ObjectsConfig, ParcelLimits, S3Config};

/// What the server is told. `Config::default()` is a working server on loopback.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the API listens; port 0 picks one.
    pub listen: SocketAddr,
    /// Where links in mails lead, without a slash at the end. By default the address that is listened on.
    pub url: Option<String>,
    /// Names and addresses in the server's own certificate, beside those of this machine.
    pub names: Vec<String>,
    /// The operator's own certificate and key (PEM), instead of one by the server's own authority.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Who the mails are from.
    pub mail_from: Email,
    /// Who is asked for approval.
    pub administrator: Option<Email>,
    /// How mails go out.
    pub mail: MailConfig,
    /// Memory of one password hash in KiB.
    pub argon2_memory_kib: u32,
    /// Passes of one password hash.
    pub argon2_passes: u32,
    /// How much may run.
    pub runs: RunLimits,
    /// How many live sessions there may be. None waits for a place, and their memory is that of runs.
    pub sessions: RunLimits,
    /// Bytes of output of a live session.
    pub session_output: u64,
    /// How often the client of a live session is asked whether it is still there. Not in the file: clients count on it.
    pub session_ping: Duration,
    /// How many parcels may be kept, and whose.
    pub parcels: ParcelLimits,
    /// Where their bytes are.
    pub objects: ObjectsConfig,
    /// Registrations an hour from one network.
    pub registrations_per_hour: NonZeroU32,
    /// Log-ins a minute from one network.
    pub logins_per_minute: NonZeroU32,
    /// Who may have a mailbox, and how much may be in one.
    pub mailbox: MailboxConfig,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one network.
    pub connections_per_network: usize,
    /// Where the sealed channel listens; port 0 picks one. Nothing means nowhere.
    pub sealed: Option<SocketAddr>,
    /// How long a session of the sealed channel may do nothing.
    pub sealed_idle: Duration,
    /// Bytes of the files in one workspace of the sealed channel.
    pub workspace_bytes: u64,
    /// Whether users of the sealed channel whose key's entry says so may run commands of the machine itself.
    pub host_commands: bool,
    /// Goes on where the kernel has no Landlock.
    pub allow_weak_jail: bool,
}

impl Default for Config {
    #[expect(clippy::expect_used, reason = "a test parses the empty file")]
    fn default() -> Self {
        Self::of(File::default()).expect("the defaults are within their own bounds")
    }
}

/// How mails go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailConfig {
    /// As files into a directory; nothing means `outbox` in the data directory.
    Directory(Option<PathBuf>),
    /// Through a mail server.
    Smtp(SmtpConfig),
}

/// A mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpConfig {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// A user name and the file that holds the password.
    pub login: Option<(String, PathBuf)>,
    /// A further certificate authority to trust (PEM).
    pub ca: Option<PathBuf>,
}

/// How what is said to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS from the first byte (RFC 8314). Port 465.
    Tls,
    /// TLS after STARTTLS (RFC 3207), and nothing without. Port 587.
    StartTls,
    /// Not at all. Only to a server on this machine. Port 25.
    Plain,
}

impl SmtpSecurity {
    /// The usual port.
    pub const fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::Plain => 25,
        }
    }
}

/// How much may run. A live session is a run, too, under limits of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct RunLimits {
    /// Runs at once, of all accounts.
    pub concurrent: usize,
    /// Runs that wait for a place.
    pub waiting: usize,
    /// How long one waits.
    pub wait: Duration,
    /// Runs at once of one account.
    pub concurrent_per_account: usize,
    /// Runs a minute of one account.
    pub per_minute: NonZeroU32,
    /// The longest wall-clock time of a run.
    pub timeout: Duration,
    /// Bytes of memory of a run.
    pub memory: usize,
}

/// A configuration that cannot be used. The text names the setting and says what it must be.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {0}: {1}")]
    Read(String, #[source] std::io::Error),
    /// The file is not TOML, or has a setting that does not exist or is of the wrong type.
    #[error("the configuration {0} is not valid: {1}")]
    Syntax(String, String),
    /// A setting is out of bounds.
    #[error("the setting {0} {1}")]
    Value(&'static str, String),
}

/// What is wrong, in which line, and of which key. The line itself is not shown, as the library would: it may hold a password.
fn syntax(shown: String, text: &str, error: &toml::de::Error) -> ConfigError {
    let place = error.span().and_then(|span| text.get(..span.start)).map_or_else(String::new, |before| {
        let key = before.rsplit('\n').next().and_then(|line| line.split_once('=')).map(|(key, _)| key.trim());
        let key = key.map_or_else(String::new, |key| format!("{key}: "));
        format!("line {}: {key}", before.matches('\n').count() + 1)
    });
    ConfigError::Syntax(shown, format!("{place}{}", error.message()))
}

impl Config {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Read(shown.clone(), error))?;
        let file = toml::from_str(&text).map_err(|error| syntax(shown, &text, &error))?;
        Self::of(file)
    }

    /// Reads the text of a file.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::of(toml::from_str(text).map_err(|error| syntax("text".to_owned(), text, &error))?)
    }

    fn of(file: File) -> Result<Self, ConfigError> {
        let listen = file.https.listen.as_deref().unwrap_or(limits::LISTEN);
        let certificate = match (file.https.certificate, file.https.key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(wrong("https.certificate", "needs https.key beside it, and the other way round")),
        };
        let memory_mib = file.passwords.memory_mib.unwrap_or(limits::ARGON2_MEMORY_KIB / 1024);
        let passes = file.passwords.passes.unwrap_or(limits::ARGON2_PASSES);
        Ok(Self {
            listen: listen
                .parse()
                .map_err(|_| wrong("https.listen", "must be ADDRESS:PORT, such as 127.0.0.1:12344"))?,
            url: file.https.url.map(url).transpose()?,
            names: file.https.names,
            certificate,
            mail_from: email("mail.from", file.mail.from.as_deref().unwrap_or("cloud-python@localhost"))?,
            administrator: file.mail.administrator.map(|text| email("mail.administrator", &text)).transpose()?,
            mail: mail(file.mail.directory, file.mail.smtp)?,
            argon2_memory_kib: within(
                "passwords.memory_mib",
                memory_mib,
                limits::ARGON2_MEMORY_KIB_MIN.div_ceil(1024),
                limits::ARGON2_MEMORY_KIB_MAX / 1024,
            )? * 1024,
            argon2_passes: within("passwords.passes", passes, limits::ARGON2_PASSES_MIN, 100)?,
            runs: runs(&file.runs)?,
            sessions: sessions(&file.sessions, &file.runs)?,
            session_output: session_output(&file.sessions)?,
            session_ping: limits::PING,
            parcels: parcels::parcels(&file.parcels)?,
            objects: parcels::objects(file.objects)?,
            registrations_per_hour: file.limits.registrations_per_hour.unwrap_or(limits::REGISTRATIONS_PER_HOUR),
            logins_per_minute: file.limits.logins_per_minute.unwrap_or(limits::LOGINS_PER_MINUTE),
            mailbox: file.mailbox.config()?,
            connections: within(
                "limits.connections",
                file.limits.connections.unwrap_or(limits::CONNECTIONS),
                1,
                100_000,
            )?,
            connections_per_network: within(
                "limits.connections_per_address",
                file.limits.connections_per_address.unwrap_or(limits::CONNECTIONS_PER_NETWORK),
                1,
                100_000,
            )?,
            sealed: file.sealed.listen.map(|text| sealed(&text)).transpose()?,
            sealed_idle: seconds(
                "sealed.session_seconds",
                file.sealed.session_seconds.unwrap_or(limits::SEALED_IDLE.as_secs_f64()),
                limits::SEALED_IDLE_MIN,
                limits::SEALED_IDLE_MAX,
            )?,
            workspace_bytes: within(
                "sealed.workspace_mib",
                file.sealed.workspace_mib.unwrap_or(limits::WORKSPACE_MIB),
                1,
                limits::WORKSPACE_MIB_MAX,
            )? << 20,
            host_commands: file.sealed.host_commands,
            allow_weak_jail: file.allow_weak_jail,
        })
    }
}

fn wrong(setting: &'static str, what: impl Into<String>) -> ConfigError {
    ConfigError::Value(setting, what.into())
}

fn within<T: PartialOrd + std::fmt::Display>(
    setting: &'static str,
    value: T,
    least: T,
    most: T,
) -> Result<T, ConfigError> {
    match value >= least && value <= most {
        true => Ok(value),
        false => Err(wrong(setting, format!("is {value}: it must be between {least} and {most}"))),
    }
}

fn email(setting: &'static str, text: &str) -> Result<Email, ConfigError> {
    Email::parse(text).map_err(|error| wrong(setting, format!("is {text:?}: {error}")))
}

fn seconds(setting: &'static str, value: f64, least: Duration, most: Duration) -> Result<Duration, ConfigError> {
    within(setting, value, least.as_secs_f64(), most.as_secs_f64()).map(Duration::from_secs_f64)
}

/// Links in mails are what people are asked to trust: they must be https and say where they lead.
fn url(text: String) -> Result<String, ConfigError> {
    let host = text.strip_prefix("https://").unwrap_or_default();
    let plain = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#@\\\"<>".contains(&byte));
    match plain {
        true => Ok(text),
        false => Err(wrong("https.url", format!("is {text:?}: it must be https://HOST or https://HOST:PORT"))),
    }
}

/// Any address will do: what is said there is encrypted and signed.
fn sealed(text: &str) -> Result<SocketAddr, ConfigError> {
    text.parse().map_err(|_| wrong("sealed.listen", "must be ADDRESS:PORT, such as 127.0.0.1:8080"))
}

fn mail(directory: Option<PathBuf>, smtp: Option<file::Smtp>) -> Result<MailConfig, ConfigError> {
    let Some(smtp) = smtp else { return Ok(MailConfig::Directory(directory)) };
    if directory.is_some() {
        return Err(wrong("mail.directory", "does not go with mail.smtp: take one of them away"));
    }
    let security = match smtp.security.as_deref() {
        Some("tls") => SmtpSecurity::Tls,
        Some("starttls") | None => SmtpSecurity::StartTls,
        Some("none") if is_here(&smtp.host) => SmtpSecurity::Plain,
        Some("none") => {
            return Err(wrong(
                "mail.smtp.security",
                "\"none\" is for a mail server on this machine only: use \"starttls\" or \"tls\"",
            ));
        }
        Some(other) => {
            return Err(wrong("mail.smtp.security", format!("is {other:?}: it must be \"tls\" or \"starttls\"")));
        }
    };
    let port = smtp.port.unwrap_or_else(|| security.port());
    let login = match (smtp.username, smtp.password_file) {
        (Some(username), Some(file)) => Some((username, file)),
        (None, None) => None,
        _ => {
            return Err(wrong(
                "mail.smtp.username",
                "needs mail.smtp.password_file beside it, and the other way round",
            ));
        }
    };
    Ok(MailConfig::Smtp(SmtpConfig { host: smtp.host, port, security, login, ca: smtp.ca }))
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn runs(file: &file::Runs) -> Result<RunLimits, ConfigError> {
    let memory = file.memory_mib.unwrap_or(limits::MEMORY >> 20);
    let (wait, timeout) = (file.wait_seconds, file.timeout_seconds);
    Ok(RunLimits {
        concurrent: within("runs.concurrent", file.concurrent.unwrap_or(limits::RUNS), 1, limits::CHILDREN)?,
        waiting: within("runs.waiting", file.waiting.unwrap_or(limits::RUNS_WAITING), 0, 10_000)?,
        wait: seconds(
            "runs.wait_seconds",
            wait.unwrap_or(limits::RUN_WAIT.as_secs_f64()),
            Duration::ZERO,
            limits::WALL_MAX,
        )?,
        concurrent_per_account: within(
            "runs.concurrent_per_account",
            file.concurrent_per_account.unwrap_or(limits::RUNS_PER_ACCOUNT),
            1,
            limits::CHILDREN,
        )?,
        per_minute: file.per_minute.unwrap_or(limits::RUNS_PER_MINUTE),
        timeout: seconds(
            "runs.timeout_seconds",
            timeout.unwrap_or(limits::EXECUTE_WALL.as_secs_f64()),
            limits::WALL_MIN,
            limits::WALL_MAX,
        )?,
        memory: within("runs.memory_mib", memory, limits::MEMORY_MIN >> 20, limits::MEMORY_MAX >> 20)? << 20,
    })
}

fn sessions(file: &file::Sessions, all: &file::Runs) -> Result<RunLimits, ConfigError> {
    let count =
        |setting, value: Option<usize>, default| within(setting, value.unwrap_or(default), 1, limits::SESSIONS_MAX);
    let timeout = file.timeout_seconds.unwrap_or(limits::SESSION_WALL.as_secs_f64());
    Ok(RunLimits {
        concurrent: count("sessions.concurrent", file.concurrent, limits::SESSIONS)?,
        waiting: 0,
        wait: limits::SESSION_RETRY,
        concurrent_per_account: count(
            "sessions.concurrent_per_account",
            file.concurrent_per_account,
            limits::SESSIONS_PER_ACCOUNT,
        )?,
        per_minute: file.per_minute.unwrap_or(limits::SESSIONS_PER_MINUTE),
        timeout: seconds("sessions.timeout_seconds", timeout, limits::WALL_MIN, limits::WALL_MAX)?,
        memory: runs(all)?.memory,
    })
}

fn session_output(file: &file::Sessions) -> Result<u64, ConfigError> {
    let most = limits::OUTPUT_MAX >> 20;
    within("sessions.output_mib", file.output_mib.unwrap_or(most), 1, most).map(|mib| mib << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_a_server_on_loopback() {
        let config = Config::parse("").unwrap();
        assert!(config.listen.ip().is_loopback());
        assert_eq!(config.mail, MailConfig::Directory(None));
        assert!(!config.allow_weak_jail && !config.host_commands);
        assert_eq!((config.sealed, config.sealed_idle), (None, Duration::from_secs(600)));
    }

    #[test]
    fn what_is_wrong_is_named_with_what_it_must_be() {
        let wrong = [
            ("colour = 1", "colour"),
            ("[https]\nlisten = \"localhost\"", "https.listen"),
            ("[https]\ncertificate = \"a.pem\"", "https.key"),
            ("[https]\nurl = \"http://example.org\"", "https.url"),
            ("[https]\nurl = \"https://example.org/\"", "https.url"),
            ("[mail]\nadministrator = \"me\"", "mail.administrator"),
            ("[mail]\ndirectory = \"a\"\n[mail.smtp]\nhost = \"localhost\"", "mail.directory"),
            ("[mail.smtp]\nhost = \"mail.example.org\"\nsecurity = \"none\"", "mail.smtp.security"),
            ("[mail.smtp]\nhost = \"mail.example.org\"\nsecurity = \"ssl\"", "mail.smtp.security"),
            ("[mail.smtp]\nhost = \"mail.example.org\"\nusername = \"me\"", "mail.smtp.password_file"),
            ("[passwords]\nmemory_mib = 1", "passwords.memory_mib is 1: it must be between 19 and 1024"),
            ("[passwords]\npasses = 0", "passwords.passes"),
            ("[runs]\nconcurrent = 0", "runs.concurrent"),
            ("[runs]\ntimeout_seconds = nan", "runs.timeout_seconds"),
            ("[runs]\nper_minute = 0", "per_minute"),
            ("[runs]\nmemory_mib = 63", "runs.memory_mib"),
            ("[sessions]\nconcurrent = 4097", "sessions.concurrent is 4097: it must be between 1 and 4096"),
            ("[sessions]\nconcurrent_per_account = 0", "sessions.concurrent_per_account"),
            ("[sessions]\ntimeout_seconds = 3601", "sessions.timeout_seconds"),
            ("[sessions]\nwaiting = 1", "waiting"),
            ("[sessions]\noutput_mib = 1025", "sessions.output_mib is 1025: it must be between 1 and 1024"),
            ("[limits]\nconnections = -1", "connections"),
            ("[sealed]\nlisten = \"8080\"", "sealed.listen"),
            ("[sealed]\nsession_seconds = 1", "sealed.session_seconds is 1: it must be between 10 and 86400"),
            ("[sealed]\nworkspace_mib = 0", "sealed.workspace_mib is 0: it must be between 1 and 1048576"),
        ];
        for (text, named) in wrong {
            let error = Config::parse(text).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    /// The library shows the line that it cannot read, and a service's journal is read by more people than its configuration.
    #[test]
    fn a_line_that_is_wrong_is_named_and_not_shown() {
        for line in ["pass word = \"hunter2\"", "password = \"hunter2\"", "password_file = \"hunter2"] {
            let error = Config::parse(&format!("[mail.smtp]\n{line}")).unwrap_err().to_string();
            assert!(error.contains("line 2: ") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_mail_server_is_spoken_to_under_protection_unless_it_is_here() {
        let smtp = |text: &str| match Config::parse(&format!("[mail.smtp]\n{text}")).unwrap().mail {
            MailConfig::Smtp(smtp) => (smtp.security, smtp.port),
            MailConfig::Directory(_) => panic!("not SMTP"),
        };
        assert_eq!(smtp("host = \"mail.example.org\""), (SmtpSecurity::StartTls, 587));
        assert_eq!(smtp("host = \"mail.example.org\"\nsecurity = \"tls\""), (SmtpSecurity::Tls, 465));
        assert_eq!(smtp("host = \"127.0.0.1\"\nsecurity = \"none\"\nport = 2525"), (SmtpSecurity::Plain, 2525));
    }
}
