//! The composition root: a [`Config`] and a directory become rooms that know each other. The only file that knows all of them.
//!
//! Owns: the order in which things start and end. Not here: anything that any of them does.

mod chores;

use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::app::{App, Rooms, Settings, Versions, keys};
use crate::auth::{Auth, AuthError, Cost, Permits, Rates};
use crate::certs::{Authority, CertError};
use crate::clock::Clock;
use crate::config::{Config, MailConfig, ObjectsConfig, limits};
use crate::domain::{AccountId, Actor, Budget, Error, Event, JobError, JobSpec, KeyAction, Outcome, Script};
use crate::door::accept::descriptors;
use crate::http::{self, AdminSocket, HttpError, Listener};
use crate::keys::{OwnKeyError, PrivateKey};
use crate::mail::{MailError, Outbox, Smtp, SmtpSettings, Transport};
use crate::objects::{ObjectError, Objects};
use crate::sandbox::{self, Meter, Sandbox, SandboxError, Source, WASMTIME_VERSION, cache_folder};
use crate::sealed::SealedListener;
use crate::store::{Store, StoreError};
use crate::vault::{Vault, VaultError};
use crate::workspace::{Quota, WorkspaceError, Workspaces};

use chores::{OwnCertificate, keep_objects_tidy, keep_tidy};

/// The server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The data directory cannot be used.
    #[error("the data directory {0} {1}")]
    Data(String, String),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// Links in mails would lead nowhere.
    #[error(
        "the setting https.url is missing: {0} is no address that people can open, so say where links in mails lead, such as \
         https://python.example.org"
    )]
    Url(SocketAddr),
    /// The server's own certificate cannot be made or used.
    #[error(transparent)]
    Certificate(#[from] CertError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key of the database cannot be used.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The sandbox does not start.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// Mails cannot be sent as configured.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The users' files cannot be used.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// A listener does not start.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The key of the sealed channel cannot be used.
    #[error(transparent)]
    Key(#[from] OwnKeyError),
    /// What the operator wants done about keys cannot be done.
    #[error("{0}")]
    Refused(String),
    /// Passwords or secrets cannot be worked with.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// Parcels have no place.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// The interpreter does not say its version, so it would not run anybody's script either.
    #[error("the runtime image does not work: {0}")]
    Image(String),
}

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    app: App,
    store: Store,
    clock: Clock,
    sandbox: Sandbox,
    listener: Listener,
    sealed: Option<(SocketAddr, SealedListener)>,
    admin: AdminSocket,
    chores: Vec<JoinHandle<()>>,
}

/// What a start needs beside the configuration.
#[derive(Clone, Debug)]
pub struct Start {
    /// The data directory; made (mode 0700) if it is not there.
    pub data: PathBuf,
    /// What an operator has set.
    pub config: Config,
    /// What time it is.
    pub clock: Clock,
    /// How the sandbox is set up; `allow_weak_jail` and `children` are taken from the configuration.
    pub sandbox: sandbox::Settings,
}

