//! The launcher: a process that maps the image, starts the guest's instance once, jails itself and then only forks.
//!
//! Owns: the life of children as the kernel sees it: fork, kill, reap. Not here: which child serves whom (`pool`), what a
//! child does (`child`).
//!
//! It is single-threaded on purpose: a fork copies one thread, and nothing in it can hold a lock at that moment. It holds
//! no secret: no key, no token, no database; only the image, one control socket, and for a moment each child's stream.

use std::collections::BTreeMap;
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recvmsg, send};
use rustix::process::{Pid, Signal, kill_process};

use super::engine::{self, Meter};
use super::guest::{Guest, Template};
use super::jail::{self, Jail};
use super::orders::{CONTROL_BYTES, ChildId, Order, Report};
use super::wire::WireError;
use super::{SandboxError, child, image, timer};

/// What a test changes about children, to look at one wall without the others. The default is the product.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hooks {
    /// Leaves out the jail, so that what still holds is WebAssembly's doing.
    pub without_jail: bool,
    /// Runs native code in the jailed child instead of the guest, as if an attacker had broken out of WebAssembly.
    pub instead_of_guest: Option<fn(UnixStream)>,
}

/// Runs the launcher over the control socket that is its standard input, until the server closes that.
pub fn main(hooks: Hooks) -> Result<(), SandboxError> {
    let mut launcher = Launcher::start(hooks)?;
    let served = launcher.serve();
    // Whatever ended it: nothing of ours outlives the launcher.
    launcher.end_all();
    served
}

struct Launcher {
    control: OwnedFd,
    /// `/dev/null`, which children get for their standard descriptors.
    null: File,
    template: Template,
    /// An instance that waits, ready, in this process. Each child inherits a copy of it for its first run.
    first: Option<Guest>,
    jail: Option<Jail>,
    hooks: Hooks,
    children: BTreeMap<ChildId, Pid>,
    ended: bool,
}

impl Launcher {
    fn start(hooks: Hooks) -> Result<Self, SandboxError> {
        close_all_but_standard();
        let control = std::io::stdin().as_fd().try_clone_to_owned().map_err(SandboxError::Io)?;
        rustix::net::sockopt::socket_type(&control).map_err(|_| SandboxError::NotALauncher)?;
        jail::die_with_parent()?;
        // Whoever fills the machine's memory, the kernel should end a run for it, not the server.
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        jail::raise_stack_limit()?;
        let null = File::options().read(true).write(true).open("/dev/null").map_err(SandboxError::Io)?;
        rustix::stdio::dup2_stdin(&null).map_err(|e| SandboxError::Io(e.into()))?;
        let (meter, allow_weak_jail, image) = first_order(&control)?;
        let engine = engine::running(meter)?;
        let module = image::load(&engine, image)?;
        let mut template = Template::new(meter, &module)?;
        timer::install(template.engine());
        template.rehearse()?;
        let first = Some(template.instantiate()?);
        notice_dead_children();
        require_one_thread()?;
        // Already the leader of a session if somebody started this by hand; then there is no terminal to leave.
        let _ = rustix::process::setsid();
        let (jail, landlock_abi) = match hooks.without_jail {
            true => (None, 0),
            false => jail::enter_launcher(allow_weak_jail).map(|(jail, abi)| (Some(jail), abi))?,
        };
        let mut launcher =
            Self { control, null, template, first, jail, hooks, children: BTreeMap::new(), ended: false };
        launcher.report(Report::Ready { landlock_abi });
        Ok(launcher)
    }

    /// Does as ordered until the server goes.
    fn serve(&mut self) -> Result<(), SandboxError> {
        while !self.ended {
            self.reap();
            match self.wait_for_order()? {
                Some((Order::Fork(child), Some(stream))) => self.fork(child, stream)?,
                Some((Order::Kill(child), _)) => self.kill(child),
                Some(_) => return Err(WireError::Payload.into()),
                None => {}
            }
        }
        Ok(())
    }

    /// The next order, or nothing if a signal came first or the server has gone.
    fn wait_for_order(&mut self) -> Result<Option<(Order, Option<OwnedFd>)>, SandboxError> {
        if !wait_readable(self.control.as_fd()) {
            return Ok(None);
        }
        let received = receive(self.control.as_fd())?;
        self.ended = received.is_none();
        Ok(received)
    }

    fn fork(&mut self, id: ChildId, stream: OwnedFd) -> Result<(), SandboxError> {
        jail::hide(false)?;
        // SAFETY: this process has one thread, so the child finds every lock free and may use all of its memory.
        match unsafe { libc::fork() } {
            -1 => self.report(Report::Gone { child: id, status: -1, cpu: Duration::ZERO }),
            0 => self.become_child(stream),
            pid => {
                if let Some(pid) = Pid::from_raw(pid) {
                    self.children.insert(id, pid);
                }
                self.report(Report::Forked(id, pid.unsigned_abs()));
            }
        }
        jail::hide(self.jail.is_some()).map_err(SandboxError::from)
    }

    /// The rest of a child's life. Never returns into the launcher's loop: the copy of it that this process holds is dead.
    fn become_child(&mut self, stream: OwnedFd) -> ! {
        let code = match self.live_as_child(UnixStream::from(stream)) {
            Ok(()) => 0,
            Err(_) => 1,
        };
        // SAFETY: ends this process without running what the launcher registered for its own end.
        unsafe { libc::_exit(code) }
    }

