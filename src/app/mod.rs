//! What may be done, by whom, and the doing: a [`Principal`](crate::auth::Principal) and an [`Action`] go in, an [`Outcome`] or
//! an [`Error`] comes out.
//!
//! Owns: [`App::handle`], the one corridor behind every door, and one file for each subject. Not here: who somebody is
//! (`auth`), how a request is read or an answer written (the doors).
//!
//! Every change and its line in the audit trail are one transaction: neither is there without the other.

mod accounts;
mod admin;
mod builtins;
mod command;
mod execute;
mod host_command;
mod letters;
mod live;
mod mailbox;
mod metrics;
mod parcels;
mod python;
mod runs;
mod sealed;
mod stamps;
mod workspace;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Semaphore, watch};

use crate::auth::{Auth, AuthError};
use crate::clock::Clock;
use crate::config::{MailboxConfig, ParcelLimits, RunLimits, limits};
use crate::domain::{AccountId, Action, Credential, Email, Error, Network, Outcome};
use crate::mail::{MailError, Outbox};
use crate::objects::{ObjectError, Objects};
use crate::sandbox::Sandbox;
use crate::store::{Store, StoreError};
use crate::vault::{Vault, VaultError};
use crate::workspace::{WorkspaceError, Workspaces};

pub use command::{Command, CommandInput};
pub use live::{Conversation, Said, Stdin, Stream};
use mailbox::Mailboxes;
use metrics::Metrics;
use parcels::Streams;
use runs::Runs;

pub use parcels::{Broken, Download, Piece, Pieces};
pub use sealed::keys;

pub use crate::auth::SealedUser;

/// The room's failures. Whatever is not a refusal is ours.
#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error(transparent)]
    Refused(#[from] Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Objects(#[from] ObjectError),
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
}

impl From<AppError> for Error {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(refusal) => refusal,
            AppError::Workspace(error) => error.into(),
            // The mail server has been away for long; what waits is kept, and nothing more is taken.
            AppError::Mail(MailError::Full) => Self::Overloaded(limits::LINK_LIFE),
            AppError::Objects(ObjectError::Full(why)) => {
                crate::telemetry::warn_sparingly!("a parcel was refused: {why}");
                Self::Overloaded(limits::FULL_WAIT)
            }
            ours => Self::Ours(ours.to_string()),
        }
    }
}

/// The rooms behind the corridor.
#[derive(Debug)]
pub struct Rooms {
    /// Where everything is kept.
    pub store: Store,
    /// What seals it.
    pub vault: Vault,
    /// Who somebody is.
    pub auth: Auth,
    /// Where mails wait.
    pub outbox: Outbox,
    /// Where the bytes of parcels are.
    pub objects: Objects,
    /// Where scripts run.
    pub sandbox: Sandbox,
    /// Where the files of the sealed channel's users are.
    pub workspaces: Workspaces,
    /// What time it is.
    pub clock: Clock,
}

/// What an operator has set about the corridor.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where links in mails lead, without a slash at the end: `https://127.0.0.1:12344`.
    pub url: String,
    /// Who is asked for approval. Without one, requests wait for `admin users approve`.
    pub administrator: Option<Email>,
    /// How much may run at once.
    pub runs: RunLimits,
    /// How many live sessions there may be at once.
    pub sessions: RunLimits,
    /// Who may have a mailbox, and how much may be in one.
    pub mailbox: MailboxConfig,
    /// How many parcels may be kept, and whose.
    pub parcels: ParcelLimits,
    /// Whether users of the sealed channel whose key's entry says so may run commands of the machine itself.
    pub host_commands: bool,
    /// What `/version` says.
    pub versions: Versions,
}

/// What runs here, for `/version`.
#[derive(Clone, Debug)]
pub struct Versions {
    /// This server.
    pub server: &'static str,
    /// CPython inside.
    pub python: String,
    /// The engine that runs it.
    pub wasmtime: &'static str,
    /// SHA-256 of the runtime image, in hex.
    pub image: String,
}

/// The corridor. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rooms: Rooms,
    settings: Settings,
    runs: Runs,
    sessions: Runs,
    mailboxes: Mailboxes,
    streams: Streams,
    /// MiB of users' files that may be in our memory.
    snapshots: Arc<Semaphore>,
    /// Told when a user of the sealed channel has been removed.
    removals: watch::Sender<()>,
    metrics: Metrics,
    draining: AtomicBool,
}