impl Server {
    /// Starts everything; the listeners take connections when this returns. `progress` is told what takes long.
    pub async fn start(start: Start, progress: impl Fn(&str)) -> Result<Self, ServerError> {
        let Start { data, config, clock, sandbox } = start;
        make_private(&data)?;
        let (store, vault) = open_store(&data)?;
        let workspaces = Workspaces::open(data.join("workspaces"), Quota::of_bytes(config.workspace_bytes)).await?;
        let image = cache_folder().and_then(|cache| Source::find(&cache)).map_err(SandboxError::from)?;
        let prepared = image.prepare(Meter::default(), progress).map_err(SandboxError::from)?;
        let children = children(&config);
        let settings = sandbox::Settings { allow_weak_jail: config.allow_weak_jail, children, ..sandbox };
        let sandbox = Sandbox::start(settings, prepared).await?;
        let python = python_version(&sandbox).await?;

        let socket =
            TcpListener::bind(config.listen).await.map_err(|error| ServerError::Listen(config.listen, error))?;
        let address = socket.local_addr().map_err(|error| ServerError::Listen(config.listen, error))?;
        let url = match &config.url {
            Some(url) => url.clone(),
            None if address.ip().is_unspecified() => return Err(ServerError::Url(address)),
            None => format!("https://{address}"),
        };
        let sealed = match config.sealed {
            Some(wanted) => Some(bind_sealed(wanted, &data).await?),
            None => None,
        };
        let names = names(&config, &url, address);
        let (certificate, key) = match &config.certificate {
            Some(own) => own.clone(),
            None => {
                let made = Authority::open_or_make(&data, &names, clock.now())?;
                (made.certificate, made.key)
            }
        };

        let outbox = Outbox::new(
            store.clone(),
            vault.clone(),
            clock.clone(),
            transport(&data, &config)?,
            config.mail_from.clone(),
        );
        let cost = Cost { memory_kib: config.argon2_memory_kib, passes: config.argon2_passes };
        let rates = Rates {
            registrations_per_hour: config.registrations_per_hour,
            logins_per_minute: config.logins_per_minute,
            mailboxes_per_hour: config.mailbox.registrations_per_hour,
            mailbox_logins_per_minute: config.mailbox.logins_per_minute,
        };
        let permits = Permits::open(&store, &vault).await?;
        let (strangers, instance) = (config.mailbox.registration, permits.instance());
        let auth = Auth::new(store.clone(), vault.clone(), clock.clone(), cost, rates, strangers, permits)?;
        let rooms = Rooms {
            store: store.clone(),
            vault,
            auth,
            outbox: outbox.clone(),
            objects: objects(&data, &config.objects, &instance).await?,
            sandbox: sandbox.clone(),
            workspaces,
            clock: clock.clone(),
        };
        let versions = Versions {
            server: env!("CARGO_PKG_VERSION"),
            python,
            wasmtime: WASMTIME_VERSION,
            image: image.sha256().to_owned(),
        };
        let settings = Settings {
            url,
            administrator: config.administrator.clone(),
            runs: config.runs.clone(),
            sessions: config.sessions.clone(),
            mailbox: config.mailbox.clone(),
            parcels: config.parcels.clone(),
            host_commands: config.host_commands,
            versions,
        };
        let app = App::new(rooms, settings);
        note(&store, &clock, Event::Started).await?;

        let admin = AdminSocket::bind(&data.join("admin.sock"), app.clone()).await?;
        let listener = Listener::start(socket, certificate, key, door(&config)?, app.clone())?;
        let sealed = match sealed {
            Some((socket, address, key)) => {
                let (app, clock) = (app.clone(), clock.clone());
                let listener = SealedListener::start(socket, door(&config)?, app, key, clock, config.sealed_idle);
                Some((address, listener))
            }
            None => None,
        };
        let own = config.certificate.is_none().then_some(OwnCertificate { data, names });
        let tidy = tokio::spawn(keep_tidy(app.clone(), clock.clone(), own));
        let chores = vec![tokio::spawn(outbox.run()), tidy, tokio::spawn(keep_objects_tidy(app.clone()))];
        Ok(Self { address, app, store, clock, sandbox, listener, sealed, admin, chores })
    }

    /// Where the API listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the sealed channel listens, if it does.
    pub fn sealed_address(&self) -> Option<SocketAddr> {
        self.sealed.as_ref().map(|(address, _)| *address)
    }

    /// The version of Landlock's interface that holds the children; 0 means none.
    pub async fn landlock(&self) -> u8 {
        self.sandbox.landlock_abi().await.unwrap_or(0)
    }

    /// Takes no further connection, lets requests in progress end for at most `grace`, then ends everything.
    pub async fn shutdown(self, grace: Duration) -> Result<(), ServerError> {
        self.app.drain();
        let sealed = async {
            if let Some((_, sealed)) = self.sealed {
                sealed.shutdown(grace).await;
            }
        };
        tokio::join!(self.listener.shutdown(grace), sealed);
        self.admin.shutdown().await;
        self.chores.iter().for_each(JoinHandle::abort);
        self.sandbox.shutdown().await;
        note(&self.store, &self.clock, Event::Stopped).await
    }
}

/// Looks at or changes who may use the sealed channel, in a data directory whose server does not run.
pub async fn change_keys(data: &Path, action: KeyAction) -> Result<Outcome, ServerError> {
    if !matches!(action, KeyAction::Add { .. }) && !data.join("store.redb").exists() {
        return Err(ServerError::Data(data.display().to_string(), "has no database yet".to_owned()));
    }
    make_private(data)?;
    let (store, _vault) = open_store(data)?;
    keys(&store, &Clock::system(), action).await.map_err(|error| match error {
        Error::NotFound => ServerError::Refused("there is no such user".to_owned()),
        Error::Ours(why) => ServerError::Refused(why),
        other => ServerError::Refused(other.to_string()),
    })
}

/// Makes the data directory, or sees to it that nobody else can look into the one that is there.
fn make_private(data: &Path) -> Result<(), ServerError> {
    let wrong = |what: String| ServerError::Data(data.display().to_string(), what);
    match std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data) {
        Ok(()) => {}
        Err(error) => return Err(wrong(format!("cannot be made: {error}"))),
    }
    let found = std::fs::metadata(data).map_err(|error| wrong(format!("cannot be looked at: {error}")))?;
    if found.mode() & 0o077 != 0 {
        return Err(wrong("can be entered by others: chmod 700 it, or name another with --data".to_owned()));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(wrong("belongs to another user: name one of your own with --data".to_owned()));
    }
    Ok(())
}

