//! Which child serves whom: spares that wait for an account's first run, and children that wait for its next.
//!
//! Owns: [`Sandbox`], the door of this room. Not here: one run (`run`), the launcher process (`control`).
//!
//! A child that has served an account is that account's until it ends: [`Child`]s lie in the pool under their account, and
//! the only way out of the pool for one is [`Inner::take`] with that account.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use tokio::net::UnixStream;
use tokio::sync::Semaphore;

use super::control::{Launcher, Status};
use super::engine::Meter;
use super::orders::ChildId;
use super::room::{Room, Rooms};
use super::run::{LiveRun, Running};
use super::{Prepared, SandboxError, launcher};
use crate::clock;
use crate::config::limits;
use crate::domain::{AccountId, JobResult, JobSpec};

/// How the sandbox is set up. The default is what the server uses.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The program that is started as launcher.
    pub launcher: PathBuf,
    /// Its arguments.
    pub launcher_arguments: Vec<OsString>,
    /// What is counted while a guest runs. Must be the meter that the image was prepared for.
    pub meter: Meter,
    /// Goes on where the kernel has no Landlock.
    pub allow_weak_jail: bool,
    /// Children that wait for an account's first run.
    pub spares: usize,
    /// Runs at the same time, and children kept for accounts.
    pub children: usize,
    /// How long a child waits for its account's next run.
    pub child_idle: Duration,
    /// Runs after which a child is replaced.
    pub child_runs: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // The binary that runs now, even if the file has been replaced since.
            launcher: "/proc/self/exe".into(),
            launcher_arguments: vec!["launcher".into()],
            meter: Meter::default(),
            allow_weak_jail: false,
            spares: limits::SPARES,
            children: limits::CHILDREN,
            child_idle: limits::CHILD_IDLE,
            child_runs: limits::CHILD_RUNS,
        }
    }
}

/// Runs scripts. Cheap to clone; the last one dropped ends the launcher and all children.
#[derive(Clone, Debug)]
pub struct Sandbox(Arc<Inner>);

impl Sandbox {
    /// Starts the launcher and its spares. Fails if the machine cannot keep the promises of the jail.
    pub async fn start(settings: Settings, image: Prepared) -> Result<Self, SandboxError> {
        let inner = Arc::new(Inner {
            running: Arc::new(Semaphore::new(settings.children)),
            rooms: Rooms::default(),
            settings,
            image,
            state: Mutex::default(),
            starting: tokio::sync::Mutex::default(),
            next_child: AtomicU64::new(1),
        });
        let launcher = inner.launcher().await?;
        inner.top_up(&launcher);
        tokio::spawn(end_idle_children(Arc::downgrade(&inner)));
        Ok(Self(inner))
    }

    /// Runs a job to its end and returns what it wrote.
    ///
    /// Dropping the future kills the run. A run that is lost to no fault of the script is run again once.
    pub async fn run(&self, account: AccountId, spec: &JobSpec) -> Result<JobResult, SandboxError> {
        match self.running(account).await?.collect(spec).await {
            Err(SandboxError::Lost) => self.running(account).await?.collect(spec).await,
            ended => ended,
        }
    }

    /// Starts a job whose input and output pass while it runs.
    pub async fn open(&self, account: AccountId, spec: JobSpec) -> Result<LiveRun, SandboxError> {
        Ok(LiveRun::start(self.clone(), account, spec, self.running(account).await?))
    }

    /// Ends the launcher and every child, and returns when they are dead. A run in progress is lost.
    pub async fn shutdown(self) {
        // Runs that wait for a place, and those that would be run again, end here.
        self.0.running.close();
        let launcher = {
            let mut state = self.0.state();
            state.closed = true;
            let _children = (std::mem::take(&mut state.spares), std::mem::take(&mut state.idle));
            state.launcher.take()
        };
        if let Some(launcher) = launcher {
            launcher.end().await;
        }
    }

    /// The launcher's process id, for those who look at the machine from outside.
    pub async fn launcher_pid(&self) -> Result<u32, SandboxError> {
        Ok(self.0.launcher().await?.pid())
    }

    /// The version of Landlock's ABI that holds launcher and children, 0 for none.
    pub async fn landlock_abi(&self) -> Result<u8, SandboxError> {
        Ok(self.0.launcher().await?.landlock_abi())
    }

    /// A child for one run of this account.
    pub(super) async fn running(&self, account: AccountId) -> Result<Running, SandboxError> {
        let permit = Arc::clone(&self.0.running).acquire_owned().await.map_err(|_| SandboxError::ShutDown)?;
        let child = self.0.take(account).await?;
        Ok(Running::new(self.clone(), account, child, permit))
    }

    /// Room for a run that returns a whole directory.
    pub(super) fn room(&self, account: AccountId) -> Room {
        self.0.rooms.room(account)
    }

    /// Takes a child back after a run that ended well.
    pub(super) fn put_back(&self, account: AccountId, child: Child) {
        self.0.put(account, child);
    }

    /// Replaces the spare that a run may have taken. Called when the run is over: forking beside it would slow it down.
    pub(super) fn top_up(&self) {
        // A run may be dropped where there is no runtime to give the new stream to.
        let runtime = tokio::runtime::Handle::try_current().is_ok();
        if let Some(launcher) = self.0.living_launcher().filter(|_| runtime) {
            self.0.top_up(&launcher);
        }
    }
}

