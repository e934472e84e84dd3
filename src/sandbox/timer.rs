//! The one timer of a process that runs a guest: when it fires, the engine's epoch turns, and a host call that waits comes
//! back.
//!
//! Owns: the signal handler and the interval timer. Not here: what is done when the epoch turns (`host::tick`).

use std::sync::OnceLock;
use std::time::Duration;

use wasmtime::Engine;

/// The engine whose epoch the alarm turns.
static ENGINE: OnceLock<Engine> = OnceLock::new();

/// Prepares this process, and those forked from it, for [`set`].
pub(super) fn install(engine: &Engine) {
    let _ = ENGINE.set(engine.clone());
    // SAFETY: the handler only adds to an atomic, which `Engine::increment_epoch` promises to be fit for signal handlers,
    // and reads a `OnceLock` that was set above, before any timer can be started. No SA_RESTART: `poll` must come back.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_alarm as *const () as usize;
        libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut());
    }
}

extern "C" fn on_alarm(_signal: libc::c_int) {
    if let Some(engine) = ENGINE.get() {
        engine.increment_epoch();
    }
}

/// Lets the timer fire once, after this time, instead of what was set before. At once is a microsecond.
pub(super) fn set(after: Duration) {
    arm(after.max(Duration::from_micros(1)));
}

/// Keeps the timer from firing.
pub(super) fn clear() {
    arm(Duration::ZERO);
}

fn arm(after: Duration) {
    let seconds = libc::time_t::try_from(after.as_secs()).unwrap_or(libc::time_t::MAX);
    let value = libc::timeval { tv_sec: seconds, tv_usec: libc::suseconds_t::from(after.subsec_micros()) };
    let timer = libc::itimerval { it_interval: libc::timeval { tv_sec: 0, tv_usec: 0 }, it_value: value };
    // SAFETY: both pointers are valid for the call, the second may be null.
    unsafe {
        libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut());
    }
}
