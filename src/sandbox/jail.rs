//! The third wall: what the kernel lets launcher and children do, whatever code runs in them.
//!
//! Owns: the two steps of the jail. [`enter_launcher`] runs once, before the launcher takes its first order;
//! [`Jail::enter_child`] runs in each child, before it reads its first byte of work. The second step cannot come earlier:
//! after a fork wasmtime opens `/proc/self/pagemap` anew (its `pthread_atfork` handler), to see which pages a run dirtied.
//! Not here: WebAssembly's own limits (`engine`, `guest`).

use std::collections::BTreeMap;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::process::{DumpableBehavior, Pid, Resource, Rlimit, Signal, set_dumpable_behavior, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use crate::config::limits;

/// The newest Landlock that this code was tested with. A kernel that knows less is asked for what it knows.
const LANDLOCK: ABI = ABI::V7;

/// The request number of the `PAGEMAP_SCAN` ioctl (`linux/fs.h`): `_IOWR('f', 16, struct pm_scan_arg)`.
const PAGEMAP_SCAN: u64 = 0xc060_6610;

/// A wall that could not be built.
#[derive(Debug, thiserror::Error)]
pub enum JailError {
    /// Landlock is missing: too old a kernel, or not enabled at boot.
    #[error(
        "this kernel has no Landlock, which the sandbox needs: use Linux 5.13 or newer with \"landlock\" in its lsm= list, \
         or accept a weaker jail with --allow-weak-jail"
    )]
    NoLandlock,
    /// Landlock refused.
    #[error("Landlock failed: {0}")]
    Landlock(#[from] landlock::RulesetError),
    /// The path of the one directory that the launcher may read could not be opened.
    #[error("opening /proc failed: {0}")]
    Proc(#[from] landlock::PathFdError),
    /// The filter of system calls could not be built or installed.
    #[error("seccomp failed: {0}")]
    Seccomp(String),
    /// The launcher died while this child was made.
    #[error("the launcher has gone")]
    Orphan,
    /// A limit or flag of the process could not be set.
    #[error("{0} failed: {1}")]
    Process(&'static str, rustix::io::Errno),
    /// There is no jail for this kind of processor.
    #[error("no list of system calls for this processor")]
    Architecture,
}

const NO_CAPABILITIES: CapabilitySets = CapabilitySets {
    effective: CapabilitySet::empty(),
    permitted: CapabilitySet::empty(),
    inheritable: CapabilitySet::empty(),
};

/// What children are put into, worked out once by the launcher.
pub(super) struct Jail {
    filter: BpfProgram,
    weak: bool,
    launcher: Pid,
}

/// Puts the launcher behind its bars and returns those of its children, with the ABI of Landlock in force (0: none).
pub(super) fn enter_launcher(allow_weak: bool) -> Result<(Jail, u8), JailError> {
    rustix::thread::set_no_new_privs(true).map_err(|e| JailError::Process("PR_SET_NO_NEW_PRIVS", e))?;
    hide(true)?;
    rustix::thread::set_capabilities(None, NO_CAPABILITIES).map_err(|e| JailError::Process("capset", e))?;
    limit(Resource::Core, 0)?;
    limit(Resource::Fsize, 0)?;
    limit(Resource::As, mapped_bytes() + limits::HOST_HEADROOM_BYTES)?;
    let landlock_abi = landlock_reading_proc(allow_weak)?;
    let filter = allow_only(&[IN_A_RUN, TO_FORK_AND_REAP, TO_JAIL_A_CHILD].concat())?;
    seccompiler::apply_filter(&filter).map_err(|e| JailError::Seccomp(e.to_string()))?;
    let filter = allow_only(IN_A_RUN)?;
    Ok((Jail { filter, weak: allow_weak, launcher: rustix::process::getpid() }, landlock_abi))
}

impl Jail {
    /// Puts a child behind its bars: no file, no network, no new descriptor, no process, no signal to anybody.
    pub(super) fn enter_child(&self) -> Result<(), JailError> {
        die_with_parent()?;
        if rustix::process::getppid() != Some(self.launcher) {
            return Err(JailError::Orphan);
        }
        hide(true)?;
        limit(Resource::Cpu, limits::CHILD_CPU_SECONDS)?;
        let status = ruleset()?.create()?.restrict_self()?;
        if status.ruleset == RulesetStatus::NotEnforced && !self.weak {
            return Err(JailError::NoLandlock);
        }
        // After Landlock, which needed a descriptor for a moment. `poll` still takes up to this many.
        limit(Resource::Nofile, 4)?;
        seccompiler::apply_filter(&self.filter).map_err(|e| JailError::Seccomp(e.to_string()))
    }
}

/// Hides this process's memory from others of the same user, or shows it.
///
/// A hidden process does not own its `/proc/self`, and only root can open `pagemap` there. So the launcher shows itself for
/// the moment of a fork, in which the child opens it, and both hide again.
pub(super) fn hide(hidden: bool) -> Result<(), JailError> {
    let behavior = if hidden { DumpableBehavior::NotDumpable } else { DumpableBehavior::Dumpable };
    set_dumpable_behavior(behavior).map_err(|e| JailError::Process("PR_SET_DUMPABLE", e))
}

/// Asks the kernel to kill this process when the thread that made it dies.
pub(super) fn die_with_parent() -> Result<(), JailError> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|e| JailError::Process("PR_SET_PDEATHSIG", e))
}

