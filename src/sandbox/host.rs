//! The seven functions that the guest may call, and all that it can reach through them.
//!
//! Owns: the host calls and what those of one run share. The guest's side of them is `python-wasm/guest/host.h`. Not here:
//! instances (`guest`), how bytes reach the server (`inbox`).
//!
//! Rules for a host call, which a hostile guest makes with any arguments it likes:
//! - it MUST NOT believe a pointer or a length: [`bytes_at`] is the only way into guest memory;
//! - it MUST be charged for, in fuel, and MUST move at most [`limits::HOST_CALL_BYTES`];
//! - it MUST end by the run's deadline;
//! - it MUST NOT allocate on the guest's behalf;
//! - it MUST answer a bad argument with an errno and never with a panic.

use std::ops::Range;
use std::time::{Duration, Instant};

use wasmtime::{Caller, Engine, Linker, Memory, ResourceLimiter, StoreContextMut, Trap, UpdateDeadline};

use super::inbox::{Inbox, Stop};
use super::wire::{FilePart, Kind};
use super::{SandboxError, timer};
use crate::clock;
use crate::config::limits;
use crate::domain::JobOutcome;

/// Errno values of WASI preview 1, negated as `host.h` asks.
const EBADF: i32 = -8;
const EFAULT: i32 = -21;
const EINVAL: i32 = -28;
const EIO: i32 = -29;

const REALTIME: i32 = 0;
const MONOTONIC: i32 = 1;
const CPU_TIME: i32 = 2;

/// The host calls, by the names in `python-wasm/imports.txt`.
pub(super) fn linker(engine: &Engine) -> Result<Linker<Host>, SandboxError> {
    const HOST: &str = "cloud_python";
    let mut linker = Linker::new(engine);
    linker.func_wrap(HOST, "clock", clock_call).map_err(SandboxError::engine)?;
    linker.func_wrap(HOST, "exit", exit).map_err(SandboxError::engine)?;
    linker.func_wrap(HOST, "output", output).map_err(SandboxError::engine)?;
    linker.func_wrap(HOST, "random", random).map_err(SandboxError::engine)?;
    linker.func_wrap(HOST, "read", read).map_err(SandboxError::engine)?;
    linker.func_wrap(HOST, "wait", wait).map_err(SandboxError::engine)?;
    linker.func_wrap(HOST, "write", write).map_err(SandboxError::engine)?;
    Ok(linker)
}

/// The low eight bits, which is all of an exit code that a parent process sees.
pub(super) fn low_byte(code: i32) -> u8 {
    let [low, ..] = code.to_le_bytes();
    low
}

/// What the host calls of one run share.
#[derive(Default)]
pub(super) struct Host {
    pub(super) memory: Option<Memory>,
    /// Bytes that linear memory may grow to. Zero until the run's budget is known: an instance starts as the image is.
    pub(super) memory_cap: usize,
    /// Absent while a snapshot is made and while a job is put into place: then there is no input, and output goes to this
    /// process's own standard error.
    pub(super) live: Option<Live>,
}

impl Host {
    pub(super) fn for_snapshot(&mut self, memory: Memory, memory_cap: usize) {
        (self.memory, self.memory_cap) = (Some(memory), memory_cap);
    }
}

/// Called when the epoch has turned: at the deadline, or because output has waited long enough.
pub(super) fn tick(mut store: StoreContextMut<'_, Host>) -> wasmtime::Result<UpdateDeadline> {
    if let Some(live) = &mut store.data_mut().live {
        if clock::monotonic() >= live.deadline {
            return Err(Stop::Wall.into());
        }
        live.inbox.flush()?;
        // Also where nothing waited: a timer that fired too early would otherwise be the last.
        timer::set(live.deadline.saturating_duration_since(clock::monotonic()));
    }
    Ok(UpdateDeadline::Continue(1))
}

/// A run in progress.
pub(super) struct Live {
    pub(super) inbox: Inbox,
    pub(super) begun: Instant,
    pub(super) deadline: Instant,
    pub(super) output_left: u64,
    /// Bytes of files that may still be returned.
    pub(super) files_left: u64,
    /// Whether the epoch is there to send output that has been held back. If not, none is.
    pub(super) ticks: bool,
}

impl Live {
    /// Sends what is held back, and sets the timer to the deadline again.
    fn flush(&mut self) -> Result<(), Stop> {
        if self.inbox.holds_output() {
            self.inbox.flush()?;
            timer::set(self.deadline.saturating_duration_since(clock::monotonic()));
        }
        Ok(())
    }