impl App {
    /// A corridor between these rooms.
    pub fn new(rooms: Rooms, settings: Settings) -> Self {
        let runs = Runs::new(settings.runs.clone(), rooms.clock.clone());
        let sessions = Runs::new(settings.sessions.clone(), rooms.clock.clone());
        let mailboxes = Mailboxes::new(settings.mailbox.clone(), rooms.clock.clone());
        let streams = Streams::new(settings.parcels.uses_per_minute, rooms.clock.clone());
        let snapshots = Arc::new(Semaphore::new(limits::SNAPSHOTS_MIB));
        let (metrics, draining) = (Metrics::default(), AtomicBool::new(false));
        let removals = watch::Sender::new(());
        let inner =
            Inner { rooms, settings, runs, sessions, mailboxes, streams, snapshots, removals, metrics, draining };
        Self(Arc::new(inner))
    }

    /// Does what is asked, if whoever asks may. If the caller stops waiting, a run ends; whatever else was begun is brought to its
    /// end, with all that follows from it.
    pub async fn handle(&self, from: Network, credential: Credential, action: Action) -> Result<Outcome, Error> {
        let kind = action.name();
        let answer = match action {
            Action::Execute(_) => self.act(from, credential, action).await,
            _ => {
                let app = self.clone();
                let acting = tokio::spawn(async move { app.act(from, credential, action).await });
                acting.await.unwrap_or_else(|error| Err(Error::Ours(error.to_string())))
            }
        };
        self.0.metrics.answered(kind, answer.as_ref().map(drop));
        answer
    }

    async fn act(&self, from: Network, credential: Credential, action: Action) -> Result<Outcome, Error> {
        self.has_room(&action)?;
        let principal = self.0.rooms.auth.admit(from, &credential).await?;
        match action {
            Action::Register { email, password } => {
                principal.nobody()?;
                self.register(from, email, password).await
            }
            Action::ViewVerification => principal.verification().map(|_| Outcome::Verification),
            Action::Verify => self.verify(principal.verification()?).await,
            Action::ViewApproval => self.view_approval(principal.approval()?.1),
            Action::DecideByLink(decision) => {
                let (link, account) = principal.approval()?;
                self.decide_by_link(link, account, decision).await
            }
            Action::Login => self.login(principal.member()?).await,
            Action::Logout => self.logout(principal.member()?).await,
            Action::Execute(job) => self.execute(principal.member()?, *job).await,
            Action::Mailbox(action) => self.mailbox(from, &principal, action).await,
            Action::Parcel(action) => self.parcel(from, &principal, action).await,
            Action::Enter => self.enter(&principal, &credential),
            Action::Confirm => self.confirm(principal.sealed()?).await,
            Action::Leave => self.leave(principal.sealed()?).await,
            Action::Administer(action) => {
                principal.operator()?;
                self.administer(action).await
            }
        }
    }

    /// Says no before a password is hashed where there is no room anyway.
    fn has_room(&self, action: &Action) -> Result<(), Error> {
        match action {
            Action::Execute(_) => self.0.runs.has_room(),
            _ => Ok(()),
        }
    }

    /// Ends everything that runs for an account.
    fn end_runs(&self, account: AccountId) {
        self.0.runs.end(account);
        self.0.sessions.end(account);
    }

    /// Whether the server can do its work: not while it ends, and not if its database cannot be read.
    pub fn is_ready(&self) -> bool {
        let readable = self.0.rooms.store.read(|view| view.last_audit());
        !self.0.draining.load(Ordering::Relaxed) && readable.is_ok()
    }

    /// From now on the server is not ready any more.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    /// What runs here.
    pub fn versions(&self) -> &Versions {
        &self.0.settings.versions
    }

    /// How much may run.
    pub fn run_limits(&self) -> &RunLimits {
        &self.0.settings.runs
    }

    /// How many parcels may be kept.
    pub fn parcel_limits(&self) -> &ParcelLimits {
        &self.0.settings.parcels
    }

    /// Forgets what has expired. To be called now and then.
    pub async fn sweep(&self) -> Result<(), Error> {
        let (now, permits_over) = (self.0.rooms.clock.now(), self.0.streams.permits_over());
        let swept = self.0.rooms.store.write(move |change| {
            change.forget_permits(permits_over)?;
            Ok::<_, AppError>(change.sweep(now)?)
        });
        Ok(swept.await?)
    }
}