    fn live_as_child(&mut self, stream: UnixStream) -> Result<(), SandboxError> {
        // The control socket, and with it the power to order, is replaced; so is what the launcher may print to.
        for fd in [self.control.as_raw_fd(), 1, 2] {
            // SAFETY: both numbers are open descriptors of this process; `control` goes on to own what it now names.
            unsafe { libc::dup2(self.null.as_raw_fd(), fd) };
        }
        if let Some(jail) = &self.jail {
            jail.enter_child()?;
        }
        match (self.hooks.instead_of_guest, self.first.take()) {
            (Some(escaped), _) => {
                escaped(stream);
                Ok(())
            }
            (None, Some(first)) => child::serve(stream, &self.template, first),
            (None, None) => Err(SandboxError::Export("the first instance")),
        }
    }

    fn kill(&self, id: ChildId) {
        // A child that is not in the list has been reaped, and its number may be somebody else's by now.
        if let Some(pid) = self.children.get(&id) {
            let _ = kill_process(*pid, Signal::KILL);
        }
    }

    /// Collects every child that has died, and reports each with the kernel's figures.
    fn reap(&mut self) {
        while let Some((pid, status, usage)) = wait_for_dead_child(libc::WNOHANG) {
            let Some(child) = self.children.iter().find_map(|(id, live)| (*live == pid).then_some(*id)) else {
                continue;
            };
            self.children.remove(&child);
            let cpu = duration(usage.ru_utime) + duration(usage.ru_stime);
            self.report(Report::Gone { child, status, cpu });
        }
    }

    /// Kills every child and waits for it.
    fn end_all(&mut self) {
        for pid in self.children.values() {
            let _ = kill_process(*pid, Signal::KILL);
        }
        while wait_for_dead_child(0).is_some() {}
    }

    /// Tells the server, if it is still there.
    fn report(&mut self, report: Report) {
        self.ended |= send(&self.control, &report.encode(), SendFlags::NOSIGNAL).is_err();
    }
}

/// Closes what the server itself was started with and did not close: a lock, a socket, a pipe of somebody's.
fn close_all_but_standard() {
    // SAFETY: this is the first thing that the process does, so nothing in it owns a descriptor above the standard ones.
    unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
}

/// A fork copies one thread. Another, started by some library, would leave its locks locked in every child.
fn require_one_thread() -> Result<(), SandboxError> {
    match std::fs::read_dir("/proc/self/task").map_err(SandboxError::Io)?.count() {
        1 => Ok(()),
        _ => Err(SandboxError::Protocol("the launcher has more than one thread".to_owned())),
    }
}

fn first_order(control: &OwnedFd) -> Result<(Meter, bool, File), SandboxError> {
    match receive(control.as_fd())? {
        Some((Order::Start { meter, allow_weak_jail }, Some(image))) => {
            let meter = Meter::from_number(meter).ok_or(WireError::Payload)?;
            Ok((meter, allow_weak_jail, File::from(image)))
        }
        _ => Err(WireError::Payload.into()),
    }
}

/// One datagram of the control socket with the descriptor it may carry; nothing at the end.
fn receive(control: BorrowedFd<'_>) -> Result<Option<(Order, Option<OwnedFd>)>, SandboxError> {
    let mut bytes = [0; CONTROL_BYTES];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut parts = [std::io::IoSliceMut::new(&mut bytes)];
    let received = recvmsg(control, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC);
    let received = received.map_err(|e| SandboxError::Io(e.into()))?;
    let fd = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
        _ => None,
    });
    match bytes.get(..received.bytes) {
        None | Some([]) => Ok(None),
        Some(bytes) => Ok(Some((Order::parse(bytes)?, fd))),
    }
}

/// Makes the death of a child interrupt [`wait_readable`], and nothing else: the signal is blocked everywhere but there.
fn notice_dead_children() {
    extern "C" fn nothing_more(_signal: libc::c_int) {}
    // SAFETY: the handler does nothing; the structures are plain data, valid when zeroed, and live through the calls.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing_more as *const () as usize;
        libc::sigaction(libc::SIGCHLD, &raw const action, std::ptr::null_mut());
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
    }
}

/// Waits for an order. False if a child died instead.
fn wait_readable(fd: BorrowedFd<'_>) -> bool {
    let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid `pollfd`, no time-out, and a signal set that lives through the call; `ppoll` unblocks SIGCHLD for
    // exactly as long as it waits, so a death between two waits is not missed.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::ppoll(&raw mut poll, 1, std::ptr::null(), &raw const none) > 0
    }
}

/// Reaps one child; with `WNOHANG` only one that is dead already.
fn wait_for_dead_child(options: libc::c_int) -> Option<(Pid, i32, libc::rusage)> {
    let mut status = 0;
    // SAFETY: both pointers are valid for writes; `rusage` is plain data, valid when zeroed.
    let (pid, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        (libc::wait4(-1, &raw mut status, options, &raw mut usage), usage)
    };
    (pid > 0).then(|| Pid::from_raw(pid).map(|pid| (pid, status, usage))).flatten()
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let micros = u64::try_from(time.tv_usec).unwrap_or_default();
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

/// The end of a fresh pair of streams that goes to a child.
pub(super) fn stream_pair() -> std::io::Result<(UnixStream, OwnedFd)> {
    let (ours, theirs) = UnixStream::pair()?;
    Ok((ours, theirs.into()))
}