    /// Holds small pieces of output back for a moment, so that a script that writes line by line does not cost a system call,
    /// a frame and a wake-up for each.
    fn hold_or_flush(&mut self, was_empty: bool) -> Result<(), Stop> {
        if !self.ticks || self.inbox.held_bytes() >= limits::HELD_OUTPUT_BYTES {
            return self.flush();
        }
        if was_empty {
            let left = self.deadline.saturating_duration_since(clock::monotonic());
            timer::set(limits::HELD_OUTPUT.min(left));
        }
        Ok(())
    }

    fn write(&mut self, kind: Kind, bytes: &[u8]) -> Result<i32, Stop> {
        let allowed = usize::try_from(self.output_left).unwrap_or(usize::MAX).min(bytes.len());
        let (now, beyond) = bytes.split_at_checked(allowed).unwrap_or((bytes, &[]));
        self.output_left -= allowed as u64;
        if !now.is_empty() {
            let was_empty = !self.inbox.holds_output();
            self.inbox.hold_output(kind, now);
            self.hold_or_flush(was_empty)?;
        }
        match beyond.is_empty() {
            true => Ok(i32::try_from(allowed).unwrap_or(i32::MAX)),
            false => Err(Stop::OutputTooLarge),
        }
    }

    /// Returns a piece of a file. The server, which knows what was asked for, looks at the path, and at the number of files.
    fn output(&mut self, part: FilePart<'_>) -> Result<(), Stop> {
        let price = part.bytes.len().max(1) as u64;
        self.files_left = self.files_left.checked_sub(price).ok_or(Stop::OutputTooLarge)?;
        let was_empty = !self.inbox.holds_output();
        self.inbox.hold_file(part);
        self.hold_or_flush(was_empty)
    }

    /// Says on the script's standard error why the interpreter could not go on.
    pub(super) fn abort(&mut self, trap: Option<Trap>) -> Result<JobOutcome, Stop> {
        let why = match trap {
            // The C stack lies at the bottom of memory, so that running off its end is an address out of bounds.
            Some(Trap::StackOverflow | Trap::MemoryOutOfBounds) => "its stack is used up",
            Some(Trap::AllocationTooLarge) => "the job does not fit into its memory",
            Some(Trap::UnreachableCodeReached) => "it aborted",
            _ => "it broke down",
        };
        let line = format!("Fatal Python error: the interpreter could not go on: {why}\n");
        match self.write(Kind::Stderr, line.as_bytes()) {
            Ok(_) => Ok(JobOutcome::Aborted),
            Err(Stop::OutputTooLarge) => Ok(JobOutcome::OutputTooLarge),
            Err(other) => Err(other),
        }
    }
}

impl ResourceLimiter for Host {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        // `current` is zero when the instance is made: the image's own size is ours, not the script's.
        Ok(current == 0 || desired <= self.memory_cap)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(current == 0 && desired <= limits::TABLE_ELEMENTS)
    }
}

fn write(mut caller: Caller<'_, Host>, fd: i32, at: u32, len: u32) -> wasmtime::Result<i32> {
    charge(&mut caller, len)?;
    let kind = match fd {
        1 => Kind::Stdout,
        2 => Kind::Stderr,
        _ => return Ok(EBADF),
    };
    let Some((bytes, live)) = bytes_at(&mut caller, at, len) else { return Ok(EFAULT) };
    match live {
        Some(live) => Ok(live.write(kind, bytes)?),
        None => Ok(while_snapshotting(bytes)),
    }
}

fn output(mut caller: Caller<'_, Host>, path: u32, path_len: u32, at: u32, len: u32) -> wasmtime::Result<i32> {
    charge(&mut caller, path_len.saturating_add(len))?;
    let Some(memory) = caller.data().memory else { return Ok(EFAULT) };
    let (memory, host) = memory.data_and_store_mut(&mut caller);
    let bytes = |at: u32, len: u32| memory.get(at as usize..(at as usize).checked_add(len as usize)?);
    let (Some(path), Some(bytes)) = (bytes(path, path_len), bytes(at, len)) else { return Ok(EFAULT) };
    if path.len() > limits::PATH_BYTES {
        return Ok(EINVAL);
    }
    let bytes = bytes.get(..limits::FILE_CALL_BYTES).unwrap_or(bytes);
    if let Some(live) = &mut host.live {
        live.output(FilePart { path, bytes })?;
    }
    Ok(i32::try_from(bytes.len()).unwrap_or(i32::MAX))
}