/// Lets the stack of the main thread grow as far as the guest's stack needs.
pub(super) fn raise_stack_limit() -> Result<(), JailError> {
    let maximum = rustix::process::getrlimit(Resource::Stack).maximum;
    let stack = Rlimit { current: Some(limits::NATIVE_STACK), maximum };
    setrlimit(Resource::Stack, stack).map_err(|e| JailError::Process("RLIMIT_STACK", e))
}

fn limit(resource: Resource, value: u64) -> Result<(), JailError> {
    let limit = Rlimit { current: Some(value), maximum: Some(value) };
    setrlimit(resource, limit).map_err(|e| JailError::Process("setrlimit", e))
}

/// Bytes of address space mapped now, most of it reserved for guest memory. Without the figure there is no limit to
/// set, so it is taken to be unlimited; the guest's own limits do not depend on it.
fn mapped_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: Option<u64> = statm.split_whitespace().next().and_then(|pages| pages.parse().ok());
    pages.map_or(u64::MAX / 2, |pages| pages * rustix::param::page_size() as u64)
}

/// Everything that Landlock can deny is denied to the launcher, but reading `/proc` (see the head of this file).
fn landlock_reading_proc(allow_weak: bool) -> Result<u8, JailError> {
    let rule = PathBeneath::new(PathFd::new("/proc")?, AccessFs::ReadFile);
    let status = ruleset()?.create()?.add_rule(rule)?.restrict_self()?;
    let abi = match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as u8,
        _ => 0,
    };
    match status.ruleset != RulesetStatus::NotEnforced || allow_weak {
        true => Ok(abi),
        false => Err(JailError::NoLandlock),
    }
}

/// Denies whatever this kernel's Landlock can deny. Whether that is anything is for the caller to look at.
fn ruleset() -> Result<Ruleset, JailError> {
    let ruleset = Ruleset::default().set_compatibility(CompatLevel::BestEffort);
    let ruleset = ruleset.handle_access(AccessFs::from_all(LANDLOCK))?.handle_access(AccessNet::from_all(LANDLOCK))?;
    Ok(ruleset.scope(Scope::from_all(LANDLOCK))?)
}

/// A system call that is allowed, with a condition on one argument where the call could do more than we need.
type Allowed = (libc::c_long, Option<OnArgument>);

#[derive(Clone, Copy)]
enum OnArgument {
    /// The argument with this number must have this value.
    Equals(u8, u64),
    /// The argument with this number must have none of these bits.
    HasNone(u8, u64),
}

const NOT_EXECUTABLE: Option<OnArgument> = Some(OnArgument::HasNone(2, libc::PROT_EXEC as u64));

