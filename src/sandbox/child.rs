//! What a child does from its first run to its end: wait for a job, run it in a fresh instance, say how it ended.
//!
//! Owns: the loop, and the timer that turns the engine's epoch at the deadline. Not here: how a child comes to be
//! (`launcher`), its bars (`jail`), one run (`guest`).

use std::os::unix::net::UnixStream;
use std::sync::OnceLock;
use std::time::Duration;

use wasmtime::Engine;

use super::SandboxError;
use super::guest::{Ended, Guest, Template};
use super::inbox::{Inbox, Stop};
use super::wire::{End, Kind, Terms};
use crate::domain::JobOutcome;

/// Serves the runs that arrive on the stream until the server closes it, a run ends abnormally, or something is wrong.
pub(super) fn serve(stream: UnixStream, template: &Template, first: Guest) -> Result<(), SandboxError> {
    let mut inbox = Inbox::new(stream);
    let mut guest = first;
    loop {
        guest.touch_ahead(template);
        match run_one(inbox, guest) {
            // A child whose run ended abnormally has seen something unusual; the next run gets a new one.
            Ok(ended) if !matches!(ended.outcome, JobOutcome::Exited(_)) => return Ok(()),
            Ok(ended) => inbox = ended.into_inbox(),
            Err(Stop::Gone) => return Ok(()),
            Err(stop) => return Err(SandboxError::Protocol(stop.to_string())),
        }
        // Made while nobody waits, so that the next run finds it ready.
        guest = template.instantiate()?;
    }
}

/// Waits for a job, runs it, and tells how it ended.
pub(super) fn run_one(mut inbox: Inbox, guest: Guest) -> Result<Ended, Stop> {
    let len = inbox.next_job()?;
    let mut terms = [0; Terms::BYTES];
    inbox.read_exact(&mut terms)?;
    let terms = Terms::parse(&terms);
    let timer = Timer::start(terms.wall);
    let mut ended = guest.run(inbox, terms, len.saturating_sub(Terms::BYTES))?;
    drop(timer);
    let end = End { outcome: ended.outcome, fuel: ended.fuel, memory: ended.memory };
    ended.inbox.send(Kind::End, &end.encode())?;
    Ok(ended)
}

/// The engine whose epoch the alarm turns.
static ENGINE: OnceLock<Engine> = OnceLock::new();

/// A timer that, when it fires, makes the guest trap at its next loop turn or call, and interrupts a host call that waits.
struct Timer(());

impl Timer {
    fn start(after: Duration) -> Self {
        set_timer(after.max(Duration::from_micros(1)));
        Self(())
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        set_timer(Duration::ZERO);
    }
}

/// Prepares this process, and those forked from it, for [`Timer`].
pub(super) fn install_timer(engine: &Engine) {
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

fn set_timer(after: Duration) {
    let seconds = libc::time_t::try_from(after.as_secs()).unwrap_or(libc::time_t::MAX);
    let value = libc::timeval { tv_sec: seconds, tv_usec: libc::suseconds_t::from(after.subsec_micros()) };
    let timer = libc::itimerval { it_interval: libc::timeval { tv_sec: 0, tv_usec: 0 }, it_value: value };
    // SAFETY: both pointers are valid for the call, the second may be null.
    unsafe {
        libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut());
    }
}