/// A child process, held by the server. Dropping it kills it: one that was merely asked to go might not.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) id: ChildId,
    pub(super) stream: UnixStream,
    pub(super) status: Arc<Status>,
    pub(super) launcher: Arc<Launcher>,
    runs: u32,
}

impl Drop for Child {
    fn drop(&mut self) {
        self.launcher.kill(self.id);
    }
}

impl Child {
    /// Whether it waits in silence, as it must between two runs: it is not dead, and has not gone on talking.
    fn is_silent(&self) -> bool {
        let peeked = recv(&self.stream, &mut [0u8; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT);
        matches!(peeked, Err(Errno::AGAIN))
    }
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    image: Prepared,
    running: Arc<Semaphore>,
    rooms: Rooms,
    state: Mutex<State>,
    /// Held while a launcher is started, so that a crowd of callers starts one.
    starting: tokio::sync::Mutex<()>,
    next_child: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    launcher: Option<Arc<Launcher>>,
    spares: VecDeque<Child>,
    /// Children that wait for their account's next run, the longest waiting first.
    idle: VecDeque<Idle>,
    /// After a shutdown nothing is started any more.
    closed: bool,
}

impl State {
    /// Whether this is the launcher whose children may wait here.
    fn is_of(&self, launcher: &Arc<Launcher>) -> bool {
        !launcher.is_dead() && self.launcher.as_ref().is_some_and(|current| Arc::ptr_eq(current, launcher))
    }
}

#[derive(Debug)]
struct Idle {
    account: AccountId,
    since: Instant,
    child: Child,
}

impl Inner {
    async fn take(&self, account: AccountId) -> Result<Child, SandboxError> {
        let launcher = self.launcher().await?;
        while let Some(child) = self.waiting_for(account) {
            if child.is_silent() {
                return Ok(child);
            }
        }
        self.fork(&launcher)
    }

    /// The child that has served this account, or a spare.
    fn waiting_for(&self, account: AccountId) -> Option<Child> {
        let mut state = self.state();
        let own = state.idle.iter().rposition(|idle| idle.account == account);
        match own.and_then(|at| state.idle.remove(at)) {
            Some(idle) => Some(idle.child),
            None => state.spares.pop_front(),
        }
    }

    fn put(&self, account: AccountId, mut child: Child) {
        child.runs += 1;
        let busy = self.settings.children - self.running.available_permits().min(self.settings.children);
        let mut state = self.state();
        if child.runs >= self.settings.child_runs || !state.is_of(&child.launcher) {
            return;
        }
        state.idle.push_back(Idle { account, since: clock::monotonic(), child });
        while state.idle.len() + busy > self.settings.children + 1 {
            state.idle.pop_front();
        }
    }

    /// Forks until enough spares wait.
    fn top_up(&self, launcher: &Arc<Launcher>) {
        loop {
            let mut state = self.state();
            if state.spares.len() >= self.settings.spares || !state.is_of(launcher) {
                return;
            }
            // A machine that has no descriptor left now may have one for the run that needs it.
            let Ok(child) = self.fork(launcher) else { return };
            state.spares.push_back(child);
        }
    }

    fn fork(&self, launcher: &Arc<Launcher>) -> Result<Child, SandboxError> {
        let (ours, theirs) = launcher::stream_pair().map_err(SandboxError::Io)?;
        ours.set_nonblocking(true).map_err(SandboxError::Io)?;
        let stream = UnixStream::from_std(ours).map_err(SandboxError::Io)?;
        let id = ChildId(self.next_child.fetch_add(1, Ordering::Relaxed));
        let status = launcher.fork(id, theirs);
        Ok(Child { id, stream, status, launcher: Arc::clone(launcher), runs: 0 })
    }

    /// The launcher, started anew if it has died.
    async fn launcher(&self) -> Result<Arc<Launcher>, SandboxError> {
        if self.state().closed {
            return Err(SandboxError::ShutDown);
        }
        if let Some(launcher) = self.living_launcher() {
            return Ok(launcher);
        }
        let _one_at_a_time = self.starting.lock().await;
        if let Some(launcher) = self.living_launcher() {
            return Ok(launcher);
        }
        let mut tries = limits::LAUNCHER_STARTS;
        loop {
            tries -= 1;
            match Launcher::start(&self.settings, &self.image).await {
                Ok(launcher) => {
                    let mut state = self.state();
                    if state.closed {
                        return Err(SandboxError::ShutDown);
                    }
                    *state = State { launcher: Some(Arc::clone(&launcher)), ..State::default() };
                    return Ok(launcher);
                }
                Err(error) if tries == 0 => return Err(error),
                // A launcher that says why it cannot start will not start the next time either.
                Err(SandboxError::Launcher(why)) if !why.is_empty() => return Err(SandboxError::Launcher(why)),
                Err(_) => {}
            }
        }
    }

    fn living_launcher(&self) -> Option<Arc<Launcher>> {
        self.state().launcher.as_ref().filter(|launcher| !launcher.is_dead()).map(Arc::clone)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends children whose accounts have stopped asking, until the sandbox itself ends.
async fn end_idle_children(inner: Weak<Inner>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        let now = clock::monotonic();
        let tired = |idle: &Idle| now.duration_since(idle.since) >= inner.settings.child_idle;
        let mut state = inner.state();
        while state.idle.front().is_some_and(tired) {
            state.idle.pop_front();
        }
    }
}