/// Opens the database and the vault that belongs to it.
fn open_store(data: &Path) -> Result<(Store, Vault), ServerError> {
    let (database, key) = (data.join("store.redb"), data.join("secret.key"));
    if database.exists() && !key.exists() {
        let what = "has a database but not the secret.key that belongs to it: put that back".to_owned();
        return Err(ServerError::Data(data.display().to_string(), what));
    }
    // The key first: a database without one could never have been written to.
    let vault = Vault::open(&key)?;
    Ok((Store::open(&database)?, vault))
}

/// Runs the first script, which also shows that scripts run.
async fn python_version(sandbox: &Sandbox) -> Result<String, ServerError> {
    let unusable = |error: JobError| ServerError::Image(error.to_string());
    let script = Script::parse("import platform; print(platform.python_version(), end='')").map_err(unusable)?;
    let job = JobSpec::of(script).build().map_err(unusable)?;
    let result = sandbox.run(AccountId::LOCAL, &job).await?;
    let version = String::from_utf8(result.stdout).unwrap_or_default();
    match result.outcome.exit_code() {
        Some(0) if !version.is_empty() => Ok(version),
        _ => Err(ServerError::Image(String::from_utf8_lossy(&result.stderr).into_owned())),
    }
}

/// The sealed channel's socket, where it is, and the key that the server signs with.
async fn bind_sealed(wanted: SocketAddr, data: &Path) -> Result<(TcpListener, SocketAddr, PrivateKey), ServerError> {
    let failed = |error| ServerError::Listen(wanted, error);
    let socket = TcpListener::bind(wanted).await.map_err(failed)?;
    let address = socket.local_addr().map_err(failed)?;
    Ok((socket, address, PrivateKey::open_or_make(data)?))
}

/// What the server's certificate must be good for.
fn names(config: &Config, url: &str, address: SocketAddr) -> Vec<String> {
    let mut names = config.names.clone();
    if !address.ip().is_unspecified() {
        names.push(address.ip().to_string());
    }
    let host = url.trim_start_matches("https://");
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    names.push(host.to_owned());
    names
}

fn transport(data: &Path, config: &Config) -> Result<Transport, ServerError> {
    match &config.mail {
        MailConfig::Directory(directory) => {
            Ok(Transport::Directory(directory.clone().unwrap_or_else(|| data.join("outbox"))))
        }
        MailConfig::Smtp(smtp) => Ok(Transport::Smtp(Smtp::new(&SmtpSettings {
            host: smtp.host.clone(),
            port: Some(smtp.port),
            security: smtp.security,
            user: smtp.login.as_ref().map(|(user, _)| user.clone()),
            password_file: smtp.login.as_ref().map(|(_, file)| file.clone()),
            ca_file: smtp.ca.clone(),
            hello: None,
            patience: limits::SMTP_SESSION,
        })?)),
    }
}

/// Where the bytes of parcels are.
async fn objects(data: &Path, config: &ObjectsConfig, instance: &str) -> Result<Objects, ServerError> {
    match config {
        ObjectsConfig::Directory(folder) => {
            let folder = folder.clone().unwrap_or_else(|| data.join("objects"));
            Ok(Objects::directory(&folder, instance).await?)
        }
        ObjectsConfig::S3(bucket) => Ok(Objects::s3(bucket, instance).await?),
    }
}

/// One for each run and each live session that there may be.
fn children(config: &Config) -> usize {
    config.runs.concurrent + config.sessions.concurrent
}

fn door(config: &Config) -> Result<http::Settings, ServerError> {
    let (runs, sessions) = (&config.runs, &config.sessions);
    let budget =
        Budget::default().with_memory(runs.memory).and_then(|budget| budget.with_wall(runs.timeout.min(limits::WALL)));
    // As much for each second as a run has.
    let turns = sessions.timeout.as_secs().div_ceil(limits::WALL.as_secs()).max(1);
    let session_budget = Budget::default()
        .with_memory(sessions.memory)
        .and_then(|budget| budget.with_wall(sessions.timeout))
        .and_then(|budget| budget.with_output(config.session_output))
        .and_then(|budget| budget.with_fuel(limits::FUEL.saturating_mul(turns)));
    let children = children(config);
    // Each listener has its part, and takes no descriptors from the other. A connection of the sealed channel may have a file open, too.
    let parts = if config.sealed.is_some() { 3 } else { 1 };
    Ok(http::Settings {
        connections: config.connections.min(descriptors(children) / parts).max(1),
        children,
        connections_per_network: config.connections_per_network,
        budget: budget.map_err(|error| ServerError::Image(error.to_string()))?,
        wall: runs.timeout,
        session_budget: session_budget.map_err(|error| ServerError::Image(error.to_string()))?,
        ping: config.session_ping,
        ..http::Settings::default()
    })
}

async fn note(store: &Store, clock: &Clock, event: Event) -> Result<(), ServerError> {
    let now = clock.now();
    Ok(store.write(move |change| change.append_audit(now, Actor::Server, event, None)).await?)
}