/// What a run needs: its stream, its memory, the clock, random bytes, its timer, and to end.
const IN_A_RUN: &[Allowed] = &[
    (libc::SYS_read, None),
    (libc::SYS_write, None),
    // The stream, which has no address but its other end.
    (libc::SYS_sendto, Some(OnArgument::Equals(4, 0))),
    (libc::SYS_recvfrom, None),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, None),
    (libc::SYS_ppoll, None),
    (libc::SYS_close, None),
    // In a debug build the standard library looks whether a descriptor is open before it closes it.
    (libc::SYS_fcntl, Some(OnArgument::Equals(1, libc::F_GETFD as u64))),
    (libc::SYS_mmap, NOT_EXECUTABLE),
    (libc::SYS_mprotect, NOT_EXECUTABLE),
    (libc::SYS_munmap, None),
    (libc::SYS_mremap, None),
    (libc::SYS_madvise, None), // without capabilities no advice reaches beyond this process
    (libc::SYS_brk, None),
    (libc::SYS_ioctl, Some(OnArgument::Equals(1, PAGEMAP_SCAN))),
    (libc::SYS_clock_gettime, None),
    (libc::SYS_getrandom, None),
    (libc::SYS_setitimer, None),
    (libc::SYS_rt_sigreturn, None),
    (libc::SYS_rt_sigprocmask, None),
    (libc::SYS_sigaltstack, None),
    (libc::SYS_restart_syscall, None),
    (libc::SYS_exit, None),
    (libc::SYS_exit_group, None),
];

/// What the launcher needs beside that: its control socket, to fork, to kill and reap its own children.
const TO_FORK_AND_REAP: &[Allowed] = &[
    (libc::SYS_recvmsg, None),
    // glibc's fork. The flags are those of a process: a new namespace or a thread is not among them.
    (libc::SYS_clone, Some(OnArgument::HasNone(0, FORBIDDEN_CLONE_FLAGS))),
    (libc::SYS_set_robust_list, None),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_rseq, None),
    (libc::SYS_wait4, None),
    (libc::SYS_kill, None),
    (libc::SYS_getpid, None),
    (libc::SYS_getppid, None),
    (libc::SYS_gettid, None),
    // wasmtime's handler opens /proc/self/pagemap after the fork; Landlock lets nothing else be opened.
    (libc::SYS_openat, None),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_dup2, None),
    (libc::SYS_dup3, None),
    (libc::SYS_fcntl, None),
];

/// What a child needs to lock itself in.
const TO_JAIL_A_CHILD: &[Allowed] = &[
    (libc::SYS_prctl, None),
    (libc::SYS_seccomp, None),
    (libc::SYS_prlimit64, Some(OnArgument::Equals(0, 0))),
    (libc::SYS_landlock_create_ruleset, None),
    (libc::SYS_landlock_restrict_self, None),
];

const FORBIDDEN_CLONE_FLAGS: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_THREAD
    | libc::CLONE_VM) as u64;

/// The filter that kills the process on any system call that is not listed.
fn allow_only(allowed: &[Allowed]) -> Result<BpfProgram, JailError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for (call, condition) in allowed {
        let rules = rules.entry(*call).or_default();
        rules.extend(condition.map(rule).transpose()?);
    }
    let architecture = std::env::consts::ARCH.try_into().map_err(|_| JailError::Architecture)?;
    let filter = SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, architecture);
    let filter = filter.map_err(|e| JailError::Seccomp(e.to_string()))?;
    filter.try_into().map_err(|e: seccompiler::BackendError| JailError::Seccomp(e.to_string()))
}

fn rule(condition: OnArgument) -> Result<SeccompRule, JailError> {
    let (argument, operator, value) = match condition {
        OnArgument::Equals(argument, value) => (argument, SeccompCmpOp::Eq, value),
        OnArgument::HasNone(argument, bits) => (argument, SeccompCmpOp::MaskedEq(bits), 0),
    };
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, operator, value)
        .and_then(|condition| SeccompRule::new(vec![condition]))
        .map_err(|e| JailError::Seccomp(e.to_string()))
}