/// What the initialisation has to say: it is our own code, and the person who builds the image should see it.
fn while_snapshotting(bytes: &[u8]) -> i32 {
    use std::io::Write;
    match std::io::stderr().write_all(bytes) {
        Ok(()) => i32::try_from(bytes.len()).unwrap_or(i32::MAX),
        Err(_) => EIO,
    }
}

fn read(mut caller: Caller<'_, Host>, at: u32, len: u32) -> wasmtime::Result<i32> {
    charge(&mut caller, len)?;
    match bytes_at(&mut caller, at, len) {
        None => Ok(EFAULT),
        Some((_, None)) => Ok(0),
        Some((room, Some(live))) => {
            live.flush()?;
            let count = live.inbox.stdin(room, live.deadline)?;
            Ok(i32::try_from(count).unwrap_or(EIO))
        }
    }
}

fn wait(mut caller: Caller<'_, Host>, want_stdin: i32, timeout_ns: i64) -> wasmtime::Result<i32> {
    charge(&mut caller, 0)?;
    let Some(live) = &mut caller.data_mut().live else { return Ok(0) };
    live.flush()?;
    let now = clock::monotonic();
    let until = u64::try_from(timeout_ns).ok().and_then(|ns| now.checked_add(Duration::from_nanos(ns)));
    match want_stdin {
        0 => live.inbox.sleep(until, live.deadline)?,
        _ if live.inbox.stdin_ready(until, live.deadline)? => return Ok(1),
        _ => {}
    }
    Ok(0)
}

fn clock_call(mut caller: Caller<'_, Host>, id: i32) -> wasmtime::Result<i64> {
    charge(&mut caller, 0)?;
    let begun = caller.data().live.as_ref().map(|live| live.begun);
    let time = match id {
        REALTIME => clock::since_1970(),
        MONOTONIC => begun.map_or(Duration::ZERO, |begun| begun.elapsed()),
        // This process's whole life, of which a script only ever compares two readings.
        CPU_TIME => clock::process_cpu(),
        _ => return Ok(-1),
    };
    let resolution = limits::CLOCK_RESOLUTION.as_nanos();
    Ok(i64::try_from(time.as_nanos() / resolution * resolution).unwrap_or(i64::MAX))
}

fn random(mut caller: Caller<'_, Host>, at: u32, len: u32) -> wasmtime::Result<i32> {
    charge(&mut caller, len)?;
    let Some((room, _)) = bytes_at(&mut caller, at, len) else { return Ok(EFAULT) };
    if room.len() < len as usize {
        // Half a buffer of randomness that is taken for a whole one would be a hole in somebody's key.
        return Ok(EINVAL);
    }
    let mut filled = 0;
    while let Some(rest @ [_, ..]) = room.get_mut(filled..) {
        match rustix::rand::getrandom(rest, rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Ok(EIO),
        }
    }
    Ok(0)
}

fn exit(_caller: Caller<'_, Host>, code: i32) -> wasmtime::Result<()> {
    Err(Stop::Exit(low_byte(code)).into())
}

/// Takes the price of a host call that is asked to move `bytes` bytes. A meter without fuel has nothing to take.
fn charge(caller: &mut Caller<'_, Host>, bytes: u32) -> wasmtime::Result<()> {
    let Ok(fuel) = caller.get_fuel() else { return Ok(()) };
    // Whoever asks for more than a call moves, asks again for the rest, and pays for it then.
    let moved = u64::from(bytes).min(limits::HOST_CALL_BYTES as u64);
    match fuel.checked_sub(limits::HOST_CALL_FUEL + moved) {
        Some(left) => caller.set_fuel(left),
        None => {
            caller.set_fuel(0)?;
            Err(Trap::OutOfFuel.into())
        }
    }
}

/// The bytes `at..at + len` of guest memory, cut to what one call moves, and the run; nothing if they are not all there.
fn bytes_at<'a>(caller: &'a mut Caller<'_, Host>, at: u32, len: u32) -> Option<(&'a mut [u8], Option<&'a mut Live>)> {
    let memory = caller.data().memory?;
    let (bytes, host) = memory.data_and_store_mut(caller);
    let range = Range { start: at as usize, end: (at as usize).checked_add(len as usize)? };
    let bytes = bytes.get_mut(range)?;
    let cut = bytes.len().min(limits::HOST_CALL_BYTES);
    Some((bytes.get_mut(..cut)?, host.live.as_mut()))
}
