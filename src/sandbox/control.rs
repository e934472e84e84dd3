//! The server's hold on one launcher process: started, given orders, listened to, ended.
//!
//! Owns: the control socket and what is known of each child's life. Not here: which child serves whom (`pool`).

use std::collections::HashMap;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recv,
    sendmsg, socketpair,
};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::io::Interest;
use tokio::net::UnixDatagram;
use tokio::sync::{mpsc, watch};

use super::orders::{CONTROL_BYTES, ChildId, Order, Report};
use super::pool::Settings;
use super::{Prepared, SandboxError};
use crate::config::limits;

/// A launcher process that is ready. Dropping the last handle ends it, and with it every child.
#[derive(Debug)]
pub(super) struct Launcher {
    orders: mpsc::UnboundedSender<Request>,
    children: Arc<Children>,
    process: Process,
    landlock_abi: u8,
}

/// What is asked of the task that holds the control socket.
#[derive(Debug)]
enum Request {
    Order(Order, Option<OwnedFd>),
    /// Close the socket.
    End,
}

/// The launcher as the operating system sees it.
#[derive(Debug)]
struct Process {
    pid: Pid,
    /// A descriptor for it, which cannot come to mean another process.
    handle: OwnedFd,
    /// What it last said on its standard error, once it is dead.
    last_words: watch::Receiver<Option<String>>,
}

impl Process {
    fn kill(&self) {
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
    }

    /// Waits until it is dead.
    async fn last_words(&self) -> String {
        let mut last_words = self.last_words.clone();
        last_words.wait_for(Option::is_some).await.ok().and_then(|words| words.clone()).unwrap_or_default()
    }
}

/// How a child ended, from the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gone {
    /// The wait status (`wait(2)`), or -1 if the launcher died first.
    pub(super) status: i32,
    pub(super) cpu: Duration,
}

impl Gone {
    const WITH_ITS_LAUNCHER: Self = Self { status: -1, cpu: Duration::ZERO };

    /// The signal that ended it, if one did.
    pub(super) fn signal(self) -> Option<i32> {
        (self.status != -1 && libc::WIFSIGNALED(self.status)).then(|| libc::WTERMSIG(self.status))
    }
}

/// What is known of one child, kept up to date by the launcher's reports.
#[derive(Debug)]
pub(super) struct Status {
    pid: AtomicU32,
    gone: watch::Sender<Option<Gone>>,
}

impl Status {
    /// Waits until the child is dead and reaped.
    pub(super) async fn gone(&self) -> Gone {
        let mut gone = self.gone.subscribe();
        // The sender is part of `self`, so it cannot be dropped first.
        gone.wait_for(Option::is_some).await.ok().and_then(|gone| *gone).unwrap_or(Gone::WITH_ITS_LAUNCHER)
    }

    /// The process id, once the launcher has told it.
    pub(super) fn pid(&self) -> Option<u32> {
        Some(self.pid.load(Ordering::Acquire)).filter(|pid| *pid != 0)
    }

    /// CPU time of the child's life so far, from the kernel. Zero before its process id is known and after its death.
    pub(super) fn cpu(&self) -> Duration {
        self.pid().and_then(cpu_of).unwrap_or_default()
    }
}

/// The children that are alive, or nothing more once the launcher has died.
#[derive(Debug, Default)]
struct Children {
    alive: Mutex<HashMap<ChildId, Arc<Status>>>,
    closed: AtomicBool,
}

impl Children {
    fn add(&self, child: ChildId) -> Arc<Status> {
        let status = Arc::new(Status { pid: AtomicU32::new(0), gone: watch::Sender::new(None) });
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        match self.closed.load(Ordering::Acquire) {
            true => drop(status.gone.send_replace(Some(Gone::WITH_ITS_LAUNCHER))),
            false => drop(alive.insert(child, Arc::clone(&status))),
        }
        status
    }

    fn report(&self, report: Report) {
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        match report {
            Report::Forked(child, pid) => {
                if let Some(status) = alive.get(&child) {
                    status.pid.store(pid, Ordering::Release);
                }
            }
            Report::Gone { child, status, cpu } => {
                if let Some(dead) = alive.remove(&child) {
                    dead.gone.send_replace(Some(Gone { status, cpu }));
                }
            }
            Report::Ready { .. } => {}
        }
    }

    fn close(&self) {
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        self.closed.store(true, Ordering::Release);
        for (_, status) in alive.drain() {
            status.gone.send_replace(Some(Gone::WITH_ITS_LAUNCHER));
        }
    }
}

