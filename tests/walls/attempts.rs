//! What an attacker tries with native code in a jailed child. Raw system calls: no library stands in between.

use std::ffi::CStr;

/// One attempt: `make` does it and returns the errno if the kernel refused.
pub(crate) struct Attempt {
    pub(crate) name: &'static str,
    /// Whether the same attempt succeeds without the jail, which shows that it is the jail that refuses.
    pub(crate) works_outside: bool,
    pub(crate) make: fn() -> Result<(), i32>,
}

macro_rules! attempts {
    ($($name:literal $($works:ident)? => $call:expr;)*) => {
        pub(crate) const ALL: &[Attempt] = &[$(Attempt {
            name: $name,
            works_outside: attempts!(@works $($works)?),
            make: || $call,
        },)*];
    };
    (@works works) => { true };
    (@works) => { false };
}

/// Makes a system call with up to six arguments, each a number or a pointer.
macro_rules! call {
    ($number:ident $(, $argument:expr)*) => {{
        // SAFETY: the arguments are valid for the call, or meant not to be; this process exists to be refused.
        let result = unsafe { libc::syscall(libc::$number $(, $argument)*) };
        verdict(result)
    }};
}

fn verdict(result: libc::c_long) -> Result<(), i32> {
    match result {
        // SAFETY: the address of this thread's errno is always valid.
        -1 => Err(unsafe { *libc::__errno_location() }),
        _ => Ok(()),
    }
}

const PASSWD: *const libc::c_char = c"/etc/passwd".as_ptr();
const PROC_SELF_MEM: *const libc::c_char = c"/proc/self/mem".as_ptr();
const NEW: *const libc::c_char = c"/tmp/cloud-python-escaped".as_ptr();
const ROOT: *const libc::c_char = c"/".as_ptr();
const NULL: usize = 0;
const HERE: libc::c_int = libc::AT_FDCWD;

fn parent() -> libc::pid_t {
    // SAFETY: has no arguments. The jail may end us here, which is an answer too.
    unsafe { libc::getppid() }
}

fn exec(program: &CStr) -> Result<(), i32> {
    let arguments = [program.as_ptr(), std::ptr::null()];
    call!(SYS_execve, program.as_ptr(), arguments.as_ptr(), arguments[1..].as_ptr())
}

fn fork(flags: libc::c_int) -> Result<(), i32> {
    // SAFETY: no new stack and no shared memory: the same as a fork.
    let result = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD | flags, 0, 0, 0, 0) };
    if result == 0 {
        // SAFETY: ends the new process at once.
        unsafe { libc::_exit(0) };
    }
    verdict(result)
}

/// Executes one return instruction that was written into new memory.
fn run_new_code(writable_first: bool) -> Result<(), i32> {
    let wanted = libc::PROT_READ | libc::PROT_WRITE | if writable_first { 0 } else { libc::PROT_EXEC };
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a fresh anonymous mapping, written within its bounds, then made executable and called as a function that
    // only returns.
    unsafe {
        let page = libc::mmap(std::ptr::null_mut(), 4096, wanted, flags, -1, 0);
        if page == libc::MAP_FAILED {
            return verdict(-1);
        }
        page.cast::<u8>().write(0xc3);
        if writable_first && libc::mprotect(page, 4096, libc::PROT_READ | libc::PROT_EXEC) == -1 {
            return verdict(-1);
        }
        let code: extern "C" fn() = std::mem::transmute(page);
        #[cfg(target_arch = "x86_64")]
        code();
        Ok(())
    }
}

/// What stands in a file that the server holds open when it starts the launcher.
pub(crate) const LEAKED: &[u8] = b"what the server left open";

/// Attempts that no filter of system calls can refuse: other walls do.
pub(crate) const REFUSED_BY_ERRNO: [&str; 3] = ["nothing", "map-without-end", "use-inherited"];

/// Reads from every descriptor but the streams, looking for what the server left open.
fn use_inherited_descriptors() -> Result<(), i32> {
    for fd in 0..256 {
        let mut bytes = [0u8; LEAKED.len()];
        let start = bytes.as_mut_ptr().cast();
        // SAFETY: peeks at one byte of the buffer, without waiting. The errno's address is always valid.
        let no_socket = unsafe {
            libc::recv(fd, start, 1, libc::MSG_DONTWAIT | libc::MSG_PEEK) == -1
                && *libc::__errno_location() == libc::ENOTSOCK
        };
        // SAFETY: reads at most as many bytes as the buffer has.
        if no_socket && unsafe { libc::read(fd, start, LEAKED.len()) } > 0 && bytes == LEAKED {
            return Ok(());
        }
    }
    Err(libc::EBADF)
}

