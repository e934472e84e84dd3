//! What a child does from its first run to its end: wait for a job, run it in a fresh instance, say how it ended.
//!
//! Owns: the loop. Not here: how a child comes to be (`launcher`), its bars (`jail`), one run (`guest`).

use std::os::unix::net::UnixStream;

use super::guest::{Ended, Guest, Template};
use super::inbox::{Inbox, Stop};
use super::wire::{End, Kind, Terms};
use super::{SandboxError, timer};
use crate::domain::JobOutcome;

/// Serves the runs that arrive on the stream until the server closes it, a run ends abnormally, or something is wrong.
pub(super) fn serve(stream: UnixStream, template: &Template, first: Guest) -> Result<(), SandboxError> {
    let mut inbox = Inbox::new(stream);
    template.touch_code();
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
    timer::set(terms.wall);
    let mut ended = guest.run(inbox, terms, len.saturating_sub(Terms::BYTES))?;
    timer::clear();
    let end = End { outcome: ended.outcome, fuel: ended.fuel, memory: ended.memory };
    ended.inbox.hold(Kind::End, &end.encode());
    ended.inbox.flush()?;
    Ok(ended)
}