impl Launcher {
    /// Starts a launcher and returns when its jail is in force.
    pub(super) async fn start(settings: &Settings, image: &Prepared) -> Result<Arc<Self>, SandboxError> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None);
        let (ours, theirs) = pair.map_err(|e| SandboxError::Io(e.into()))?;
        rustix::io::ioctl_fionbio(&theirs, false).map_err(|e| SandboxError::Io(e.into()))?;
        let process = spawn(settings, theirs)?;
        // A type for datagrams is what a sequenced-packet socket needs: whole messages, and an end that shows.
        let socket = UnixDatagram::from_std(ours.into()).map_err(SandboxError::Io)?;
        let start = Order::Start { meter: settings.meter.number(), allow_weak_jail: settings.allow_weak_jail };
        let image = image.file().try_clone().map_err(SandboxError::Io)?;
        let _ = send_order(&socket, start, Some(image.into())).await;
        let ready = tokio::time::timeout(limits::LAUNCHER_START, next_report(&socket)).await;
        let Ok(Some(Report::Ready { landlock_abi })) = ready else {
            // One that has hung up is about to say why: killed at once, it would die without a word.
            if tokio::time::timeout(limits::LAUNCHER_LAST_WORDS, process.last_words()).await.is_err() {
                process.kill();
            }
            return Err(SandboxError::Launcher(process.last_words().await));
        };
        let (orders, queue) = mpsc::unbounded_channel();
        let children = Arc::new(Children::default());
        tokio::spawn(listen_and_order(socket, queue, Arc::clone(&children)));
        Ok(Arc::new(Self { orders, children, process, landlock_abi }))
    }

    /// Orders a child whose end of the stream this is. The stream can be written to at once.
    pub(super) fn fork(&self, child: ChildId, stream: OwnedFd) -> Arc<Status> {
        let status = self.children.add(child);
        let _ = self.orders.send(Request::Order(Order::Fork(child), Some(stream)));
        status
    }

    /// Orders a child's death. [`Status::gone`] tells when it is done.
    pub(super) fn kill(&self, child: ChildId) {
        let _ = self.orders.send(Request::Order(Order::Kill(child), None));
    }

    /// Kills the launcher itself; the kernel kills its children.
    pub(super) fn abandon(&self) {
        self.process.kill();
    }

    /// Closes the control socket, which ends the launcher and its children, and waits until they are dead.
    pub(super) async fn end(&self) {
        let _ = self.orders.send(Request::End);
        self.process.last_words().await;
    }

    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        self.process.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Whether it has died.
    pub(super) fn is_dead(&self) -> bool {
        self.children.closed.load(Ordering::Acquire)
    }

    /// The version of Landlock's ABI in force, 0 for none.
    pub(super) fn landlock_abi(&self) -> u8 {
        self.landlock_abi
    }
}

/// Starts the process and a thread that lives as long as it does.
///
/// The thread must outlive the process: the kernel ends a launcher when the *thread* that started it ends.
fn spawn(settings: &Settings, control: OwnedFd) -> Result<Process, SandboxError> {
    let mut command = Command::new(&settings.launcher);
    command.args(&settings.launcher_arguments).env_clear().current_dir("/");
    command.stdin(control).stdout(Stdio::null()).stderr(Stdio::piped());
    let (started, process) = std::sync::mpsc::sync_channel(1);
    let (said, last_words) = watch::channel(None);
    let life = move || {
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return drop(started.send(Err(error))),
        };
        // Our copy of the launcher's end must not outlive it, or its death would not close the socket.
        drop(command);
        let pid = Pid::from_child(&child);
        let _ = started.send(pidfd_open(pid, PidfdFlags::empty()).map(|handle| (pid, handle)).map_err(Into::into));
        let mut words = vec![];
        if let Some(errors) = child.stderr.take() {
            let _ = errors.take(4096).read_to_end(&mut words);
        }
        let _ = child.wait();
        said.send_replace(Some(String::from_utf8_lossy(&words).trim().to_owned()));
    };
    let thread = std::thread::Builder::new().name("launcher".into()).spawn(life);
    thread.map_err(SandboxError::Io)?;
    let started = process.recv().map_err(|_| SandboxError::Launcher(String::new()))?;
    let (pid, handle) = started.map_err(SandboxError::Io)?;
    Ok(Process { pid, handle, last_words })
}

/// Passes orders and reports on until the launcher dies or the last handle is dropped. Each way by itself: a queue of orders
/// must not keep reports from being read, or the launcher would wait for us while we wait for it.
async fn listen_and_order(socket: UnixDatagram, queue: mpsc::UnboundedReceiver<Request>, children: Arc<Children>) {
    tokio::select! {
        () = pass_orders(&socket, queue) => {}
        () = pass_reports(&socket, &children) => {}
    }
    children.close();
}

async fn pass_orders(socket: &UnixDatagram, mut queue: mpsc::UnboundedReceiver<Request>) {
    while let Some(Request::Order(order, fd)) = queue.recv().await {
        if send_order(socket, order, fd).await.is_err() {
            return;
        }
    }
}

async fn pass_reports(socket: &UnixDatagram, children: &Children) {
    while let Some(report) = next_report(socket).await {
        children.report(report);
    }
}

async fn send_order(socket: &UnixDatagram, order: Order, fd: Option<OwnedFd>) -> std::io::Result<()> {
    let bytes = order.encode();
    let fds: Vec<BorrowedFd<'_>> = fd.iter().map(AsFd::as_fd).collect();
    let send = || {
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() {
            ancillary.push(SendAncillaryMessage::ScmRights(&fds));
        }
        let parts = [std::io::IoSlice::new(&bytes)];
        sendmsg(socket, &parts, &mut ancillary, SendFlags::NOSIGNAL)?;
        Ok(())
    };
    socket.async_io(Interest::WRITABLE, send).await
}

/// The next report; nothing if the launcher has died or no longer makes sense.
async fn next_report(socket: &UnixDatagram) -> Option<Report> {
    let receive = || {
        let mut bytes = [0; CONTROL_BYTES];
        let (_, len) = recv(socket, &mut bytes, RecvFlags::empty())?;
        Ok((bytes, len))
    };
    let (bytes, len) = socket.async_io(Interest::READABLE, receive).await.ok()?;
    Report::parse(bytes.get(..len)?).ok()
}

fn cpu_of(pid: u32) -> Option<Duration> {
    let pid = libc::pid_t::try_from(pid).ok()?;
    // SAFETY: both pointers are valid for writes; a clock of a process that is gone is refused with an error.
    let time = unsafe {
        let mut clock = 0;
        let mut time: libc::timespec = std::mem::zeroed();
        let found = libc::clock_getcpuclockid(pid, &raw mut clock) == 0;
        (found && libc::clock_gettime(clock, &raw mut time) == 0).then_some(time)?
    };
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}