attempts! {
    // The control: fails everywhere with no errno, and shows that a child can tell what came of an attempt.
    "nothing" => Err(0);

    // Files.
    "open" works => call!(SYS_openat, HERE, PASSWD, libc::O_RDONLY);
    "open-old" works => call!(SYS_open, PASSWD, libc::O_RDONLY);
    "open-root" works => call!(SYS_openat, HERE, ROOT, libc::O_RDONLY | libc::O_DIRECTORY);
    "open-path-only" works => call!(SYS_openat, HERE, ROOT, libc::O_PATH);
    "open-own-memory" works => call!(SYS_openat, HERE, PROC_SELF_MEM, libc::O_RDWR);
    "open-parents-memory" => {
        let path = std::ffi::CString::new(format!("/proc/{}/mem", parent())).map_err(|_| 0)?;
        call!(SYS_openat, HERE, path.as_ptr(), libc::O_RDWR)
    };
    "openat2" works => call!(SYS_openat2, HERE, PASSWD, [0u64; 3].as_ptr(), 24);
    "stat" works => call!(SYS_newfstatat, HERE, PASSWD, [0u64; 32].as_mut_ptr(), 0);
    "statx" works => call!(SYS_statx, HERE, PASSWD, 0, libc::STATX_ALL, [0u64; 64].as_mut_ptr());
    "access" works => call!(SYS_faccessat, HERE, PASSWD, libc::R_OK);
    "readlink" works => call!(SYS_readlinkat, HERE, c"/proc/self/exe".as_ptr(), [0u8; 256].as_mut_ptr(), 256);
    "getcwd" works => call!(SYS_getcwd, [0u8; 256].as_mut_ptr(), 256);
    "chdir" works => call!(SYS_chdir, ROOT);
    "chroot" => call!(SYS_chroot, ROOT);
    "statfs" works => call!(SYS_statfs, ROOT, [0u64; 32].as_mut_ptr());
    "create" => call!(SYS_openat, HERE, NEW, libc::O_CREAT | libc::O_WRONLY, 0o600);
    "mkdir" => call!(SYS_mkdirat, HERE, NEW, 0o700);
    "mknod" => call!(SYS_mknodat, HERE, NEW, libc::S_IFIFO | 0o600, 0);
    "symlink" => call!(SYS_symlinkat, PASSWD, HERE, NEW);
    "link" => call!(SYS_linkat, HERE, PASSWD, HERE, NEW, 0);
    "rename" => call!(SYS_renameat, HERE, NEW, HERE, NEW);
    "unlink" => call!(SYS_unlinkat, HERE, NEW, 0);
    "chmod" => call!(SYS_fchmodat, HERE, NEW, 0o777);
    "chown" => call!(SYS_fchownat, HERE, NEW, 0, 0, 0);
    "truncate" => call!(SYS_truncate, NEW, 0);
    "utimes" => call!(SYS_utimensat, HERE, NEW, NULL, 0);
    "getxattr" => call!(SYS_getxattr, PASSWD, c"user.x".as_ptr(), NULL, 0);
    "inotify" works => call!(SYS_inotify_init1, 0);
    "fanotify" => call!(SYS_fanotify_init, 0, 0);
    "name-to-handle" => call!(SYS_name_to_handle_at, HERE, PASSWD, [0u32; 64].as_mut_ptr(), [0i32; 1].as_mut_ptr(), 0);
    "memfd" works => call!(SYS_memfd_create, c"x".as_ptr(), 0);
    "mount" => call!(SYS_mount, c"none".as_ptr(), ROOT, c"tmpfs".as_ptr(), 0, NULL);
    "umount" => call!(SYS_umount2, c"/proc/none".as_ptr(), 0);
    "pivot-root" => call!(SYS_pivot_root, ROOT, ROOT);
    "fsopen" => call!(SYS_fsopen, c"tmpfs".as_ptr(), 0);
    "open-tree" => call!(SYS_open_tree, HERE, ROOT, 0);

    // Network.
    "socket-inet" works => call!(SYS_socket, libc::AF_INET, libc::SOCK_STREAM, 0);
    "socket-inet6" => call!(SYS_socket, libc::AF_INET6, libc::SOCK_DGRAM, 0);
    "socket-unix" works => call!(SYS_socket, libc::AF_UNIX, libc::SOCK_STREAM, 0);
    "socket-netlink" => call!(SYS_socket, libc::AF_NETLINK, libc::SOCK_RAW, 0);
    "socket-packet" => call!(SYS_socket, libc::AF_PACKET, libc::SOCK_RAW, 0);
    "socket-vsock" => call!(SYS_socket, libc::AF_VSOCK, libc::SOCK_STREAM, 0);
    "socketpair" works => call!(SYS_socketpair, libc::AF_UNIX, libc::SOCK_STREAM, 0, [0i32; 2].as_mut_ptr());
    "connect" => call!(SYS_connect, 3, [0u8; 16].as_ptr(), 16);
    "bind" => call!(SYS_bind, 3, [0u8; 16].as_ptr(), 16);
    "listen" => call!(SYS_listen, 3, 1);
    "accept" => call!(SYS_accept4, 3, NULL, NULL, 0);
    "send-to-an-address" => call!(SYS_sendto, 3, [0u8; 1].as_ptr(), 1, 0, [1u8; 16].as_ptr(), 16);
    "sendmsg" => call!(SYS_sendmsg, 3, [0u64; 8].as_ptr(), 0);
    "recvmsg" => call!(SYS_recvmsg, 3, [0u64; 8].as_mut_ptr(), libc::MSG_DONTWAIT);

    // Processes and signals.
    "fork" works => fork(0);
    "fork-beside" => fork(libc::CLONE_PARENT);
    "clone3" => call!(SYS_clone3, [0u64; 11].as_ptr(), 88);
    "exec-shell" => exec(c"/bin/sh");
    "exec-itself" => exec(c"/proc/self/exe");
    "kill-parent-softly" works => call!(SYS_kill, parent(), 0);
    "kill-everybody" => call!(SYS_kill, -1, libc::SIGURG);
    "kill-self" => call!(SYS_kill, 0, libc::SIGURG);
    "tgkill" => call!(SYS_tgkill, parent(), parent(), 0);
    "ptrace-parent" => call!(SYS_ptrace, libc::PTRACE_ATTACH, parent(), 0, 0);
    "ptrace-me" => call!(SYS_ptrace, libc::PTRACE_TRACEME, 0, 0, 0);
    "read-parents-memory" => {
        let mut byte = [0u8; 1];
        let local = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
        call!(SYS_process_vm_readv, parent(), &raw const local, 1, &raw const local, 1, 0)
    };
    "pidfd" works => call!(SYS_pidfd_open, parent(), 0);
    "wait" => call!(SYS_wait4, -1, NULL, libc::WNOHANG, NULL);
    "setsid" => call!(SYS_setsid);
    "setpgid" => call!(SYS_setpgid, 0, 0);
    "setuid" => call!(SYS_setuid, 12345);
    "capset" => call!(SYS_capset, [0x2008_0522u32, 0].as_ptr(), [0u32; 6].as_ptr());
    "setns" => call!(SYS_setns, 3, 0);
    "unshare-user" => call!(SYS_unshare, libc::CLONE_NEWUSER);
    "unshare-files" works => call!(SYS_unshare, libc::CLONE_FILES);
    "prctl-dumpable" works => call!(SYS_prctl, libc::PR_SET_DUMPABLE, 1, 0, 0, 0);
    "prctl-no-death-signal" works => call!(SYS_prctl, libc::PR_SET_PDEATHSIG, 0, 0, 0, 0);
    "seccomp" => call!(SYS_seccomp, 1, 0, NULL);
    "raise-limits" => call!(SYS_prlimit64, 0, libc::RLIMIT_NOFILE, [1000u64, 1000].as_ptr(), NULL);
    "limit-parent" works => call!(SYS_prlimit64, parent(), libc::RLIMIT_NOFILE, NULL, [0u64; 2].as_mut_ptr());
    "priority" works => call!(SYS_setpriority, libc::PRIO_PROCESS, 0, 1);
    "affinity" works => call!(SYS_sched_getaffinity, 0, 128, [0u64; 16].as_mut_ptr());
    "sched" => call!(SYS_sched_setscheduler, 0, libc::SCHED_FIFO, [1i32].as_ptr());

    // Memory and code.
    "map-executable" works => run_new_code(false);
    "make-executable" works => run_new_code(true);
    "map-shared-executable" => call!(SYS_mmap, NULL, 4096, libc::PROT_EXEC, libc::MAP_SHARED | libc::MAP_ANONYMOUS, -1, 0);
    "pkey-mprotect" => call!(SYS_pkey_mprotect, NULL, 4096, libc::PROT_EXEC, 0);
    "map-without-end" => call!(SYS_mmap, NULL, 1usize << 40, libc::PROT_READ, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0);
    "shared-memory" works => call!(SYS_shmget, libc::IPC_PRIVATE, 4096, 0o1600);
    "message-queue" => call!(SYS_mq_open, c"x".as_ptr(), libc::O_CREAT | libc::O_RDWR, 0o600, NULL);
    "userfaultfd" => call!(SYS_userfaultfd, 1);
    "mlock" => call!(SYS_mlockall, libc::MCL_CURRENT);
    "process-madvise" => call!(SYS_process_madvise, 3, NULL, 0, 0, 0);

    // Descriptors.
    "use-inherited" => use_inherited_descriptors();
    "dup" works => call!(SYS_dup, 0);
    "dup2" works => call!(SYS_dup3, 0, 60, 0);
    "fcntl-dup" works => call!(SYS_fcntl, 0, libc::F_DUPFD, 0);
    "pipe" works => call!(SYS_pipe2, [0i32; 2].as_mut_ptr(), 0);
    "eventfd" works => call!(SYS_eventfd2, 0, 0);
    "epoll" works => call!(SYS_epoll_create1, 0);
    "timerfd" works => call!(SYS_timerfd_create, libc::CLOCK_MONOTONIC, 0);
    "signalfd" => call!(SYS_signalfd4, -1, [0u64; 1].as_ptr(), 8, 0);
    "ioctl-other" => call!(SYS_ioctl, 3, libc::FIONREAD, [0i32; 1].as_mut_ptr());
    "ioctl-terminal" => call!(SYS_ioctl, 0, libc::TIOCSTI, c"x".as_ptr());
    "list-directory" => call!(SYS_getdents64, 3, [0u8; 256].as_mut_ptr(), 256);
    "splice" => call!(SYS_splice, 0, NULL, 3, NULL, 1, 0);
    "pidfd-getfd" => call!(SYS_pidfd_getfd, 3, 0, 0);

    // The kernel itself.
    "bpf" => call!(SYS_bpf, 5, [0u64; 16].as_ptr(), 128);
    "perf" => call!(SYS_perf_event_open, [0u64; 16].as_ptr(), 0, -1, -1, 0);
    "io-uring" => call!(SYS_io_uring_setup, 1, [0u64; 16].as_mut_ptr());
    "keys" => call!(SYS_add_key, c"user".as_ptr(), c"x".as_ptr(), c"x".as_ptr(), 1, -3);
    "keyctl" => call!(SYS_keyctl, 0, -3, 1);
    "personality" works => call!(SYS_personality, 0xffff_ffffu32);
    "kernel-module" => call!(SYS_finit_module, 3, c"".as_ptr(), 0);
    "kexec" => call!(SYS_kexec_load, 0, 0, NULL, 0);
    "reboot" => call!(SYS_reboot, 0, 0, 0, NULL);
    "swap" => call!(SYS_swapon, NEW, 0);
    "hostname" => call!(SYS_sethostname, NULL, 0);
    "set-clock" => call!(SYS_clock_settime, 0, NULL);
    "kernel-log" => call!(SYS_syslog, 10, NULL, 0);
    "uname" works => call!(SYS_uname, [0u8; 512].as_mut_ptr());
    "sysinfo" works => call!(SYS_sysinfo, [0u64; 32].as_mut_ptr());
    "landlock-again" => call!(SYS_landlock_create_ruleset, NULL, 0, 1);
}
