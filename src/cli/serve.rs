//! `cloud-python serve`: the server, until it is told to end.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::steps::Steps;
use super::{FAILED, USAGE, complain};
use crate::clock::Clock;
use crate::config::{Config, ConfigError, MailConfig, limits};
use crate::sandbox::Settings;
use crate::server::{Server, ServerError, Start};
use crate::telemetry;

/// What can be typed after `cloud-python serve`.
#[derive(Debug, Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Arguments {
    /// The configuration (TOML); without one everything has its default
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where everything is kept
    #[arg(long, value_name = "DIR", default_value = "cloud-python-data")]
    data: PathBuf,
    /// Where the API listens; port 0 picks one
    #[arg(long, value_name = "ADDRESS:PORT")]
    https: Option<SocketAddr>,
    /// Where the sealed channel listens (plain HTTP; for clients that have no TLS to trust); port 0 picks one
    #[arg(long, value_name = "ADDRESS:PORT")]
    sealed: Option<SocketAddr>,
    /// Goes on where the kernel has no Landlock
    #[arg(long)]
    allow_weak_jail: bool,
}

#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
    #[error("cannot start threads: {0}")]
    Runtime(std::io::Error),
    #[error("cannot say on standard output that the server is ready: {0}")]
    Ready(std::io::Error),
}

/// Serves until SIGTERM or SIGINT, then lets requests in progress end. A second signal ends at once.
pub fn main(arguments: &Arguments) -> ExitCode {
    telemetry::init();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::from(if matches!(error, ServeError::Config(_)) { USAGE } else { FAILED })
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), ServeError> {
    let config = config(arguments)?;
    raise_descriptors();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ServeError::Runtime)?;
    runtime.block_on(serve(arguments, config))
}

/// Takes as many descriptors as the system gives: by default it begins with a thousand, for programs that use `select`. If it gives
/// no more, the listener keeps enough of them back for runs.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!("cannot raise the number of descriptors: {error}");
    }
}

fn config(arguments: &Arguments) -> Result<Config, ConfigError> {
    let mut config = arguments.config.as_deref().map_or_else(|| Ok(Config::default()), Config::read)?;
    config.listen = arguments.https.unwrap_or(config.listen);
    config.sealed = arguments.sealed.or(config.sealed);
    config.allow_weak_jail |= arguments.allow_weak_jail;
    Ok(config)
}

async fn serve(arguments: &Arguments, config: Config) -> Result<(), ServeError> {
    // Before anything is started: a signal that comes early is not lost.
    let mut signals = Signals::new().map_err(ServeError::Signals)?;
    let data = arguments.data.clone();
    let start = Start { data, config: config.clone(), clock: Clock::system(), sandbox: Settings::default() };
    let starting = Server::start(start, |line| eprintln!("cloud-python: {line}"));
    let server = tokio::select! {
        server = starting => server?,
        () = signals.next() => return Ok(()),
    };
    tell(arguments, &config, &server).await;
    ready(&server).map_err(ServeError::Ready)?;
    signals.next().await;
    eprintln!("cloud-python: ending; a second signal ends at once");
    tokio::select! {
        ended = server.shutdown(limits::DRAIN) => Ok(ended?),
        () = signals.next() => Ok(()),
    }
}

/// One line for programs, for each listener.
fn ready(server: &Server) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "https https://{}", server.address())?;
    if let Some(sealed) = server.sealed_address() {
        writeln!(out, "sealed http://{sealed}")?;
    }
    out.flush()
}

/// What holds scripts, and the next steps for people.
async fn tell(arguments: &Arguments, config: &Config, server: &Server) {
    let landlock = server.landlock().await;
    let jail =
        if landlock > 0 { format!("seccomp and Landlock {landlock}") } else { "seccomp, no Landlock".to_owned() };
    eprintln!("cloud-python: scripts are held by {jail}");
    if std::io::stderr().is_terminal() {
        eprintln!(
            "cloud-python: next steps, in another terminal in the same folder\n\n{}",
            steps(arguments, config, server)
        );
    }
}

fn steps(arguments: &Arguments, config: &Config, server: &Server) -> Steps {
    let data = arguments.data.clone();
    let program = std::env::args_os().next().and_then(|name| name.into_string().ok());
    let outbox = match &config.mail {
        MailConfig::Directory(directory) => Some(directory.clone().unwrap_or_else(|| data.join("outbox"))),
        MailConfig::Smtp(_) => None,
    };
    Steps {
        program: program.filter(|name| !name.is_empty()).unwrap_or_else(|| "cloud-python".to_owned()),
        url: config.url.clone().unwrap_or_else(|| format!("https://{}", server.address())),
        ca: config.certificate.is_none().then(|| data.join("ca.pem")),
        outbox,
        data,
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
